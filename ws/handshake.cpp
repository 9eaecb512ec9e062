#include "ws/handshake.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"
#include "http/problem.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace macp::ws {
namespace {

bool has_word(http::Request const& request, std::string_view header, std::string_view word) {
    auto const value = request.header(header);
    return value &&
           std::ranges::any_of(list_of(*value), [word](auto item) { return core::equal_ignoring_case(item, word); });
}

constexpr std::string_view version = "13";

bool asks_for_websocket(http::Request const& request) {
    return has_word(request, "upgrade", "websocket") && has_word(request, "connection", "upgrade");
}

bool is_key(std::string_view key) {
    auto const is_base64 = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '/'; };
    return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), is_base64);
}

}  // namespace

std::vector<std::string_view> list_of(std::string_view header) {
    std::vector<std::string_view> items;
    while (!header.empty()) {
        auto const comma = std::min(header.find(','), header.size());
        if (auto const item = core::trim(header.substr(0, comma)); !item.empty()) items.push_back(item);
        header.remove_prefix(std::min(comma + 1, header.size()));
    }
    return items;
}

bool wants_upgrade(http::Request const& request) {
    return asks_for_websocket(request) && request.header("sec-websocket-version").value_or("") == version;
}

http::Response upgrade_required(http::Request const& request) {
    core::Error error{.message = "this path speaks WebSocket: send `Upgrade: websocket`"};
    if (asks_for_websocket(request)) {
        error.message = "this path speaks version 13 of WebSocket: send `Sec-WebSocket-Version: 13`";
        error.field = "Sec-WebSocket-Version";
    }
    auto response =
        http::to_response({.status = 426, .slug = "upgrade-required", .title = "Upgrade required"}, error, request.id);
    response.headers.emplace_back("Connection", "Upgrade");
    response.headers.emplace_back("Upgrade", "websocket");
    response.headers.emplace_back("Sec-WebSocket-Version", version);
    return response;
}

core::Result<std::string> accept_upgrade(http::Request const& request, std::string_view protocol) {
    auto const key = core::trim(request.header("sec-websocket-key").value_or(""));
    if (!is_key(key)) {
        return core::fail(
            core::ErrorCode::InvalidField, "the key must be sixteen bytes in base64", "Sec-WebSocket-Key"
        );
    }
    std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nServer: macp\r\nUpgrade: websocket\r\nConnection: "
        "Upgrade\r\nX-Request-Id: " +
        request.id + "\r\nSec-WebSocket-Accept: " + accept_key(key) + "\r\n";
    if (!protocol.empty()) answer += "Sec-WebSocket-Protocol: " + std::string{protocol} + "\r\n";
    return answer + "\r\n";
}

std::string accept_key(std::string_view key) {
    auto const text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 32> encoded{};
    auto const size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
    return {encoded.begin(), encoded.begin() + size};
}

}  // namespace macp::ws
