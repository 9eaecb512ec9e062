#include "cli/output.hpp"

#include "cli/command.hpp"
#include "client/errors.hpp"
#include "delivery/printable.hpp"
#include "delivery/render.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <system_error>
#include <unistd.h>

namespace macp::cli {
namespace {

std::string_view colour_of(std::string_view type) {
    auto const word = type.substr(type.rfind('.') + 1);
    if (word.ends_with("failed") || word == "escalated" || word == "exhausted") return "\x1b[31m";
    if (word == "completed" || word == "finished" || word == "recovered" || word == "pr-created") return "\x1b[32m";
    if (word == "gated" || word == "blocked" || word == "cancelled" || word.ends_with("-needed")) return "\x1b[33m";
    if (word.ends_with("started")) return "\x1b[36m";
    return {};
}

constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

std::string painted(std::string_view colour, std::string text, bool colours) {
    if (!colours || colour.empty() || text.empty()) return text;
    return std::string{colour} + text + std::string{plain};
}

}  // namespace

void log_to_stderr() {
    auto logger = spdlog::stderr_logger_mt("macp");
    logger->set_pattern("macp: %l: %v");
    spdlog::set_default_logger(std::move(logger));
}

bool colours_wanted() {
    auto const* const no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): nothing writes it
    auto const* const terminal = std::getenv("TERM");       // NOLINT(concurrency-mt-unsafe)
    bool const forbidden = no_colour != nullptr && *no_colour != '\0';
    bool const dumb = terminal != nullptr && std::string_view{terminal} == "dumb";
    return !forbidden && !dumb && ::isatty(STDOUT_FILENO) == 1;
}

std::string readable_line(std::string_view type, std::string_view data, std::string_view position, bool colours) {
    std::string line;
    if (!position.empty()) line = painted(dim, std::string{position}, colours) + "  ";
    return line + painted(colour_of(type), delivery::render_line(type, data), colours);
}

void complain(std::string_view message) {
    std::istringstream lines{std::string{message}};
    for (std::string line; std::getline(lines, line);) std::cerr << "macp: " << delivery::printable(line) << '\n';
}

void tell_gap(core::Gap const& gap) {
    auto const range = "events " + std::to_string(gap.from) + " to " + std::to_string(gap.to);
    if (gap.why != "epoch") return complain(range + " are missing: " + gap.why);
    complain("the position belongs to another log, or lies beyond the end of this one: starting over with this log");
    if (gap.from <= gap.to) complain(range + " of this log are no longer kept");
}

core::Result<void> flush_output() {
    static int why = 0;  // of the first failure: the stream is of no use after it
    if (std::cout.flush()) return {};
    constexpr std::array causes{ENOSPC, EDQUOT, EIO, EPIPE, EFBIG, EBADF};  // else it is another call's
    int const last = errno;
    if (why == 0 && std::ranges::find(causes, last) != causes.end()) why = last;
    auto const code = why == ENOSPC || why == EDQUOT ? core::ErrorCode::StorageFull : core::ErrorCode::Unavailable;
    auto const reason = why != 0 ? ": " + std::generic_category().message(why) : std::string{};
    return core::fail(code, "standard output takes no more" + reason);
}

int report(core::Error const& error) {
    auto const id = client::request_id(error);
    complain(error.message + (id.empty() ? "" : " (request " + id + ')'));
    if (client::http_status(error) != 0) return Refused;
    if (client::is_unreachable(error) || error.code == core::ErrorCode::Timeout) return NoServer;
    bool const ours = error.code == core::ErrorCode::InvalidField || error.code == core::ErrorCode::NotFound ||
                      error.code == core::ErrorCode::BadJson;
    return ours ? BadUsage : Refused;
}

int report_local(core::Error const& error) {
    complain(error.message);
    return Refused;
}

}  // namespace macp::cli
