#include "ingest/reject_notes.hpp"

#include <spdlog/spdlog.h>

namespace macp::ingest {
namespace {

constexpr std::uint64_t most_warnings = 10;
constexpr std::chrono::minutes window{1};

}  // namespace

void RejectNotes::note(std::string_view file, std::uint64_t offset, std::string_view reason, std::string_view id) {
    settle();
    if (!began_) began_ = clock_.steady();
    if (++noted_ > most_warnings) return;
    spdlog::warn("{} at byte {}: refused a line: {} (kept as reject {})", file, offset, reason, id);
    if (noted_ == most_warnings) spdlog::warn("further refused lines of this minute are only counted");
}

void RejectNotes::settle() {
    if (!began_ || clock_.steady() - *began_ < window) return;
    if (noted_ > most_warnings) {
        spdlog::warn("refused {} more lines; the newest are at /api/ingest/rejects", noted_ - most_warnings);
    }
    began_.reset();
    noted_ = 0;
}

}  // namespace macp::ingest
