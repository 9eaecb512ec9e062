#pragma once

#include "support/temp_dir.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unistd.h>

namespace macp::testing {

inline void append(std::filesystem::path const& path, std::string_view text) {
    std::ofstream{path, std::ios::app | std::ios::binary} << text;
}

inline void write(std::filesystem::path const& path, std::string_view text) {
    std::ofstream{path, std::ios::trunc | std::ios::binary} << text;
}

inline std::string contents(std::filesystem::path const& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// As `logrotate` does it with `copytruncate`.
inline void copy_and_truncate(std::filesystem::path const& path, std::filesystem::path const& copy) {
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(path, 0);
}

/// A line with an event of its own, long enough to be told from others.
inline std::string event_line(std::string_view id) {
    return R"({"type":"task.completed","task_id":")" + std::string{id} + "\"}\n";
}

}  // namespace macp::testing
