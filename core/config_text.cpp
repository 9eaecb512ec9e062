#include "core/config_text.hpp"

#include "core/config_value.hpp"
#include "core/json.hpp"

#include <string_view>

namespace macp::core {
namespace {

constexpr std::string_view reference_head = R"(# Configuration

<!-- Written by `macp config --explain --markdown` from core/config_keys.cpp; a test fails when the two differ. -->

`macp` reads one file, the first of: the one that `--config` names, the one that `MACP_CONFIG` names, `./macp.toml`,
`~/.config/macp/macp.toml`. None is needed: every key has a default. The environment comes after the file and wins.

- Unknown keys, wrong types and values out of range stop the start; all of them are listed at once, with file, line and
  the nearest known key. `macp config --check` does only that.
- `macp config --explain` prints every key with its value and where it came from. Secrets are masked.
- A number of bytes may be written as a whole number or as a text: `"64KiB"`, `"16MiB"`, `"8GiB"`.
- In the environment a list is separated by commas.
- Keys marked *reload* are applied by SIGHUP; the others take a restart. A file with a mistake changes nothing.

```toml
listen = "127.0.0.1:25294"

[watch]
events = [".mosaic/orchestrator/events.ndjson", "other/*.ndjson"]
poll_interval_seconds = 0.5

[log]
max_bytes = "2GiB"
```

## Tokens

Tokens never stand in `macp.toml`. They come from the environment or from a file of their own:

- `MACP_TOKEN=secret`: one token, named `default`, with every right.
- `MACP_TOKEN_<NAME>=scopes:secret`, for example `MACP_TOKEN_DASHBOARD=read:secret`. Scopes are `read`, `ingest`,
  `control` and `admin`, separated by commas.
- `access.tokens_file`: a file of `name scopes token` lines; `#` begins a comment. It is refused when its group or others
  have any right to it.

Without a token the gateway listens on loopback only.
)";

std::string escape_cell(std::string_view text) {
    std::string out;
    for (char const c : text) out += c == '|' ? std::string{"\\|"} : std::string{c};
    return out;
}

std::string_view table_of(std::string_view path) {
    auto const dot = path.find('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::string default_text(ConfigKey const& key) {
    return show_config(Config{}, key);
}

}  // namespace

std::string config_reference() {
    std::string out{reference_head};
    std::string_view table = "-";
    for (auto const& key : config_keys()) {
        if (table_of(key.path) != table) {
            table = table_of(key.path);
            out += table.empty() ? std::string{"\n## Top level\n\n"} : "\n## [" + std::string{table} + "]\n\n";
            out += "| key | default | type and range | environment | meaning |\n| --- | --- | --- | --- | --- |\n";
        }
        auto const range = show_range(key);
        out += "| `" + std::string{key.path} + "` | `" + escape_cell(default_text(key)) + "` | " +
               std::string{key.type_name()};
        if (!range.empty()) out += ", " + range;
        out += " | `" + key.environment_name() + "` | " + escape_cell(key.description);
        out += key.reloadable ? " *reload* |\n" : " |\n";
    }
    return out;
}

std::string explain_config(LoadedConfig const& loaded) {
    std::string out =
        "# file: " + (loaded.file.empty() ? std::string{"none"} : loaded.file.lexically_normal().string()) + '\n';
    for (auto const& key : config_keys()) {
        auto const range = show_range(key);
        out += '\n' + std::string{key.path} + " = " + show_config(loaded.config, key) + "\n    ";
        out += std::string{key.description} + "\n    " + std::string{key.type_name()};
        if (!range.empty()) out += ", " + range;
        out += "; default " + default_text(key) + "; " + key.environment_name() + "; ";
        out += key.reloadable ? "applied by SIGHUP" : "takes a restart";
        out += "\n    from " + loaded.origin(key.path) + '\n';
    }
    return out;
}

std::string explain_config_json(LoadedConfig const& loaded) {
    std::string out = "{";
    for (auto const& key : config_keys()) {
        out += (out.size() > 1 ? "," : "") + json_string(key.path);
        out += ":{\"value\":" + json_string(show_config(loaded.config, key));
        out += ",\"default\":" + json_string(default_text(key));
        out += ",\"type\":" + json_string(key.type_name());
        out += ",\"range\":" + json_string(show_range(key));
        out += ",\"environment\":" + json_string(key.environment_name());
        out += std::string{",\"reload\":"} + (key.reloadable ? "true" : "false");
        out += ",\"description\":" + json_string(key.description);
        out += ",\"from\":" + json_string(loaded.origin(key.path)) + '}';
    }
    return out + "}";
}

}  // namespace macp::core
