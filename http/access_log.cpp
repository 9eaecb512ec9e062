#include "http/access_log.hpp"

#include "http/uri.hpp"

#include <spdlog/spdlog.h>

namespace macp::http {
namespace {

spdlog::level::level_enum level_of(unsigned status) {
    if (status >= 500) return spdlog::level::err;
    return status >= 400 ? spdlog::level::warn : spdlog::level::info;
}

std::string_view or_dash(std::string_view text) {
    return text.empty() ? "-" : text;
}

}  // namespace

void log_access(AccessLogging logging, AccessEntry const& entry) {
    auto const level = level_of(entry.status);
    if (logging == AccessLogging::Off || (logging == AccessLogging::Errors && level == spdlog::level::info)) return;
    if (!spdlog::should_log(level)) return;
    auto const took = std::chrono::duration<double, std::milli>{entry.took}.count();
    auto const target = without_secrets(entry.target);
    spdlog::log(
        level, "{} {} {} {} bytes {:.2f} ms request={} remote={} caller={}", or_dash(entry.method), or_dash(target),
        entry.status, entry.bytes, took, entry.request_id, entry.remote, or_dash(entry.caller)
    );
}

}  // namespace macp::http
