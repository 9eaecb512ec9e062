#include "cli/later.hpp"

#include "cli/command.hpp"
#include "cli/output.hpp"
#include "client/errors.hpp"
#include "core/config_load.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace macp::cli {
namespace {

namespace fs = std::filesystem;

/// Someone else's folder somewhere above is no place for what agents do.
bool is_our_folder(fs::path const& folder) {
    struct ::stat found{};
    return ::stat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid();
}

fs::path workspace(ServerOptions const& options) {
    auto const loaded = core::load_config(core::process_sources(options.config));
    if (loaded && loaded->origins.contains("root")) return loaded->config.root;
    std::error_code ignored;
    auto const here = fs::current_path(ignored);
    for (auto folder = here;; folder = folder.parent_path()) {
        if (is_our_folder(folder / ".mosaic/orchestrator")) return folder;
        if (folder == folder.parent_path()) return here;
    }
}

/// Of an answer with a status; without one, nobody has said no.
bool is_final(core::Error const& error) {
    auto const status = client::http_status(error);
    return status != 0 && status != 429 && status < 500;
}

}  // namespace

std::chrono::milliseconds Budget::left() const {
    using std::chrono::milliseconds;
    auto const rest = end_ - std::chrono::steady_clock::now();
    return std::max(milliseconds{1}, std::chrono::duration_cast<milliseconds>(rest));
}

core::Result<client::Client*> hurried_client(ServerOptions const& options, Budget const& budget) {
    auto access = client_options(options);
    if (!access) return core::pass_on(access);
    access->connect_timeout = access->answer_timeout = access->total_timeout = budget.left();
    access->retry.tries = 1;
    static client::Client* client = nullptr;
    client = new client::Client{*std::move(access)};  // NOLINT(cppcoreguidelines-owning-memory): see above
    return client;
}

int leave_for_later(
    ServerOptions const& options, ingest::SpooledBody const& body, core::Error const& error, bool best_effort
) {
    auto const code = best_effort ? (complain(error.message), static_cast<int>(Done)) : report(error);
    if (is_final(error)) return code;
    auto const folder = workspace(options) / ingest::spool_place;
    auto const kept = ingest::write_spooled(folder, body);
    if (kept) {
        complain("kept for the gateway in " + kept->string());
    } else {
        complain("lost: " + kept.error().message);
    }
    return code;
}

}  // namespace macp::cli
