// The configuration file and the environment: a value is either refused with a reason, or one that can be shown.
#include "core/config_keys.hpp"
#include "core/config_load.hpp"
#include "core/config_toml.hpp"
#include "core/config_value.hpp"
#include "fuzz/fuzz.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const text = macp::fuzz::text_of(data, size);
    macp::core::Config config;
    auto const entries = macp::core::parse_config_toml(text, "macp.toml");
    if (!entries) {
        macp::fuzz::require(entries.error().text().starts_with("macp.toml"), "a problem names the file");
        return 0;
    }
    for (auto const& entry : *entries) {
        macp::fuzz::require(entry.line >= 1, "an entry has a line");
        auto const* const key = macp::core::find_config_key(entry.path);
        if (key == nullptr) {
            static_cast<void>(macp::core::nearest_config_key(entry.path));
            static_cast<void>(macp::core::nearest_config_table(entry.path));
            continue;
        }
        auto const problem = macp::core::set_config(config, *key, entry.value);
        if (problem) macp::fuzz::require(!problem->empty(), "a refusal says why");
    }
    for (auto const& key : macp::core::config_keys()) static_cast<void>(macp::core::show_config(config, key));
    static_cast<void>(macp::core::check_for_serving(config));
    return 0;
}
