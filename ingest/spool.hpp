#pragma once

#include "core/time.hpp"
#include "events/event_log.hpp"
#include "ingest/event_body.hpp"
#include "ingest/rejects.hpp"
#include "ingest/spool_file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace macp::ingest {

/// How a spool stands. Counts are since the start.
struct SpoolStatus {
    std::uint64_t files = 0;      ///< Bodies that lay there at the last look,
    std::uint64_t bytes = 0;      ///< and what they took.
    std::uint64_t taken = 0;      ///< Bodies that are in the log, as events or as rejects.
    std::uint64_t events = 0;     ///< Appended,
    std::uint64_t repeats = 0;    ///< and known already.
    std::uint64_t rejects = 0;    ///< Bodies that were refused.
    std::uint64_t set_aside = 0;  ///< Files that cannot be read.
    std::optional<core::Time> last_pass{};
    std::string last_error{};  ///< Why the last look failed; empty: it did not.
};

/// Takes up the bodies that commands left in the workspace while no gateway answered: each is read as its door would,
/// and becomes its events, or a reject, exactly once, whatever is killed when.
///
/// A file goes after its commit. Killed in between, the next run finds it again, and the log knows its events by their
/// ids, and its reject by the file's name. Threads: `take_up` one at a time; `status` from anywhere. Lifetime: `log`,
/// `clock` and `rejects` must outlive it.
class Spool {
public:
    Spool(events::EventLog& log, core::Clock const& clock, Rejects& rejects, std::filesystem::path folder)
        : log_{log}, clock_{clock}, rejects_{rejects}, folder_{std::move(folder)} {}

    /// Takes up the oldest, about a megabyte of them. True: there is more. Blocks on the disk.
    /// Errors: Unavailable (the folder); those of the log: what is left is tried again by the next call.
    [[nodiscard]] core::Result<bool> take_up();
    [[nodiscard]] SpoolStatus status() const;

private:
    struct Body {
        std::string name;
        SpooledBody spooled;
        core::Result<NewEvents> events;
    };
    /// What is known of a file that is still there although it should not be.
    struct Trouble {
        int looks = 0;          ///< That it could not be read at.
        bool stored = false;    ///< It is in the log, and cannot be removed.
        bool given_up = false;  ///< It can neither be read nor renamed.
    };
    using Bodies = std::vector<Body>;

    [[nodiscard]] core::Result<bool> take_some(std::vector<SpoolEntry> const& entries);
    void forget_gone(std::vector<SpoolEntry> const& entries);
    void sweep(std::vector<SpoolEntry> const& entries);
    [[nodiscard]] bool waits(std::string const& name);
    [[nodiscard]] std::optional<Body> read(std::string const& name);
    void set_aside(std::string const& name, core::Error const& why);
    [[nodiscard]] core::Result<void> store(Bodies const& bodies);
    [[nodiscard]] core::Result<void> store_alone(Body const& body);
    [[nodiscard]] core::Result<void> append(std::span<Body const* const> bodies);
    [[nodiscard]] core::Result<void> refuse(Body const& body, core::Error const& why);
    void remove(std::string const& name);
    void note(SpoolStatus const& before, core::Result<bool> const& result);
    void note_waiting(std::uint64_t files, std::uint64_t bytes);

    events::EventLog& log_;
    core::Clock const& clock_;
    Rejects& rejects_;
    std::filesystem::path const folder_;
    std::map<std::string, Trouble> troubles_;
    mutable std::mutex mutex_;
    SpoolStatus status_;  ///< Guarded.
};

}  // namespace macp::ingest
