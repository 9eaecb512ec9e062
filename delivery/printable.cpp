#include "delivery/printable.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace macp::delivery {
namespace {

constexpr char escape = '\x1b';

bool within(char c, char first, char last) {
    return c >= first && c <= last;
}

/// Where a string that a terminal would swallow ends: after BEL or ESC \, or at the end of the text.
std::size_t end_of_control_string(std::string_view text, std::size_t at) {
    for (; at < text.size(); ++at) {
        if (text[at] == '\a') return at + 1;
        if (text[at] == escape) return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
    }
    return at;
}

/// Where the escape sequence that begins at `at` (its ESC) ends.
std::size_t end_of_escape(std::string_view text, std::size_t at) {
    if (++at == text.size()) return at;
    if (text[at] == '[') {  // CSI: parameters and intermediates, then one final byte
        for (++at; at < text.size() && within(text[at], ' ', '?'); ++at) {
        }
        return at < text.size() && within(text[at], '@', '~') ? at + 1 : at;
    }
    if (std::string_view{"]PX^_"}.find(text[at]) != std::string_view::npos) return end_of_control_string(text, at + 1);
    for (; at < text.size() && within(text[at], ' ', '/'); ++at) {
    }
    return at < text.size() && within(text[at], '0', '~') ? at + 1 : at;
}

/// Bytes of an unseen code point at the head of `text`: C1 controls, line separators, marks of direction. Else 0.
std::size_t unseen_size(std::string_view text) {
    if (text.size() >= 2 && text[0] == '\xc2' && within(text[1], '\x80', '\x9f')) return 2;
    if (text.size() < 3 || text[0] != '\xe2') return 0;
    bool const marks = text[1] == '\x80' && (within(text[2], '\xa8', '\xae') || text[2] == '\x8e' || text[2] == '\x8f');
    bool const isolates = text[1] == '\x81' && within(text[2], '\xa6', '\xa9');
    return marks || isolates ? 3 : 0;
}

std::string mend_utf8(std::string_view text) {
    if (core::is_utf8(text)) return std::string{text};
    auto const mended = core::parse_json(core::json_string(text));
    return mended ? mended->get<std::string>() : std::string{};
}

}  // namespace

std::string printable(std::string_view text) {
    std::string const mended = mend_utf8(text);
    std::string_view const rest{mended};
    std::string out;
    out.reserve(rest.size());
    for (std::size_t at = 0; at < rest.size();) {
        char const c = rest[at];
        if (c == escape) {
            at = end_of_escape(rest, at);
        } else if (auto const unseen = unseen_size(rest.substr(at)); unseen != 0) {
            at += unseen;
        } else if (c == '\n' || c == '\r' || c == '\t') {
            if (!out.empty() && out.back() != ' ') out += ' ';
            ++at;
        } else {
            if (!within(c, '\0', '\x1f') && c != '\x7f') out += c;
            ++at;
        }
    }
    return out;
}

}  // namespace macp::delivery
