#pragma once

#include "support/temp_dir.hpp"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace macp::testing {

struct Outcome {
    int code = -1;
    std::string out{};
    std::string err{};
};

inline std::string read_all(std::filesystem::path const& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

/// A folder in which commands run, with no configuration and no MACP_ variable of the caller.
class Shell {
public:
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return dir_ / name; }

    void write(std::string_view name, std::string_view text) const {
        std::filesystem::create_directories((dir_ / name).parent_path());
        std::ofstream{dir_ / name, std::ios::binary} << text;
    }
    void append(std::string_view name, std::string_view text) const {
        std::ofstream{dir_ / name, std::ios::binary | std::ios::app} << text;
    }

    /// Runs a line of shell, in which `macp` is the program under test.
    [[nodiscard]] Outcome run(std::string const& line) const {
        write("line.sh", "macp() { \"$MACP\" \"$@\"; }\n" + line + "\n");
        auto const command = "cd '" + dir_.path().string() +
                             "' && env -i HOME=. PATH=\"$PATH\" MACP='" MACP_BINARY
                             "' timeout 60 bash line.sh > out.txt 2> err.txt < /dev/null";
        int const status = std::system(command.c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_all(dir_ / "out.txt"), read_all(dir_ / "err.txt")};
    }

private:
    TempDir dir_;
};

}  // namespace macp::testing
