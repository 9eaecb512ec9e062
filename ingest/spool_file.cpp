#include "ingest/spool_file.hpp"

#include "core/id.hpp"
#include "core/json.hpp"
#include "io/atomic_file.hpp"
#include "io/file_place.hpp"
#include "io/file_problem.hpp"
#include "io/folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace macp::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".json";

core::Result<void> check_room(fs::path const& folder, std::size_t more_bytes, SpoolLimits const& limits) {
    auto const entries = list_spool(folder);
    if (!entries) return core::pass_on(entries);
    std::uint64_t bytes = more_bytes;
    for (auto const& entry : *entries) bytes += entry.bytes;
    if (entries->size() < limits.files && bytes <= limits.bytes) return {};
    return core::fail(
        core::ErrorCode::Overloaded,
        "the spool " + folder.string() + " is full (" + std::to_string(entries->size()) + " files)"
    );
}

tl::unexpected<core::Error> not_ours() {
    return core::fail(core::ErrorCode::Corrupt, "it holds no body of a request");
}

/// A member that is text; empty when there is none.
std::string text_of(nlohmann::json const& object, char const* name) {
    auto const found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

core::Result<std::string> contents_of(fs::path const& file) {
    auto const opened = io::OpenFile::open(file);
    if (!opened) return core::pass_on(opened);
    auto const size = opened->stat().size;
    if (size > most_spooled_bytes) return not_ours();
    std::string text(size, '\0');
    auto const got = opened->read_at(0, text);
    if (!got) return core::pass_on(got);
    text.resize(*got);
    return text;
}

}  // namespace

bool is_spooled_body(std::string_view name) {
    return name.ends_with(ending);
}

core::Result<std::vector<SpoolEntry>> list_spool(fs::path const& folder) {
    std::vector<SpoolEntry> entries;
    std::error_code error;
    for (fs::directory_iterator at{folder, error}; !error && at != fs::directory_iterator{}; at.increment(error)) {
        std::error_code none;
        auto const bytes = at->is_regular_file(none) ? at->file_size(none) : 0;
        entries.push_back({.name = at->path().filename().string(), .bytes = none ? 0 : bytes});
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return io::file_problem("cannot look into", folder, error.value());
    }
    std::ranges::sort(entries, {}, &SpoolEntry::name);
    return entries;
}

core::Result<fs::path> write_spooled(fs::path const& folder, SpooledBody const& body, SpoolLimits const& limits) {
    auto const text = format_spooled(body);
    auto error = io::make_folders(folder.parent_path(), 0777);
    if (error == 0) error = io::make_folders(folder, 0700);
    if (error != 0) return io::file_problem("cannot make", folder, error);
    if (auto const room = check_room(folder, text.size(), limits); !room) return core::pass_on(room);
    // The id begins with the time, and no two are alike.
    auto file = folder / (core::make_uuid7(body.received) + std::string{ending});
    if (auto const written = io::write_atomically(file, text, 0600); !written) return core::pass_on(written);
    return file;
}

core::Result<SpooledBody> read_spooled(fs::path const& file) {
    return contents_of(file).and_then(parse_spooled);
}

std::string format_spooled(SpooledBody const& body) {
    nlohmann::json document{{"door", body.door}, {"received", core::format_time(body.received)}, {"text", body.text}};
    if (!body.content_type.empty()) document["content_type"] = body.content_type;
    if (!body.headers.empty()) document["headers"] = body.headers;
    return core::dump_json(document) + '\n';
}

core::Result<SpooledBody> parse_spooled(std::string_view text) {
    auto const document = core::parse_json(text);
    if (!document || !document->is_object() || !document->contains("text")) return not_ours();
    SpooledBody body{
        .door = text_of(*document, "door"),
        .content_type = text_of(*document, "content_type"),
        .text = text_of(*document, "text"),
    };
    auto const received = core::parse_time(text_of(*document, "received"));
    if (body.door.empty() || !received) return not_ours();
    body.received = *received;
    auto const headers = document->find("headers");
    if (headers == document->end() || !headers->is_object()) return body;
    for (auto const& [name, value] : headers->items()) {
        if (value.is_string()) body.headers.emplace(name, value.get<std::string>());
    }
    return body;
}

}  // namespace macp::ingest
