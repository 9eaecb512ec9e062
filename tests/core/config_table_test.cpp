#include "config_files.hpp"
#include "core/config_keys.hpp"
#include "core/config_text.hpp"
#include "core/config_value.hpp"
#include "core/json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <set>

using macp::testing::ConfigFixture;
namespace core = macp::core;

namespace {

template <class... Fields>
void note(std::set<void const*>& addresses, Fields const&... fields) {
    (addresses.insert(&fields), ...);
}

/// Every field of the struct. The bindings do not compile when a field is added: then give it a row in the table too.
std::set<void const*> every_field(core::Config const& config) {
    std::set<void const*> all;
    auto const& [listen, threads, drain, root, roots, log, watch, github, webhooks, outgoing, http, ws, access, tls, logging] =
        config;
    note(all, listen, threads, drain, root, roots, webhooks);
    auto const& [l1, l2, l3, l4, l5, l6, l7, l8, l9] = log;
    note(all, l1, l2, l3, l4, l5, l6, l7, l8, l9);
    auto const& [w1, w2, w3, w4] = watch;
    note(all, w1, w2, w3, w4);
    auto const& [g1] = github;
    note(all, g1);
    auto const& [u1, u2, u3] = outgoing;
    note(all, u1, u2, u3);
    auto const& [h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12] = http;
    note(all, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12);
    auto const& [s1, s2, s3, s4, s5, s6, s7, s8] = ws;
    note(all, s1, s2, s3, s4, s5, s6, s7, s8);
    auto const& [a1, a2, a3, a4] = access;
    note(all, a1, a2, a3, a4);
    auto const& [t1, t2] = tls;
    note(all, t1, t2);
    auto const& [o1, o2] = logging;
    note(all, o1, o2);
    return all;
}

/// Gives a field a value within its rule that is not the default.
struct Change {
    core::Config& config;
    core::ConfigKey const& key;

    void operator()(std::string& (*field)(core::Config&)) const { field(config) = other(field(config)); }
    void operator()(std::filesystem::path& (*field)(core::Config&)) const { field(config) = "else/where \"quoted\""; }
    void operator()(bool& (*field)(core::Config&)) const { field(config) = !field(config); }
    void operator()(double& (*field)(core::Config&)) const {
        field(config) = (key.rule.least + field(config)) / 2 + 0.125;
    }
    void operator()(std::uint64_t& (*field)(core::Config&)) const { field(config) += 1; }
    void operator()(std::vector<std::string>& (*field)(core::Config&)) const {
        field(config) = {"one", "two \\ three"};
    }
    void operator()(std::vector<core::ConfigTable>& (*field)(core::Config&)) const {
        field(config) = {{.json = R"({"name":"one"})"}, {.json = R"({"name":"two"})"}};
    }
    void operator()(core::TokenMap& (* /*field*/)(core::Config&)) const {}

    [[nodiscard]] std::string other(std::string const& now) const {
        for (auto const choice : key.rule.choices) {
            if (choice != now) return std::string{choice};
        }
        if (!key.rule.choices.empty()) return now;
        return key.rule.check != nullptr ? "[::1]:4711" : "some \"text\"";
    }
};

bool in_file(core::ConfigKey const& key) {
    return key.path != "access.tokens";
}

}  // namespace

TEST_SUITE("config table") {
    TEST_CASE("has one key for each field of the struct") {
        core::Config config;
        std::set<void const*> reached;
        std::set<std::string_view> paths;
        for (auto const& key : core::config_keys()) {
            CAPTURE(key.path);
            CHECK(
                reached.insert(std::visit([&](auto field) -> void const* { return &field(config); }, key.field)).second
            );
            CHECK(paths.insert(key.path).second);
            CHECK_FALSE(key.description.empty());
        }
        CHECK(reached == every_field(config));
    }

    TEST_CASE("accepts each default") {
        for (auto const& key : core::config_keys()) {
            if (!in_file(key)) continue;
            CAPTURE(key.path);
            auto const text = std::string{key.path} + " = " + core::show_config({}, key) + "\n";
            CHECK(ConfigFixture{text}.refusal() == "");
        }
    }

    TEST_CASE("carries every value through a file unchanged") {
        core::Config wanted;
        std::string text;
        for (auto const& key : core::config_keys()) {
            if (!in_file(key)) continue;
            std::visit(Change{wanted, key}, key.field);
            text += std::string{key.path} + " = " + core::show_config(wanted, key) + '\n';
        }
        ConfigFixture const here{text};
        // tokens_file now names a file that is not there: the one refusal that is right
        CHECK(here.refusal().find('\n') == std::string::npos);
        auto const shown = [](core::Config const& config) {
            std::string all;
            for (auto const& key : core::config_keys()) all += core::show_config(config, key) + '\n';
            return all;
        };
        macp::testing::write_file(here.dir / wanted.access.tokens_file, "");
        std::filesystem::permissions(here.dir / wanted.access.tokens_file, std::filesystem::perms{0600});
        auto const loaded = here.load();
        REQUIRE(loaded);
        CHECK(shown(loaded->config) == shown(wanted));
        for (auto const& key : core::config_keys()) {
            if (!in_file(key) || key.rule.choices.size() == 1) continue;  // one choice: nothing else to take
            CAPTURE(key.path);
            CHECK(core::show_config(loaded->config, key) != core::show_config({}, key));
            CHECK(loaded->origin(key.path) != "default");
        }
    }

    TEST_CASE("gives each key an environment name of its own that is not a token's") {
        std::set<std::string> names;
        for (auto const& key : core::config_keys()) {
            CHECK(names.insert(key.environment_name()).second);
            CHECK_FALSE(key.environment_name().starts_with("MACP_TOKEN_"));
        }
        CHECK(
            core::find_config_key("watch.poll_interval_seconds")->environment_name() ==
            "MACP_WATCH_POLL_INTERVAL_SECONDS"
        );
    }

    TEST_CASE("explains itself as JSON") {
        auto const json = core::parse_json(core::explain_config_json(core::LoadedConfig{}));
        REQUIRE(json);
        CHECK(json->size() == core::config_keys().size());
        CHECK((*json)["watch.poll_interval_seconds"]["range"] == "0.05 to 3600 seconds");
    }

    TEST_CASE("is what docs/configuration.md says") {
        std::ifstream file{std::string{MACP_SOURCE_DIR} + "/docs/configuration.md"};
        std::string const text{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
        bool const same = text == core::config_reference();
        CHECK_MESSAGE(same, "run: macp config --explain --markdown > docs/configuration.md");
    }
}
