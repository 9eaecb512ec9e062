#pragma once

#include "http/message.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace macp::http {

/// The text of the Date header, made once a second. Threads: one at a time.
class DateText {
public:
    [[nodiscard]] std::string_view now();

private:
    std::time_t second_ = 0;
    std::string text_;
};

/// How the body of an answer is framed.
enum class Framing { Length, Chunked, UntilClose, None };

struct Head {
    std::string_view date{};
    std::string_view request_id{};
    Framing framing = Framing::Length;
    std::uint64_t length = 0;
    bool http_1_1 = true;
    bool keep_alive = true;
};

/// Appends status line and headers. Header values are taken by the line: what follows a line break in them is cut.
void append_head(std::string& out, Response const& response, Head const& head);

[[nodiscard]] std::string_view reason_phrase(unsigned status);

/// False for answers that never have a body: 1xx, 204 and 304.
[[nodiscard]] bool may_have_body(unsigned status);

}  // namespace macp::http
