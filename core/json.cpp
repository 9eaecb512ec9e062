#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <simdjson.h>

namespace macp::core {
namespace {

constexpr int max_depth = 128;

bool is_plain(char c) {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    auto const byte = static_cast<unsigned char>(c);
    if (byte >= 0x20) {
        out += c;
        return;
    }
    out += "\\u00";
    out += hex[byte >> 4U];
    out += hex[byte & 0x0fU];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    auto const plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    if (plain != text.size() && !is_utf8(text)) {
        out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        return;
    }
    out += '"';
    out.append(text, 0, plain);
    for (char const c : text.substr(plain)) append_escaped(out, c);
    out += '"';
}

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

Result<nlohmann::json> parse_json(std::string_view text) {
    bool too_deep = false;
    auto const bound_depth = [&too_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        if (depth > max_depth) too_deep = true;
        return depth <= max_depth;
    };
    try {
        auto value = nlohmann::json::parse(text, bound_depth);
        if (too_deep) {
            return fail(ErrorCode::BadJson, "JSON nests deeper than " + std::to_string(max_depth) + " levels");
        }
        return value;
    } catch (nlohmann::json::parse_error const& error) {
        return fail(ErrorCode::BadJson, "not JSON: stopped making sense at byte " + std::to_string(error.byte));
    } catch (nlohmann::json::exception const&) {
        return fail(ErrorCode::BadJson, "not JSON: a number is out of range");
    }
}

std::string dump_json(nlohmann::json const& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_utf8(std::string_view text) {
    return simdjson::validate_utf8(text.data(), text.size());
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view white = " \t\r\n\v\f";
    auto const first = text.find_first_not_of(white);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white) - first + 1);
}

}  // namespace macp::core
