#include "io/file_place.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace macp::io {
namespace {

OpenFile::Stat to_stat(struct ::stat const& from) {
    return {
        .device = from.st_dev,
        .inode = from.st_ino,
        .size = static_cast<std::uint64_t>(from.st_size),
        .modified = static_cast<std::int64_t>(from.st_mtim.tv_sec) * 1'000'000'000 + from.st_mtim.tv_nsec,
        .links = from.st_nlink
    };
}

std::string reason_of(int error) {
    return std::error_code{error, std::generic_category()}.message();
}

std::size_t digested(std::uint64_t offset) {
    return static_cast<std::size_t>(std::min<std::uint64_t>(offset, FilePlace::digest_bytes));
}

template <class T>
bool read_number(nlohmann::json const& object, char const* name, T& value) {
    auto const found = object.find(name);
    if (found == object.end() || !found->is_number_integer()) return false;
    value = found->template get<T>();
    return true;
}

}  // namespace

std::string format_place(FilePlace const& place) {
    return nlohmann::json{
        {"device", place.device}, {"inode", place.inode}, {"offset", place.offset},
        {"head", place.head},     {"tail", place.tail},   {"modified", place.modified}
    }.dump();
}

core::Result<FilePlace> parse_place(std::string_view text) {
    auto const json = nlohmann::json::parse(text, nullptr, false);
    FilePlace place;
    bool const whole = json.is_object() && read_number(json, "device", place.device) &&
                       read_number(json, "inode", place.inode) && read_number(json, "offset", place.offset) &&
                       read_number(json, "head", place.head) && read_number(json, "tail", place.tail) &&
                       read_number(json, "modified", place.modified);
    if (!whole) return core::fail(core::ErrorCode::Corrupt, "this is not the place in a file that was saved");
    return place;
}

std::uint64_t digest_of(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (char const c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

OpenFile::OpenFile(OpenFile&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

OpenFile::~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
}

core::Result<OpenFile> OpenFile::open(std::filesystem::path const& path) {
    // Non-blocking, so that a pipe of that name cannot hold us.
    OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (!file) {
        bool const absent = errno == ENOENT || errno == ENOTDIR;
        auto const code = absent ? core::ErrorCode::NotFound : core::ErrorCode::Unavailable;
        return core::fail(code, "cannot open " + path.string() + ": " + reason_of(errno));
    }
    struct ::stat found{};
    if (::fstat(file.fd_, &found) != 0 || !S_ISREG(found.st_mode)) {
        return core::fail(core::ErrorCode::Unavailable, path.string() + " is not a regular file");
    }
    return file;
}

OpenFile::Stat OpenFile::stat() const {
    struct ::stat found{};
    return ::fstat(fd_, &found) == 0 ? to_stat(found) : Stat{};
}

core::Result<std::size_t> OpenFile::read_at(std::uint64_t offset, std::span<char> into) const {
    std::size_t filled = 0;
    while (filled < into.size()) {
        auto const got =
            ::pread(fd_, into.data() + filled, into.size() - filled, static_cast<::off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return core::fail(core::ErrorCode::Unavailable, "cannot read: " + reason_of(errno));
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    return filled;
}

std::string OpenFile::bytes_before(std::uint64_t end, std::size_t size) const {
    auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(end, size));
    std::string bytes(wanted, '\0');
    bytes.resize(read_at(end - wanted, bytes).value_or(0));
    return bytes;
}

bool OpenFile::holds(FilePlace const& place) const {
    if (place.offset == 0) return true;
    if (stat().size < place.offset) return false;
    auto const size = digested(place.offset);
    auto const tail = bytes_before(place.offset, size);
    auto const head = bytes_before(size, size);
    return tail.size() == size && head.size() == size && digest_of(tail) == place.tail && digest_of(head) == place.head;
}

FilePlace OpenFile::place_at(std::uint64_t offset) const {
    auto const found = stat();
    FilePlace place{.device = found.device, .inode = found.inode, .offset = offset, .modified = found.modified};
    if (offset == 0) return place;
    place.head = digest_of(bytes_before(digested(offset), digested(offset)));
    place.tail = digest_of(bytes_before(offset, digested(offset)));
    return place;
}

bool OpenFile::is_start_of(OpenFile const& longer) const {
    auto const end = stat().size;
    if (end > longer.stat().size) return false;
    auto const size = digested(end);
    return bytes_before(size, size) == longer.bytes_before(size, size) &&
           bytes_before(end, size) == longer.bytes_before(end, size);
}

std::optional<OpenFile::Stat> stat_file(std::filesystem::path const& path) {
    struct ::stat found{};
    if (::stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
    return to_stat(found);
}

}  // namespace macp::io
