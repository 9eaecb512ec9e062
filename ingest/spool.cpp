#include "ingest/spool.hpp"

#include "ingest/read_again.hpp"
#include "io/file_place.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace macp::ingest {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;

constexpr std::size_t batch_files = 256;
constexpr std::uint64_t batch_bytes = std::uint64_t{1} << 20;
constexpr int most_looks = 5;  ///< At a file that cannot be read, for whatever reason that may pass.
constexpr std::chrono::hours abandoned_after{1};
/// How long it is remembered that a file has become a reject: longer than a gateway stays away.
constexpr std::chrono::hours refusal_kept{24 * 30};
constexpr std::string_view aside_ending = ".unreadable";

bool is_temporary(std::string_view name) {
    return name.find(".tmp.") != std::string_view::npos;
}

}  // namespace

core::Result<bool> Spool::take_up() {
    auto const before = status();
    auto const entries = list_spool(folder_);
    auto result = entries ? take_some(*entries) : core::Result<bool>{core::pass_on(entries)};
    note(before, result);
    return result;
}

SpoolStatus Spool::status() const {
    std::scoped_lock const lock{mutex_};
    return status_;
}

core::Result<bool> Spool::take_some(std::vector<SpoolEntry> const& entries) {
    forget_gone(entries);
    sweep(entries);
    Bodies bodies;
    bool more = false;
    std::uint64_t bytes = 0;
    std::uint64_t waiting_files = 0;
    std::uint64_t waiting_bytes = 0;
    for (auto const& entry : entries) {
        if (!is_spooled_body(entry.name) || !waits(entry.name)) continue;
        bool const full = bodies.size() == batch_files || bytes >= batch_bytes;
        more = more || full;
        auto body = full ? std::nullopt : read(entry.name);
        if (body) {
            bytes += entry.bytes;
            bodies.push_back(*std::move(body));
        } else if (waits(entry.name)) {
            ++waiting_files;
            waiting_bytes += entry.bytes;
        }
    }
    auto const stored = store(bodies);
    if (!stored) note_waiting(waiting_files + bodies.size(), waiting_bytes + bytes);
    if (!stored) return core::pass_on(stored);
    note_waiting(waiting_files, waiting_bytes);
    return more;
}

void Spool::forget_gone(std::vector<SpoolEntry> const& entries) {
    std::erase_if(troubles_, [&](auto const& trouble) {
        return !std::ranges::binary_search(entries, trouble.first, {}, &SpoolEntry::name);
    });
}

/// Files that were never finished: whoever wrote them was killed.
void Spool::sweep(std::vector<SpoolEntry> const& entries) {
    using std::chrono::nanoseconds;
    for (auto const& [name, bytes] : entries) {
        if (!is_temporary(name)) continue;
        auto const stat = io::stat_file(folder_ / name);
        auto const age = clock_.now().time_since_epoch() - nanoseconds{stat ? stat->modified : 0};
        std::error_code ignored;
        if (stat && age > abandoned_after) fs::remove(folder_ / name, ignored);
    }
}

/// False for a file that is done with, and only still there.
bool Spool::waits(std::string const& name) {
    auto const found = troubles_.find(name);
    if (found == troubles_.end()) return true;
    auto const& [looks, stored, given_up] = found->second;
    std::error_code ignored;
    if (stored) fs::remove(folder_ / name, ignored);
    return !stored && !given_up;
}

std::optional<Spool::Body> Spool::read(std::string const& name) {
    auto spooled = read_spooled(folder_ / name);
    if (!spooled) {
        auto const code = spooled.error().code;
        if (code == ErrorCode::NotFound) return std::nullopt;
        // Written whole or not at all: what is no body now will never be one.
        bool const hopeless = code == ErrorCode::Corrupt || ++troubles_[name].looks >= most_looks;
        if (hopeless) set_aside(name, spooled.error());
        return std::nullopt;
    }
    Refused const as_sent{
        .door = spooled->door, .text = spooled->text, .content_type = spooled->content_type, .headers = spooled->headers
    };
    auto events = read_again(as_sent, {.received = spooled->received, .id = "spool:" + name});
    return Body{.name = name, .spooled = *std::move(spooled), .events = std::move(events)};
}

void Spool::set_aside(std::string const& name, core::Error const& why) {
    auto const path = folder_ / name;
    std::error_code error;
    fs::rename(path, path.string() + std::string{aside_ending}, error);
    spdlog::warn("spool: {}: {}; {}", name, why.message, error ? "left where it is" : "set aside");
    troubles_[name].given_up = true;
    std::scoped_lock const lock{mutex_};
    ++status_.set_aside;
}

core::Result<void> Spool::store(Bodies const& bodies) {
    std::vector<Body const*> good;
    for (auto const& body : bodies) {
        if (body.events) good.push_back(&body);
    }
    auto together = append(good);
    // The log takes all or nothing, and does not say which one it minds.
    bool const one_is_bad = !together && together.error().code == ErrorCode::InvalidField;
    if (!together && !one_is_bad) return together;
    for (auto const& body : bodies) {
        auto stored = one_is_bad || !body.events ? store_alone(body) : core::Result<void>{};
        if (!stored) return stored;
    }
    return {};
}

core::Result<void> Spool::store_alone(Body const& body) {
    if (!body.events) return refuse(body, body.events.error());
    auto appended = append(std::array{&body});
    if (appended || appended.error().code != ErrorCode::InvalidField) return appended;
    return refuse(body, appended.error());
}

core::Result<void> Spool::append(std::span<Body const* const> bodies) {
    if (bodies.empty()) return {};
    events::Commit commit;
    for (auto const* const body : bodies) {
        commit.events.insert(commit.events.end(), body->events->begin(), body->events->end());
    }
    auto const result = log_.commit_and_wait(std::move(commit));
    if (!result) return core::pass_on(result);
    for (auto const* const body : bodies) remove(body->name);
    std::scoped_lock const lock{mutex_};
    status_.taken += bodies.size();
    status_.events += result->seqs.size() - result->repeats;
    status_.repeats += result->repeats;
    return {};
}

core::Result<void> Spool::refuse(Body const& body, core::Error const& why) {
    auto const& [door, content_type, headers, text, received] = body.spooled;
    events::Commit commit;
    auto const id = rejects_.add(
        commit, {.reason = why.field.empty() ? why.message : why.field + ": " + why.message,
                 .text = text,
                 .bytes = text.size(),
                 .door = door,
                 .received = received,
                 .content_type = content_type,
                 .headers = headers}
    );
    // A reject has no id of its own that a second one could be known by.
    commit.once = events::Commit::Once{
        .space = "spool",
        .key = body.name,
        .keep = refusal_kept,
        .value = [id](auto const& /*result*/) { return id; },
    };
    auto const result = log_.commit_and_wait(std::move(commit));
    if (!result) return core::pass_on(result);
    remove(body.name);
    std::scoped_lock const lock{mutex_};
    ++status_.taken;
    if (result->existing) return {};
    ++status_.rejects;
    spdlog::warn("spool: {}: refused at {}: {} (kept as reject {})", body.name, door, why.message, id);
    return {};
}

/// Of what is in the log. A power cut may bring the file back: then it is a repeat.
void Spool::remove(std::string const& name) {
    std::error_code error;
    fs::remove(folder_ / name, error);
    if (!error) return;
    spdlog::warn("spool: {} is in the log and cannot be removed: {}", name, error.message());
    troubles_[name].stored = true;
}

void Spool::note_waiting(std::uint64_t files, std::uint64_t bytes) {
    std::scoped_lock const lock{mutex_};
    status_.files = files;
    status_.bytes = bytes;
}

void Spool::note(SpoolStatus const& before, core::Result<bool> const& result) {
    std::scoped_lock const lock{mutex_};
    status_.last_error = result ? std::string{} : result.error().message;
    if (result) status_.last_pass = clock_.now();
    if (!result && status_.last_error != before.last_error) {
        spdlog::warn("the spool has to wait: {}", status_.last_error);
    }
    if (status_.taken == before.taken) return;
    spdlog::info(
        "took {} bodies out of the spool: {} events, {} known already; {} bodies were refused",
        status_.taken - before.taken, status_.events - before.events, status_.repeats - before.repeats,
        status_.rejects - before.rejects
    );
}

}  // namespace macp::ingest
