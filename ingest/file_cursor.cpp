#include "ingest/file_cursor.hpp"

#include "io/atomic_file.hpp"

#include <nlohmann/json.hpp>

namespace macp::ingest {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;

}  // namespace

core::Result<FileCursor::Places> FileCursor::load() const {
    auto const file = io::OpenFile::open(path_);
    if (!file) {
        if (file.error().code == core::ErrorCode::NotFound) return Places{};
        return core::pass_on(file);
    }
    auto const size = std::min(file->stat().size, most_bytes);
    auto const json = nlohmann::json::parse(file->bytes_before(size, size), nullptr, false);
    auto const refuse = [this] {
        return core::fail(core::ErrorCode::Corrupt, path_.string() + " is not a cursor of macp, or is damaged");
    };
    if (!json.is_object() || !json.contains("files") || !json["files"].is_object()) return refuse();
    Places places;
    for (auto const& [name, value] : json["files"].items()) {
        auto const place = io::parse_place(value.dump());
        if (!place) return refuse();
        places.emplace(name, *place);
    }
    return places;
}

core::Result<void> FileCursor::save(Places const& places) const {
    auto files = nlohmann::json::object();
    for (auto const& [name, place] : places) files[name] = nlohmann::json::parse(io::format_place(place));
    nlohmann::json const json{{"version", 1}, {"files", std::move(files)}};
    auto const text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    return io::write_atomically(path_, text);
}

}  // namespace macp::ingest
