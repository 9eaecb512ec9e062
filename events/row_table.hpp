#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "events/event_log.hpp"
#include "io/sqlite.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macp::events {

/// The rows beside the events, and what they take on disk. Whoever runs a transaction says how it ended: `keep` or
/// `undo`. Threads: the log's only. Errors of all members: those of the database.
class RowTable {
public:
    /// Looks at every row once, to know their size.
    [[nodiscard]] static core::Result<RowTable> open(io::Database& database);

    /// Sets or erases one.
    [[nodiscard]] core::Result<void> write(Row const& row);
    /// Nothing when there is none, or its time is over.
    [[nodiscard]] core::Result<std::optional<std::string>> find(
        std::string_view space, std::string_view key, core::Time now
    );
    /// Drops from the front until the bound holds; the last row stays whatever it takes.
    [[nodiscard]] core::Result<void> trim(Trim const& bound);
    /// Drops rows whose time is over, at most `most`. True when there may be more.
    [[nodiscard]] core::Result<bool> drop_expired(core::Time now, std::size_t most);

    /// The changes since the last call of either are on disk, or never happened.
    void keep() { changes_.clear(); }
    void undo();

    /// Roughly what all rows take on disk.
    [[nodiscard]] std::uint64_t bytes() const;

private:
    struct Size {
        std::int64_t rows = 0;
        std::int64_t bytes = 0;
    };
    struct Change {
        Size* of = nullptr;  ///< Spaces are never taken out of the map.
        Size by{};
    };

    RowTable() = default;

    [[nodiscard]] std::int64_t cost_of(std::size_t space, std::int64_t key, std::int64_t value) const;
    Size& size_of(std::string_view space);
    void note(Size& size, Size by);
    core::Result<std::size_t> run_drop(io::Statement& drop);

    io::Statement add_, drop_, drop_first_, drop_expired_, find_;
    std::map<std::string, Size, std::less<>> sizes_;  ///< By space.
    std::vector<Change> changes_;
    std::int64_t page_bytes_ = 0;
};

}  // namespace macp::events
