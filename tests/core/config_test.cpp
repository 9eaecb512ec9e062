#include "config_files.hpp"
#include "core/config_value.hpp"
#include "core/listen_address.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using macp::testing::ConfigFixture;
using macp::testing::write_file;
namespace core = macp::core;

TEST_SUITE("config file") {
    TEST_CASE("needs no file: every key has its default") {
        ConfigFixture const here;
        auto const loaded = here.load();
        REQUIRE(loaded);
        CHECK(loaded->file.empty());
        CHECK(loaded->config.listen == "127.0.0.1:25294");
        CHECK(loaded->config.watch.poll_interval_seconds == 2.0);
        CHECK(loaded->origin("listen") == "default");
    }

    TEST_CASE("is searched for in the order that is promised") {
        ConfigFixture here;
        here.sources.home = here.dir / "home";
        write_file(here.dir / "home/.config/macp/macp.toml", "listen = \"127.0.0.1:4\"\n");
        CHECK(here.load()->config.listen == "127.0.0.1:4");
        write_file(here.dir / "macp.toml", "listen = \"127.0.0.1:3\"\n");
        CHECK(here.load()->config.listen == "127.0.0.1:3");
        write_file(here.dir / "two.toml", "listen = \"127.0.0.1:2\"\n");
        here.sources.environment["MACP_CONFIG"] = "two.toml";
        CHECK(here.load()->config.listen == "127.0.0.1:2");
        write_file(here.dir / "one.toml", "listen = \"127.0.0.1:1\"\n");
        here.sources.file = here.dir / "one.toml";
        CHECK(here.load()->config.listen == "127.0.0.1:1");
    }

    TEST_CASE("must exist when it is named") {
        ConfigFixture here;
        here.sources.environment["MACP_CONFIG"] = "nowhere.toml";
        CHECK(here.load().error().code == core::ErrorCode::NotFound);
        CHECK(here.refusal().find("MACP_CONFIG") != std::string::npos);
        here.sources.file = "also-nowhere.toml";
        CHECK(here.refusal().find("--config") != std::string::npos);
    }

    TEST_CASE("says where each value came from") {
        ConfigFixture here{"\nlisten = \"127.0.0.1:1\"\n[watch]\npoll_interval_seconds = 1\n"};
        here.sources.environment["MACP_LISTEN"] = "127.0.0.1:2";
        auto const loaded = here.load();
        REQUIRE(loaded);
        CHECK(loaded->config.listen == "127.0.0.1:2");
        CHECK(loaded->origin("listen") == "MACP_LISTEN");
        CHECK(loaded->origin("watch.poll_interval_seconds") == (here.dir / "macp.toml").string() + ":4");
        CHECK(loaded->origin("threads") == "default");
    }

    TEST_CASE("takes watched files as a text or as a list") {
        CHECK(ConfigFixture{"watch.events = 'a'\n"}.load()->config.watch.events == std::vector<std::string>{"a"});
        CHECK(
            ConfigFixture{"watch.events = ['a', 'b']\n"}.load()->config.watch.events ==
            std::vector<std::string>{"a", "b"}
        );
    }

    TEST_CASE("keeps a list of tables as JSON, with the line of each member") {
        ConfigFixture const here{
            "[[webhooks]]\nname = \"a\"\n\n[[webhooks]]\nname = \"b\"\ntypes = [\n  \"task.*\",\n  \"x\"]\n"
            "[webhooks.retry]\ncount = 3\n"
        };
        auto const loaded = here.load();
        REQUIRE(loaded);
        auto const& tables = loaded->config.webhooks;
        REQUIRE(tables.size() == 2);
        CHECK(tables[0].json == R"({"name":"a"})");
        CHECK(tables[1].json == R"({"name":"b","retry":{"count":3},"types":["task.*","x"]})");
        CHECK(tables[1].file.ends_with("macp.toml"));
        CHECK(tables[0].lines.at("") == 1);
        CHECK(tables[1].lines.at("/name") == 5);
        CHECK(tables[1].lines.at("/types/1") == 8);
        CHECK(tables[1].lines.at("/retry/count") == 10);
        CHECK(
            core::show_config(loaded->config, *core::find_config_key("webhooks")) == R"([{name = "a"}, {name = "b"}])"
        );
    }

    TEST_CASE("takes sizes as numbers and as texts") {
        CHECK(ConfigFixture{"[log]\nmax_bytes = 4096\n"}.load()->config.log.max_bytes == 4096);
        CHECK(ConfigFixture{"[log]\nmax_bytes = '16MiB'\n"}.load()->config.log.max_bytes == 16U << 20U);
        CHECK(core::parse_byte_size("2 kB") == 2000);
        CHECK(core::parse_byte_size("7") == 7);
        for (auto const* const bad : {"", "MiB", "1.5MiB", "-1", "1 MIB", "99999999999999999999", "9999999999TiB"}) {
            CHECK_FALSE(core::parse_byte_size(bad));
        }
    }
}

TEST_SUITE("config refusals") {
    TEST_CASE("name an unknown key with its line and the nearest known one") {
        CHECK(ConfigFixture{"listn = 1\n"}.refuses("1", "unknown key `listn`; the nearest known key is `listen`"));
        CHECK(ConfigFixture{"[watch]\n\npoll_intervall_seconds = 1\n"}.refuses("3", "`watch.poll_interval_seconds`"));
        CHECK(ConfigFixture{"poll_interval_seconds = 1\n"}.refuses("1", "`watch.poll_interval_seconds`"));
        CHECK(ConfigFixture{"[http]\nqueue_bytes = 1\n"}.refuses("2", "`log.queue_bytes`"));
    }

    TEST_CASE("name an unknown table once") {
        CHECK(ConfigFixture{"threads = 1\n[wacth]\nx = 1\ny = 2\n"}.refuses(
            "2", "unknown table `wacth`; the nearest known table is `watch`"
        ));
        CHECK(ConfigFixture{"[[webhooks]]\nname = 'x'\n[[webhooks]]\nname = 'y'\n"}.refuses(
            "1", "unknown table `webhooks`"
        ));
        CHECK(ConfigFixture{"\n[runtimes.codex]\ncommand = ['x']\n"}.refuses("2", "unknown table `runtimes`"));
        CHECK(ConfigFixture{"[log.deeper]\nx = 1\n"}.refuses("1", "unknown table `log.deeper`"));
    }

    TEST_CASE("tell a wrong type") {
        CHECK(ConfigFixture{"threads = 'many'\n"}.refuses("1", R"(`threads` must be a whole number, got "many")"));
        CHECK(ConfigFixture{"threads = 1.5\n"}.refuses("1", "must be a whole number, got 1.5"));
        CHECK(ConfigFixture{"listen = 25294\n"}.refuses("1", "`listen` must be text, got 25294"));
        CHECK(ConfigFixture{"[watch]\nenabled = 'yes'\n"}.refuses("2", "must be true or false"));
        CHECK(ConfigFixture{"watch.events = ['a', 1]\n"}.refuses("1", "must be text or a list of texts"));
        CHECK(ConfigFixture{"drain_seconds = 1979-05-27\n"}.refuses("1", "got a date"));
        CHECK(ConfigFixture{"[log]\nmax_bytes = '16 mib'\n"}.refuses("2", "16MiB"));
        CHECK(ConfigFixture{"log = 1\n"}.refuses("1", "write [log]"));
        CHECK(ConfigFixture{"[listen]\nport = 1\n"}.refuses("1", "`listen` must be text, got a table"));
    }

    TEST_CASE("tell what is no list of tables") {
        CHECK(ConfigFixture{"webhooks = 1\n"}.refuses(
            "1", "`webhooks` must be a list of tables, got 1: write [[webhooks]]"
        ));
        CHECK(ConfigFixture{"[webhooks]\nname = 1\n"}.refuses("1", "got a table: write [[webhooks]]"));
        CHECK(ConfigFixture{"[[webhooks]]\na = 2026-01-01\n"}.refuses("1", "a date"));
        CHECK(ConfigFixture{"[[webhoks]]\na = 1\n"}.refuses("1", "the nearest known table is `webhooks`"));
    }

    TEST_CASE("tell a value out of range") {
        CHECK(ConfigFixture{"watch.poll_interval_seconds = 0.049\n"}.refuses(
            "1", "must be from 0.05 to 3600 seconds, got 0.049"
        ));
        CHECK(ConfigFixture{"threads = -1\n"}.refuses("1", "must be from 0 to 256, got -1"));
        CHECK(ConfigFixture{"drain_seconds = nan\n"}.refuses("1", "must be from"));
        CHECK(ConfigFixture{"log.engine = 'jetstream'\n"}.refuses("1", R"(must be sqlite, got "jetstream")"));
        CHECK(ConfigFixture{"log.synchronous = 'off'\n"}.refuses("1", "must be full or normal"));
        CHECK(ConfigFixture{"listen = 'here'\n"}.refuses("1", "host:port"));
        CHECK(ConfigFixture{"ws.listen = '127.0.0.1:70000'\n"}.refuses("1", "0 to 65535"));
        CHECK(ConfigFixture{"roots = []\n"}.refuses("1", "must not be empty"));
        CHECK(ConfigFixture{"roots = ['']\n"}.refuses("1", "must not hold an empty text"));
    }

    TEST_CASE("come all at once, in the order of the file") {
        auto const message = ConfigFixture{"thread = 1\ndrain_seconds = -1\n[log]\nreaders = 0\n"}.refusal();
        auto const first = message.find(":1: unknown key `thread`");
        auto const second = message.find(":2: `drain_seconds`");
        auto const third = message.find(":4: `log.readers`");
        REQUIRE(third != std::string::npos);
        CHECK(first < second);
        CHECK(second < third);
    }

    TEST_CASE("give the line of what is not TOML") {
        CHECK(ConfigFixture{"threads = 1\nlisten = \n"}.refuses("2", "not TOML"));
        CHECK(ConfigFixture{"threads = 1\nthreads = 2\n"}.refuses("2", "not TOML"));
    }
}

TEST_SUITE("config environment") {
    TEST_CASE("is read by the same rules as the file") {
        ConfigFixture here;
        here.sources.environment = {{"MACP_THREADS", "3"},
                                    {"MACP_WATCH_POLL_INTERVAL_SECONDS", "0.25"},
                                    {"MACP_WATCH_ENABLED", "false"},
                                    {"MACP_LOG_MAX_BYTES", "1GiB"},
                                    {"MACP_ACCESS_HOSTS", "a.example, b.example"},
                                    {"MACP_ROOT", "/tmp"}};
        auto const loaded = here.load();
        REQUIRE(loaded);
        CHECK(loaded->config.threads == 3);
        CHECK(loaded->config.watch.poll_interval_seconds == 0.25);
        CHECK_FALSE(loaded->config.watch.enabled);
        CHECK(loaded->config.log.max_bytes == 1U << 30U);
        CHECK(loaded->config.access.hosts == std::vector<std::string>{"a.example", "b.example"});
        CHECK(loaded->config.root == "/tmp");
    }

    TEST_CASE("holds a list of tables as JSON") {
        ConfigFixture here;
        here.sources.environment["MACP_WEBHOOKS"] = R"([{"name":"a"}])";
        auto const loaded = here.load();
        REQUIRE(loaded);
        REQUIRE(loaded->config.webhooks.size() == 1);
        CHECK(loaded->config.webhooks[0].file == "MACP_WEBHOOKS");
        here.sources.environment["MACP_WEBHOOKS"] = "a";
        CHECK(here.refusal().find("MACP_WEBHOOKS must be a list of tables") != std::string::npos);
    }

    TEST_CASE("is refused with the variable's name") {
        ConfigFixture here;
        here.sources.environment = {{"MACP_THREADS", "many"}, {"MACP_DRAIN_SECONDS", "-1"}};
        auto const message = here.refusal();
        CHECK(message.find("MACP_THREADS must be a whole number") != std::string::npos);
        CHECK(message.find("MACP_DRAIN_SECONDS must be from") != std::string::npos);
    }
}

TEST_SUITE("config options") {
    TEST_CASE("go before the environment, and are refused by their own name") {
        ConfigFixture here{"listen = \"127.0.0.1:1\"\n"};
        here.sources.environment["MACP_LISTEN"] = "127.0.0.1:2";
        here.sources.options = {{"--listen", "listen", "127.0.0.1:3"}};
        auto const loaded = here.load();
        REQUIRE(loaded);
        CHECK(loaded->config.listen == "127.0.0.1:3");
        CHECK(loaded->origin("listen") == "--listen");
        here.sources.options = {{"--listen", "listen", "nonsense"}};
        CHECK(here.refusal().starts_with("--listen "));
    }
}

TEST_SUITE("config problems") {
    TEST_CASE("come apart: file, line, key and message of each") {
        ConfigFixture here{"threads = 1\n\ndrain_seconds = -1\n"};
        here.sources.environment = {{"MACP_THREADS", "many"}, {"MACP_TOKEN_X", "oops"}};
        here.sources.options = {{"--listen", "listen", "nonsense"}};
        auto const loaded = here.load();
        REQUIRE_FALSE(loaded);
        auto const& members = loaded.error().members;
        REQUIRE(members.size() == 1);
        CHECK(members[0].first == "errors");
        auto const errors = nlohmann::json::parse(members[0].second);
        REQUIRE(errors.size() == 4);
        CHECK(errors[0]["file"] == (here.dir / "macp.toml").string());
        CHECK(errors[0]["line"] == 3);
        CHECK(errors[0]["key"] == "drain_seconds");
        CHECK(errors[0]["message"] == "`drain_seconds` must be from 0 to 3600 seconds, got -1");
        CHECK(errors[1]["file"].is_null());
        CHECK(errors[1]["line"].is_null());
        CHECK(errors[1]["key"] == "MACP_THREADS");
        CHECK(errors[2]["key"] == "--listen");
        CHECK(errors[3]["key"] == "MACP_TOKEN_X");
        ConfigFixture const half{"threads = \n"};
        auto const broken = half.load();
        REQUIRE_FALSE(broken);
        auto const error = nlohmann::json::parse(broken.error().members.at(0).second).at(0);
        CHECK(error["line"] == 1);
        CHECK(error["key"].is_null());
        CHECK(error["message"].get<std::string>().starts_with("not TOML: "));
    }

    TEST_CASE("warn of a variable that looks misspelt, and of no other") {
        ConfigFixture here;
        here.sources.environment = {{"MACP_TREADS", "3"},       {"MACP_WATCH_POLL_INTERVAL", "1"},
                                    {"MACP_LOG_LEVEL", "info"}, {"MACP_TOKEN_ME", "read:x"},
                                    {"MACP_URL", "http://x"},   {"MACP_CONFIG", ""},
                                    {"MACP_TEST_ECHO", "1"},    {"MACP_TASK_ID", "T-1"},
                                    {"MACP_RESULT_PATH", "r"},  {"MACP_WORKER_ID", "w"}};
        auto const loaded = here.load();
        REQUIRE(loaded);
        CHECK(
            loaded->warnings ==
            std::vector<std::string>{
                "MACP_LOG_LEVEL is not known; the nearest variable is MACP_LOGGING_LEVEL",
                "MACP_TREADS is not known; the nearest variable is MACP_THREADS",
                "MACP_WATCH_POLL_INTERVAL is not known; the nearest variable is "
                "MACP_WATCH_POLL_INTERVAL_SECONDS",
            }
        );
    }

    TEST_CASE("want a workspace that is there, and say who named another") {
        ConfigFixture here;
        CHECK(core::check_root(*here.load()));
        for (auto const& root : {here.dir / "nowhere", here.dir / "file"}) {
            write_file(here.dir / "file", "");
            here.sources.options = {{"--root", "root", root.string()}};
            auto const checked = core::check_root(*here.load());
            REQUIRE_FALSE(checked);
            CHECK(checked.error().field == "root");
            CHECK(checked.error().message.find("--root") != std::string::npos);
            CHECK_FALSE(std::filesystem::exists(here.dir / "nowhere"));
        }
    }
}

TEST_SUITE("config for serving") {
    TEST_CASE("without a token listens on loopback only") {
        core::Config config;
        CHECK(core::check_for_serving(config));
        for (auto const* const open : {"0.0.0.0:1", "[::]:1", "192.168.0.1:1", "127.evil.example:1"}) {
            config.listen = open;
            CHECK_FALSE(core::check_for_serving(config));
        }
        config.access.tokens["default"] = "admin:x";
        CHECK(core::check_for_serving(config));
        config = {};
        config.ws.listen = "0.0.0.0:9000";
        CHECK_FALSE(core::check_for_serving(config));
    }

    TEST_CASE("wants both halves of a TLS pair") {
        core::Config config;
        config.tls.key_file = "key.pem";
        CHECK_FALSE(core::check_for_serving(config));
    }

    TEST_CASE("reads addresses") {
        CHECK(core::parse_listen_address("127.0.0.1:80") == core::ListenAddress{"127.0.0.1", 80});
        CHECK(core::parse_listen_address("[::1]:0") == core::ListenAddress{"::1", 0});
        CHECK(core::parse_listen_address("[::]:80")->url() == "http://[::1]:80");
        CHECK(core::parse_listen_address("0.0.0.0:80")->url(true) == "https://127.0.0.1:80");
        for (auto const* const bad :
             {"", ":80", "host", "host:", "host:x", "host:65536", "::1:80", "[]:1", "a b:1", "http://a:1"}) {
            CHECK_FALSE(core::parse_listen_address(bad));
        }
    }

    TEST_CASE("names what a reload cannot apply, and applies the rest") {
        core::Config running;
        core::Config loaded;
        loaded.listen = "127.0.0.1:1";
        loaded.access.hosts = {"new.example"};
        CHECK(core::keys_that_need_restart(running, loaded) == std::vector<std::string>{"listen"});
        core::apply_reloadable(running, loaded);
        CHECK(running.access.hosts == loaded.access.hosts);
        CHECK(running.listen == core::Config{}.listen);
    }
}
