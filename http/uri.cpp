#include "http/uri.hpp"

#include <algorithm>
#include <utility>

namespace macp::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Calls `use` with each `name=value` as it stands.
template <class Use>
void for_each_pair(std::string_view query, Use const& use) {
    while (!query.empty()) {
        auto const pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (!pair.empty()) use(pair);
    }
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (text.size() - i < 3) return std::nullopt;
            auto const high = hex_value(text[i + 1]);
            auto const low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

std::optional<Pairs> parse_query(std::string_view query) {
    Pairs pairs;
    bool sound = true;
    for_each_pair(query, [&](std::string_view pair) {
        auto const split = pair.find('=');
        auto name = percent_decode(pair.substr(0, split), true);
        auto value =
            percent_decode(split == std::string_view::npos ? std::string_view{} : pair.substr(split + 1), true);
        sound = sound && name && value;
        if (sound) pairs.emplace_back(*std::move(name), *std::move(value));
    });
    if (!sound) return std::nullopt;
    return pairs;
}

std::string without_secrets(std::string_view target) {
    auto const split = target.find('?');
    if (split == std::string_view::npos) return std::string{target};
    std::string out{target.substr(0, split)};
    char separator = '?';
    for_each_pair(target.substr(split + 1), [&](std::string_view pair) {
        auto const name = percent_decode(pair.substr(0, pair.find('=')), true);
        out += std::exchange(separator, '&');
        if (!name || *name == "access_token") {
            out += "access_token=-";
        } else {
            out += pair;
        }
    });
    return out;
}

}  // namespace macp::http
