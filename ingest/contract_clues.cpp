#include "ingest/contract_clues.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"

#include <algorithm>
#include <array>

namespace macp::ingest {
namespace {

constexpr auto npos = std::string_view::npos;

struct Runner {
    std::string_view words;
    std::string_view name;
};
constexpr std::array runners{
    Runner{"cargo test", "cargo-test"},  Runner{"pytest", "pytest"},
    Runner{"vitest", "vitest"},          Runner{"jest", "jest"},
    Runner{"go test", "go-test"},        Runner{"npm test", "package-test"},
    Runner{"pnpm test", "package-test"}, Runner{"yarn test", "package-test"},
    Runner{"bun test", "package-test"},
};

constexpr std::array<std::string_view, 4> issue_marks{"issue-", "issue/", "issue#", "#"};
constexpr std::array<std::string_view, 3> pull_request_words{"pr", "pull", "pull request"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Bytes of letters beyond ASCII count as letters.
bool is_letter_or_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

bool begins_word(std::string_view text, std::size_t at) {
    return at == 0 || !is_letter_or_digit(text[at - 1]);
}

bool has_word(std::string_view text, std::string_view word) {
    for (auto at = text.find(word); at != npos; at = text.find(word, at + 1)) {
        if (begins_word(text, at)) return true;
    }
    return false;
}

/// The digits at the beginning of `text` as a JSON number has them; empty when there are none, or more than one holds.
std::string_view number_at(std::string_view text) {
    constexpr std::size_t most_digits = 18;
    auto digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
    while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
    return digits.size() > most_digits || digits == "0" ? std::string_view{} : digits;
}

/// `before` ends with "pr ", "pull request " and the like.
bool calls_it_pull_request(std::string_view before) {
    auto const text = core::trim(before);
    return std::ranges::any_of(pull_request_words, [text](auto word) {
        return text.ends_with(word) && begins_word(text, text.size() - word.size());
    });
}

std::size_t url_begin(std::string_view text, std::size_t before) {
    constexpr std::size_t longest = 2048;
    auto const start = before > longest ? before - longest : 0;
    auto const head = text.substr(start, before - start);
    auto const begin = std::max(head.rfind("https://") + 1, head.rfind("http://") + 1);  // npos + 1 is 0
    if (begin == 0) return npos;
    bool const one_piece = head.find_first_of(" \t\r\n\"'<>()[]|", begin - 1) == npos;
    return one_piece ? start + begin - 1 : npos;
}

constexpr std::string_view pull = "/pull/";

}  // namespace

std::string_view runner_of_command(std::string_view command) {
    auto const lower = core::lower_case(command);
    auto const* const runs = std::ranges::find_if(runners, [&](auto const& row) { return has_word(lower, row.words); });
    return runs == runners.end() ? std::string_view{} : runs->name;
}

std::string_view pull_request_url_in(std::string_view text) {
    for (auto at = text.find(pull); at != npos; at = text.find(pull, at + 1)) {
        auto const begin = url_begin(text, at);
        auto const digits = at + pull.size();
        auto const end = std::min(text.find_first_not_of("0123456789", digits), text.size());
        if (begin != npos && end > digits) return text.substr(begin, end - begin);
    }
    return {};
}

std::string_view pull_request_number_in(std::string_view url) {
    for (auto at = url.find(pull); at != npos; at = url.find(pull, at + 1)) {
        if (auto const number = number_at(url.substr(at + pull.size())); !number.empty()) return number;
    }
    return {};
}

std::string_view issue_number_in(std::string_view text, std::string_view pull_request) {
    auto const lower = core::lower_case(text);
    for (auto const mark : issue_marks) {
        for (auto at = lower.find(mark); at != npos; at = lower.find(mark, at + 1)) {
            auto const number = number_at(text.substr(at + mark.size()));
            if (number.empty() || number == pull_request || !begins_word(lower, at)) continue;
            if (mark == "#" && calls_it_pull_request(std::string_view{lower}.substr(0, at))) continue;
            return number;
        }
    }
    return {};
}

std::string_view last_component(std::string_view path) {
    constexpr std::string_view separators = "/\\";
    auto const end = path.find_last_not_of(separators);
    if (end == npos) return {};
    path = path.substr(0, end + 1);
    return path.substr(path.find_last_of(separators) + 1);
}

}  // namespace macp::ingest
