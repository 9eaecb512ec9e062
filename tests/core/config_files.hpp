#pragma once

#include "core/config_load.hpp"
#include "support/temp_dir.hpp"

#include <fstream>
#include <string>
#include <string_view>

namespace macp::testing {

inline void write_file(std::filesystem::path const& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << text;
}

/// A working directory whose `macp.toml` holds `text`, and an empty environment.
struct ConfigFixture {
    TempDir dir{};
    core::ConfigSources sources{.file = {}, .environment = {}, .working_dir = dir.path(), .home = {}};

    ConfigFixture() = default;
    explicit ConfigFixture(std::string_view text) { write_file(dir / "macp.toml", text); }

    [[nodiscard]] core::Result<core::LoadedConfig> load() const { return core::load_config(sources); }
    /// What the load is refused with; empty when it is not.
    [[nodiscard]] std::string refusal() const {
        auto const loaded = load();
        return loaded ? std::string{} : loaded.error().message;
    }
    /// The refusal's place within the file and what follows, for a file of one mistake.
    [[nodiscard]] bool refuses(std::string_view line, std::string_view what) const {
        auto const message = refusal();
        auto const place = (dir / "macp.toml").string() + ':' + std::string{line} + ": ";
        return message.starts_with(place) && message.find(what) != std::string::npos;
    }
};

}  // namespace macp::testing
