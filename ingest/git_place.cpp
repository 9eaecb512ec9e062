#include "ingest/git_place.hpp"

#include "core/json.hpp"

#include <array>
#include <filesystem>
#include <fstream>

namespace macp::ingest {
namespace {

namespace fs = std::filesystem;

/// The beginning of a small text file, trimmed; empty when it cannot be read.
std::string read_text(fs::path const& path) {
    std::error_code ec;
    if (!fs::is_regular_file(path, ec)) return {};  // never wait for a pipe
    std::array<char, 4096> buffer{};
    std::ifstream file{path, std::ios::binary};
    file.read(buffer.data(), buffer.size());
    return std::string{core::trim({buffer.data(), static_cast<std::size_t>(file.gcount())})};
}

fs::path resolved(fs::path const& base, std::string const& path) {
    std::error_code ec;
    auto const joined = (base / path).lexically_normal();
    auto real = fs::weakly_canonical(joined, ec);
    return ec ? joined : real;
}

/// The folder that a git directory belongs to.
std::string repository_of(fs::path git_directory) {
    if (git_directory.filename().empty()) git_directory = git_directory.parent_path();  // it ended with a slash
    return git_directory.filename() == ".git" ? git_directory.parent_path().string() : git_directory.string();
}

/// What the file `.git` in `top` leads to: a linked worktree has a `commondir`, a submodule has not.
std::optional<GitPlace> follow_link(fs::path const& top) {
    constexpr std::string_view key = "gitdir:";
    auto const link = read_text(top / ".git");
    if (!link.starts_with(key)) return std::nullopt;
    auto const git_directory = resolved(top, std::string{core::trim(std::string_view{link}.substr(key.size()))});
    auto const common = read_text(git_directory / "commondir");
    if (common.empty()) return GitPlace{.repository = top.string(), .worktree = top.string()};
    auto repository = repository_of(resolved(git_directory, common));
    return GitPlace{.repository = std::move(repository), .worktree = top.string()};
}

}  // namespace

std::optional<GitPlace> find_git_place(std::string_view directory) {
    bool const usable = directory.starts_with('/') && directory.find('\0') == std::string_view::npos;
    if (!usable) return std::nullopt;
    std::error_code ec;
    fs::path top = fs::canonical(fs::path{directory}, ec);
    if (ec || !fs::is_directory(top, ec)) return std::nullopt;
    for (;; top = top.parent_path()) {
        auto const dot_git = top / ".git";
        if (fs::exists(dot_git / "HEAD", ec)) return GitPlace{.repository = top.string(), .worktree = top.string()};
        if (fs::is_regular_file(dot_git, ec)) return follow_link(top);
        if (top == top.parent_path()) return std::nullopt;
    }
}

}  // namespace macp::ingest
