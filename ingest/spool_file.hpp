#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "ingest/cloud_event_headers.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace macp::ingest {

/// Where commands leave what they could not hand over, under the workspace.
inline constexpr auto spool_place = ".mosaic/orchestrator/spool";

/// A body that is on its way to the gateway, with all that its door reads.
struct SpooledBody {
    std::string door{};          ///< Method and path of the request that it was.
    std::string content_type{};  ///< As its request said; empty: JSON.
    HeaderMap headers{};         ///< Others that its door reads.
    std::string text{};          ///< Bytes that are not UTF-8 are kept as U+FFFD.
    core::Time received{};       ///< When it came about: the time of its events that say none.
};

/// One line of JSON, and back. Errors: Corrupt when it is none of ours.
[[nodiscard]] std::string format_spooled(SpooledBody const& body);
[[nodiscard]] core::Result<SpooledBody> parse_spooled(std::string_view text);

/// How much may lie in a spool.
struct SpoolLimits {
    std::size_t files = 10'000;
    std::uint64_t bytes = std::uint64_t{256} << 20;
};

/// Largest file that is read again.
inline constexpr std::uint64_t most_spooled_bytes = std::uint64_t{64} << 20;

/// What lies in a spool under a name.
struct SpoolEntry {
    std::string name{};
    std::uint64_t bytes = 0;
};

/// Everything in `folder` by name, which is by time; nothing when there is no such folder. Errors: Unavailable.
[[nodiscard]] core::Result<std::vector<SpoolEntry>> list_spool(std::filesystem::path const& folder);

/// True for the name of a body; others are on their way to that, or set aside.
[[nodiscard]] bool is_spooled_body(std::string_view name);

/// Puts the body into a file of its own, for its owner's eyes alone, that is there whole or not at all and outlives a
/// power cut. Makes the folder. Returns the file. Errors: Overloaded when the spool is full; StorageFull, Unavailable.
[[nodiscard]] core::Result<std::filesystem::path> write_spooled(
    std::filesystem::path const& folder, SpooledBody const& body, SpoolLimits const& limits = {}
);

/// Errors: NotFound; Unavailable; Corrupt when it is none of ours.
[[nodiscard]] core::Result<SpooledBody> read_spooled(std::filesystem::path const& file);

}  // namespace macp::ingest
