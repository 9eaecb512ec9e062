#include "server/process_stats.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace macp::server {
namespace {

namespace fs = std::filesystem;

std::string read_all(fs::path const& path) {
    std::ifstream const file{path};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The name and the CPU seconds (user and system) of a `stat` file: proc(5).
bool read_stat(fs::path const& path, std::string& name, double& cpu_seconds) {
    auto const text = read_all(path);
    auto const open = text.find('(');
    auto const close = text.rfind(')');  // a name may hold parentheses of its own
    if (open == std::string::npos || close == std::string::npos) return false;
    name = text.substr(open + 1, close - open - 1);
    std::istringstream fields{text.substr(close + 1)};
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    cpu_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return true;
}

std::uint64_t read_rss() {
    std::ifstream file{"/proc/self/statm"};
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t count_open_files() {
    std::error_code error;
    std::uint64_t count = 0;
    for (fs::directory_iterator entry{"/proc/self/fd", error}, end; !error && entry != end; entry.increment(error))
        ++count;
    return count;
}

}  // namespace

ProcessStats ProcessSampler::sample() {
    auto const now = std::chrono::steady_clock::now();
    auto const elapsed = std::chrono::duration<double>(now - last_).count();
    bool const first = last_ == std::chrono::steady_clock::time_point{};
    auto const percent = [&](double spent) { return first || elapsed <= 0 ? 0.0 : spent / elapsed * 100; };

    ProcessStats stats{.rss_bytes = read_rss(), .open_files = count_open_files()};
    std::string name;
    read_stat("/proc/self/stat", name, stats.cpu_seconds);
    stats.cpu_percent = percent(stats.cpu_seconds - last_cpu_seconds_);

    std::map<int, double> by_thread;
    std::error_code error;
    for (fs::directory_iterator entry{"/proc/self/task", error}, end; !error && entry != end; entry.increment(error)) {
        ThreadStats thread;
        auto const file = entry->path().filename().string();
        std::from_chars(file.data(), file.data() + file.size(), thread.tid);
        double seconds = 0;
        if (!read_stat(entry->path() / "stat", thread.name, seconds)) continue;
        by_thread[thread.tid] = seconds;
        auto const before = last_by_thread_.find(thread.tid);
        thread.cpu_percent = percent(before == last_by_thread_.end() ? seconds : seconds - before->second);
        stats.threads.push_back(std::move(thread));
    }
    last_ = now;
    last_cpu_seconds_ = stats.cpu_seconds;
    last_by_thread_ = std::move(by_thread);
    return stats;
}

}  // namespace macp::server
