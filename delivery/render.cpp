#include "delivery/render.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"
#include "delivery/fields.hpp"
#include "delivery/printable.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

namespace macp::delivery {
namespace {

using Parts = std::vector<std::string>;

/// Joined by commas, in parentheses after a space; nothing when there is nothing.
std::string in_parentheses(Parts const& parts) {
    std::string out;
    for (auto const& part : parts) {
        if (!part.empty()) out += (out.empty() ? " (" : ", ") + part;
    }
    return out.empty() ? out : out + ')';
}

/// `before` and `text`; nothing when the text is empty.
std::string with(std::string_view before, std::string const& text) {
    return text.empty() ? text : std::string{before} + text;
}

std::string duration_of(Fields const& fields, std::initializer_list<std::string_view> names) {
    auto const seconds = fields.number(names);
    return seconds && *seconds >= 0 ? render_duration(*seconds) : std::string{};
}

std::string attempt_of(Fields const& fields) {
    auto const attempt = fields.text({"attempt"});
    return attempt.empty() ? attempt : "attempt " + attempt + with("/", fields.text({"max_attempts"}));
}

std::string worker_of(Fields const& fields) {
    auto const worker = with("Worker: ", fields.text({"runtime", "worker"}));
    auto const dispatch = fields.text({"dispatch", "dispatch_type"});
    if (worker.empty()) return with("Dispatch: ", dispatch);
    return worker + with(", dispatch: ", dispatch);
}

std::string failure_of(Fields const& fields) {
    auto what = fields.text({"error", "message"});
    auto const code = fields.text({"exit_code"});
    if (code.empty()) return what;
    auto const phrase = "exit code " + code;
    auto const lower = core::lower_case(what);
    auto const said = lower.find(phrase);
    bool const same_number =
        said != std::string::npos && (said + phrase.size() == lower.size() ||
                                      lower.find_first_of("0123456789", said + phrase.size()) != said + phrase.size());
    if (same_number) return what;
    return what.empty() ? phrase : what + ": " + phrase;
}

std::string gate_of(Fields const& fields) {
    auto const message = fields.text({"message"});
    return message.empty() ? "Quality gates running..." : message;
}

struct TaskLine {
    std::string_view verb;
    std::string_view emoji;
    std::string (*text)(Fields const&);
    bool with_attempt;
};

std::string title_of(Fields const& fields) {
    return fields.text({"title", "message"});
}
std::string reason_of(Fields const& fields) {
    return fields.text({"reason", "message"});
}

constexpr std::array<TaskLine, 9> task_lines{{
    {"created", "📝", title_of, false},
    {"queued", "📥", title_of, false},
    {"assigned", "📌", worker_of, false},
    {"started", "⚙️", worker_of, false},
    {"gated", "🔍", gate_of, false},
    {"completed", "✅", title_of, true},
    {"failed", "❌", failure_of, true},
    {"escalated", "🚨", reason_of, false},
    {"cancelled", "🚫", reason_of, false},
}};

std::string render_task(TaskLine const& line, Fields const& fields) {
    std::string out =
        std::string{line.emoji} + " Task" + with(" ", fields.text({"task_id"})) + ' ' + std::string{line.verb};
    out += with(" — ", line.text(fields));
    if (line.with_attempt) out += in_parentheses({attempt_of(fields), duration_of(fields, {"duration_seconds"})});
    return out;
}

std::string hash_number(std::string number) {
    number.erase(0, number.find_first_not_of('#'));
    return number.empty() ? number : '#' + number;
}

/// The word for how a session or agent stands: its own `status` for the four plain states, else the type's.
std::string status_word(std::string_view word, Fields const& fields) {
    constexpr std::array<std::string_view, 4> plain{"started", "blocked", "finished", "failed"};
    auto const status = fields.text({"status"});
    bool const is_plain = std::ranges::find(plain, word) != plain.end();
    return is_plain && !status.empty() ? status : printable(word);
}

std::string error_beside(std::string const& summary, Fields const& fields) {
    auto const error = fields.text({"error_message"});
    return error == summary ? std::string{} : with("error=", error);
}

std::string render_session(std::string_view word, Fields const& fields) {
    auto const tool = fields.text({"tool"});
    auto const summary = fields.text({"summary"});
    std::string out = (tool.empty() ? "session" : tool) + with(" ", fields.text({"session_name", "session_id"}));
    out += ' ' + status_word(word, fields);
    return out + in_parentheses({
                     with("repo=", fields.text({"repo_name", "project"})),
                     with("issue=", hash_number(fields.text({"issue_number"}))),
                     with("pr=", hash_number(fields.text({"pr_number"}))),
                     with("branch=", fields.text({"branch"})),
                     with("runner=", fields.text({"test_runner"})),
                     with("elapsed=", duration_of(fields, {"elapsed_secs"})),
                     with("summary=", summary),
                     error_beside(summary, fields),
                 });
}

std::string render_agent(std::string_view word, Fields const& fields) {
    auto const summary = fields.text({"summary"});
    return "agent" + with(" ", fields.text({"agent_name"})) +
           in_parentheses({
               status_word(word, fields),
               with("project=", fields.text({"project"})),
               with("session=", fields.text({"session_id", "session_name"})),
               with("elapsed=", duration_of(fields, {"elapsed_secs"})),
               with("summary=", summary),
               error_beside(summary, fields),
           });
}

}  // namespace

std::string render_duration(double seconds) {
    constexpr double most = 1e9;  // beyond a few decades nobody reads seconds
    auto const whole = std::lround(std::clamp(seconds, 0.0, most));
    std::array<char, 32> text{};
    if (whole < 60) {
        std::snprintf(text.data(), text.size(), "%lds", whole);
    } else if (whole < 3600) {
        std::snprintf(text.data(), text.size(), "%ldm %02lds", whole / 60, whole % 60);
    } else {
        std::snprintf(text.data(), text.size(), "%ldh %02ldm", whole / 3600, whole / 60 % 60);
    }
    return text.data();
}

std::string render_line(std::string_view type, std::string_view data) {
    Fields const fields{data};
    auto const dot = type.find('.');
    auto const family = type.substr(0, dot);
    auto const word = dot == std::string_view::npos ? std::string_view{} : type.substr(dot + 1);
    if (family == "task") {
        auto const* const line = std::ranges::find(task_lines, word, &TaskLine::verb);
        if (line != task_lines.end()) return render_task(*line, fields);
    }
    if (family == "session" && !word.empty()) return render_session(word, fields);
    if (family == "agent" && !word.empty()) return render_agent(word, fields);
    if (auto message = fields.text({"message"}); type == "custom" && !message.empty()) return message;
    return printable(type) + with(" ", fields.json());
}

}  // namespace macp::delivery
