#include "config_files.hpp"
#include "core/config_keys.hpp"
#include "core/config_text.hpp"

#include <doctest/doctest.h>

using macp::testing::ConfigFixture;
using macp::testing::write_file;
namespace core = macp::core;

namespace {

void write_tokens(
    ConfigFixture& here, std::string_view text, std::filesystem::perms mode = std::filesystem::perms{0600}
) {
    write_file(here.dir / "tokens", text);
    std::filesystem::permissions(here.dir / "tokens", mode);
    here.sources.environment["MACP_ACCESS_TOKENS_FILE"] = "tokens";
}

}  // namespace

TEST_SUITE("tokens") {
    TEST_CASE("come from the environment") {
        ConfigFixture here;
        here.sources.environment = {{"MACP_TOKEN", "hunter2"}, {"MACP_TOKEN_DASHBOARD", "read, ingest:s3:cret"}};
        auto const loaded = here.load();
        REQUIRE(loaded);
        CHECK(
            loaded->config.access.tokens ==
            core::TokenMap{{"default", "admin:hunter2"}, {"dashboard", "read,ingest:s3:cret"}}
        );
    }

    TEST_CASE("come from a file of their own") {
        ConfigFixture here;
        write_tokens(here, "# comment\n\nops control,read abc\nbot ingest def\n");
        auto const loaded = here.load();
        REQUIRE(loaded);
        CHECK(loaded->config.access.tokens == core::TokenMap{{"ops", "control,read:abc"}, {"bot", "ingest:def"}});
    }

    TEST_CASE("are refused from a file that others may read") {
        for (auto const mode : {0640, 0604, 0660}) {
            ConfigFixture here;
            write_tokens(here, "ops read abc\n", std::filesystem::perms{static_cast<unsigned>(mode)});
            CHECK(here.refusal().find("chmod 600") != std::string::npos);
        }
    }

    TEST_CASE("are refused in macp.toml, with what to do instead") {
        CHECK(ConfigFixture{"[access]\ntokens = ['x']\n"}.refuses("2", "MACP_TOKEN"));
        CHECK(ConfigFixture{"[access]\ntoken = 'x'\n"}.refuses("2", "MACP_TOKEN"));
        CHECK(ConfigFixture{"[access.tokens]\nops = 'x'\n"}.refuses("1", "MACP_TOKEN"));
    }

    TEST_CASE("are refused when malformed, never repeating the secret") {
        ConfigFixture here;
        here.sources.environment = {
            {"MACP_TOKEN", "se cret"},
            {"MACP_TOKEN_A", "secret"},
            {"MACP_TOKEN_B", "root:secret"},
            {"MACP_TOKEN_C", "read:"},
            {"MACP_TOKEN_D", ":secret"}
        };
        write_tokens(here, "one read secret extra\ntwo read\nthree read secret\nthree read secret\n");
        auto const message = here.refusal();
        CHECK(message.find("cret") == std::string::npos);
        for (auto const* const place :
             {"MACP_TOKEN:", "MACP_TOKEN_A:", "MACP_TOKEN_B:", "MACP_TOKEN_C:", "MACP_TOKEN_D:", "tokens:1:",
              "tokens:2:", "tokens:4:"}) {
            CAPTURE(place);
            CHECK(message.find(place) != std::string::npos);
        }
    }

    TEST_CASE("are masked wherever the configuration is shown") {
        ConfigFixture here;
        here.sources.environment = {{"MACP_TOKEN", "hunter2"}, {"MACP_TOKEN_BOT", "read:hunter3"}};
        auto const loaded = here.load();
        REQUIRE(loaded);
        for (auto const& text : {core::explain_config(*loaded), core::explain_config_json(*loaded)}) {
            CHECK(text.find("hunter") == std::string::npos);
            CHECK(text.find("bot (read: ***), default (admin: ***)") != std::string::npos);
            CHECK(text.find("MACP_TOKEN, MACP_TOKEN_BOT") != std::string::npos);
        }
    }
}
