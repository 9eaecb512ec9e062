#include "ws/hub_peer.hpp"

#include "ws/client_frames.hpp"
#include "ws/hub_fixture.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>
#include <utility>

namespace macp::testing {

using Json = nlohmann::json;

HubPeer::HubPeer(HubFixture& fixture, int socket, ws::Format format)
    : fixture_{fixture}, socket_{socket}, format_{format} {}

HubPeer::HubPeer(HubPeer&& other) noexcept
    : fixture_{other.fixture_}, socket_{std::exchange(other.socket_, -1)}, format_{other.format_} {}

HubPeer::~HubPeer() {
    if (socket_ >= 0) ::close(socket_);
}

std::string HubPeer::frame_of(unsigned opcode, std::string_view payload, bool final) {
    return client_frame(opcode, payload, final);
}

std::size_t HubPeer::offer(std::string_view bytes) {
    auto const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return 0;
    REQUIRE(sent > 0);
    return static_cast<std::size_t>(sent);
}

void HubPeer::send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
        std::size_t sent = 0;
        fixture_.run_until([&] {
            sent = offer(bytes);
            return sent > 0;
        });
        bytes.remove_prefix(sent);
    }
}

bool HubPeer::take_bytes(std::size_t most) {
    REQUIRE(most > 0);  // to ask for nothing would look like the end of the stream
    std::array<char, 65536> into{};
    auto const got = ::recv(socket_, into.data(), std::min(most, into.size()), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return false;
    if (got <= 0) {
        ended_ = true;
    } else {
        bytes_.erase(0, std::exchange(at_, 0));
        bytes_.append(into.data(), static_cast<std::size_t>(got));
    }
    return true;
}

Said HubPeer::next() {
    std::optional<Said> said;
    fixture_.run_until([&] {
        while (true) {
            said = parse();
            if (said) return true;
            if (ended_) {
                said = Said{.op = "<end>"};
                return true;
            }
            if (!take_bytes(65536)) return false;
        }
    });
    return *std::move(said);
}

Said HubPeer::until(std::string_view op, std::vector<Said>* before) {
    while (true) {
        auto said = next();
        if (said.op == op) return said;
        REQUIRE_MESSAGE(said.op != "<end>", "it hung up before " << std::string{op});
        if (before != nullptr) before->push_back(std::move(said));
    }
}

std::vector<Said> HubPeer::so_far() {
    fixture_.turn();
    auto const mark = "mark " + std::to_string(++pings_);
    send_bytes(frame_of(9, mark));
    std::vector<Said> before;
    while (true) {
        auto said = next();
        if (said.op == "<pong>" && said.body == mark) return before;
        REQUIRE(said.op != "<end>");
        before.push_back(std::move(said));
    }
}

std::vector<core::Seq> HubPeer::seqs_up_to(core::Seq last) {
    std::vector<core::Seq> seqs;
    while (seqs.empty() || seqs.back() < last) {
        auto const said = next();
        if (said.op == "<ping>") continue;
        REQUIRE_MESSAGE(said.op == "event", "not an event: " << said.op << ' ' << said.body.dump());
        seqs.push_back(said.body["seq"].get<core::Seq>());
    }
    return seqs;
}

void HubPeer::vanish() {
    linger const none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    ::close(std::exchange(socket_, -1));
}

Said HubPeer::message(std::string_view text) const {
    auto body = Json::parse(text);
    if (format_ != ws::Format::CloudEvents) {
        auto op = body["op"].get<std::string>();
        return op == "event" ? Said{.op = "event", .body = std::move(body["event"])}
                             : Said{.op = std::move(op), .body = std::move(body)};
    }
    auto const type = body["type"].get<std::string>();
    if (body["source"] != "/gateway") return {.op = "event", .body = std::move(body)};
    return {.op = type.substr(type.find('.') + 1), .body = std::move(body["data"])};
}

std::optional<Said> HubPeer::parse() {
    return format_ == ws::Format::Sse ? parse_block() : parse_frame();
}

std::optional<Said> HubPeer::parse_frame() {
    if (!lines_.empty()) {
        auto const end = lines_.find('\n');
        REQUIRE(end != std::string::npos);
        auto said = message(std::string_view{lines_}.substr(0, end));
        lines_.erase(0, end + 1);
        return said;
    }
    auto const bytes = std::string_view{bytes_}.substr(at_);
    if (bytes.size() < 2) return std::nullopt;
    std::size_t size = static_cast<unsigned char>(bytes[1]);
    std::size_t header = 2;
    if (size >= 126) {
        header += size == 126 ? 2 : 8;
        if (bytes.size() < header) return std::nullopt;
        size = 0;
        for (std::size_t i = 2; i < header; ++i) size = (size << 8U) | static_cast<unsigned char>(bytes[i]);
    }
    if (bytes.size() < header + size) return std::nullopt;
    auto const payload = bytes.substr(header, size);
    at_ += header + size;
    switch (static_cast<unsigned char>(bytes[0])) {
        case 0x81:
            ++text_frames_;
            if (format_ != ws::Format::Ndjson) return message(payload);
            lines_ = payload;
            return parse_frame();
        case 0x88:
            REQUIRE(payload.size() >= 2);
            return Said{
                .op = "<close>",
                .body = (static_cast<unsigned char>(payload[0]) << 8U) | static_cast<unsigned char>(payload[1]),
            };
        case 0x89:
            return Said{.op = "<ping>"};
        case 0x8a:
            return Said{.op = "<pong>", .body = payload};
        default:
            FAIL("the gateway sent a frame that begins with " << static_cast<int>(bytes[0]));
            return std::nullopt;
    }
}

std::optional<Said> HubPeer::parse_block() {
    auto const bytes = std::string_view{bytes_}.substr(at_);
    auto const end = bytes.find("\n\n");
    if (end == std::string_view::npos) return std::nullopt;
    auto const block = bytes.substr(0, end);
    at_ += end + 2;
    if (block == ": ping") return Said{.op = "<ping>"};
    auto const newline = block.find("\ndata: ");
    REQUIRE(newline != std::string_view::npos);
    auto body = Json::parse(block.substr(newline + 7));
    if (block.starts_with("event: ")) return Said{.op = std::string{block.substr(7, newline - 7)}, .body = body};
    CHECK(
        block.substr(0, newline) == "id: " + fixture_.log().epoch() + ":" + std::to_string(body["seq"].get<core::Seq>())
    );
    return Said{.op = "event", .body = std::move(body)};
}

}  // namespace macp::testing
