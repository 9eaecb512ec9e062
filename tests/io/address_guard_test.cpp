#include "io/address_guard.hpp"

#include "io/http_client.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

using namespace macp;
using boost::asio::ip::make_address;
using core::ErrorCode;
using testing::Peer;
using testing::ScriptedServer;

namespace {

io::AddressGuard guard_of(io::AddressPolicy const& policy) {
    auto guard = io::AddressGuard::make(policy);
    REQUIRE_MESSAGE(guard, guard.error().message);
    return *std::move(guard);
}

std::string rule_of(std::string const& address) {
    auto const* const rule = io::rule_of(make_address(address));
    return rule == nullptr ? "" : rule;
}

bool passes(io::AddressPolicy const& policy, std::string const& address, std::string_view host = "a.test") {
    return guard_of(policy).check(host, make_address(address)).has_value();
}

core::Result<io::HttpResponse> get(std::string url, io::AddressPolicy const& policy) {
    boost::asio::io_context loop{1};
    io::HttpClientOptions options;
    options.guard = std::make_shared<io::AddressGuard const>(guard_of(policy));
    io::HttpClient client{loop.get_executor(), std::move(options)};
    io::HttpRequest request{.url = std::move(url)};
    return testing::run_on(loop, client.request(std::move(request)));
}

}  // namespace

TEST_SUITE_BEGIN("io: address guard");

TEST_CASE("knows every address that is not of the public internet") {
    struct Case {
        char const* address;
        char const* rule;
    };
    for (auto const& [address, rule] : {
             Case{"127.0.0.1", "loopback"},
             {"127.255.255.255", "loopback"},
             {"::1", "loopback"},
             {"10.0.0.1", "private"},
             {"10.255.255.255", "private"},
             {"172.16.0.0", "private"},
             {"172.31.255.255", "private"},
             {"192.168.1.1", "private"},
             {"100.64.0.1", "private"},
             {"100.127.255.255", "private"},
             {"fc00::1", "private"},
             {"fdff::1", "private"},
             {"fec0::1", "private"},
             {"169.254.0.1", "link-local"},
             {"fe80::1", "link-local"},
             {"febf::1", "link-local"},
             {"fe80::1%1", "link-local"},
             {"169.254.169.254", "metadata"},
             {"169.254.170.2", "metadata"},
             {"100.100.100.200", "metadata"},
             {"168.63.129.16", "metadata"},
             {"192.0.0.192", "metadata"},
             {"fd00:ec2::254", "metadata"},
             {"0.0.0.0", "unspecified"},
             {"0.1.2.3", "unspecified"},
             {"::", "unspecified"},
             {"224.0.0.1", "multicast"},
             {"239.255.255.255", "multicast"},
             {"ff02::1", "multicast"},
             {"255.255.255.255", "broadcast"},
             {"192.0.2.1", "documentation"},
             {"198.51.100.7", "documentation"},
             {"203.0.113.255", "documentation"},
             {"2001:db8::1", "documentation"},
             {"3fff::1", "documentation"},
             {"198.18.0.1", "benchmark"},
             {"198.19.255.255", "benchmark"},
             {"2001:2::1", "benchmark"},
             {"240.0.0.1", "reserved"},
             {"192.0.0.1", "reserved"},
             {"64:ff9b:1::1", "reserved"},
             {"100::1", "reserved"},
         }) {
        CAPTURE(address);
        CHECK(rule_of(address) == rule);
        CHECK_FALSE(passes({}, address));
    }
}

TEST_CASE("lets the public internet pass, up to the edges of each block") {
    for (auto const* address :
         {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
          "126.255.255.255", "128.0.0.0",       "169.253.255.255", "169.255.0.0",    "172.15.255.255",
          "172.32.0.0",      "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
          "223.255.255.255", "2606:4700::1111", "2a00::1",         "fbff::1",        "64:ff9c::1"}) {
        CAPTURE(address);
        CHECK(rule_of(address).empty());
        CHECK(passes({}, address));
    }
}

TEST_CASE("judges an IPv4 address inside an IPv6 one as itself") {
    struct Case {
        char const* address;
        char const* rule;
    };
    for (auto const& [address, rule] : {
             Case{"::ffff:127.0.0.1", "loopback"},
             {"::ffff:10.0.0.1", "private"},
             {"::ffff:169.254.169.254", "metadata"},
             {"::ffff:0:10.0.0.1", "private"},
             {"::10.0.0.1", "private"},
             {"::7f00:1", "loopback"},
             {"64:ff9b::10.0.0.1", "private"},
             {"64:ff9b::a9fe:a9fe", "metadata"},
             {"2002:a00:1::", "private"},
             {"2002:7f00:1::1", "loopback"},
             {"2001:0:1:2:3:4:f5ff:fffe", "private"},  // Teredo of 10.0.0.1
             {"::ffff:1.1.1.1", ""},
             {"64:ff9b::1.1.1.1", ""},
             {"2002:101:101::", ""},
         }) {
        CAPTURE(address);
        CHECK(rule_of(address) == rule);
    }
}

TEST_CASE("opens what the policy names, and no more") {
    CHECK(passes({.allow_loopback = true}, "127.0.0.1"));
    CHECK(passes({.allow_loopback = true}, "::ffff:127.0.0.1"));
    CHECK_FALSE(passes({.allow_loopback = true}, "10.0.0.1"));
    CHECK_FALSE(passes({.allow_loopback = true}, "0.0.0.0"));
    CHECK(passes({.allow_private = true}, "10.0.0.1"));
    CHECK_FALSE(passes({.allow_private = true}, "127.0.0.1"));
    CHECK_FALSE(passes({.allow_private = true}, "169.254.0.1"));
    CHECK_FALSE(passes({.allow_private = true}, "169.254.169.254"));
    CHECK_FALSE(passes({.allow_private = true}, "100.100.100.200"));
    CHECK_FALSE(passes({.allow_private = true}, "fd00:ec2::254"));

    io::AddressPolicy const listed{
        .allow = {"10.1.0.0/16", "192.168.1.7", "fd00:1::/32", "Hooks.Example", "*.internal", "169.254.169.254"}
    };
    CHECK(passes(listed, "10.1.255.255"));
    CHECK_FALSE(passes(listed, "10.2.0.0"));
    CHECK(passes(listed, "::ffff:10.1.0.1"));
    CHECK(passes(listed, "192.168.1.7"));
    CHECK_FALSE(passes(listed, "192.168.1.8"));
    CHECK(passes(listed, "fd00:1::1"));
    CHECK_FALSE(passes(listed, "fd00:2::1"));
    CHECK(passes(listed, "10.9.9.9", "hooks.example"));
    CHECK(passes(listed, "10.9.9.9", "a.b.internal"));
    CHECK_FALSE(passes(listed, "10.9.9.9", "internal"));
    CHECK_FALSE(passes(listed, "10.9.9.9", "hooks.example.evil.test"));
    CHECK(passes(listed, "169.254.169.254"));
    CHECK(passes({.allow = {"0.0.0.0/0"}}, "10.0.0.1"));
    CHECK_FALSE(passes({.allow = {"0.0.0.0/0"}}, "fd00::1"));
}

TEST_CASE("refuses an entry of the list that it cannot read") {
    for (auto const* entry :
         {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "fd00::/129", "10.*", "*", "a b", "a/8",
          "http://a", "a.*.b"}) {
        CAPTURE(entry);
        auto const guard = io::AddressGuard::make({.allow = {entry}});
        REQUIRE_FALSE(guard);
        CHECK(guard.error().code == ErrorCode::InvalidField);
        CHECK(guard.error().field == "outgoing.allow");
    }
}

TEST_CASE("names the rule and the setting that would allow it") {
    auto const guard = guard_of({});
    CHECK(
        guard.check("db.test", make_address("10.0.0.1")).error().message ==
        "private address 10.0.0.1 of `db.test` is refused: rule `private`; allow it with `outgoing.allow_private = "
        "true` or `outgoing.allow = [\"10.0.0.1\"]`"
    );
    auto const metadata = guard.check("169.254.169.254", make_address("169.254.169.254")).error();
    CHECK(metadata.code == ErrorCode::Forbidden);
    CHECK(
        metadata.message ==
        "metadata address 169.254.169.254 is refused: rule `metadata`; allow it with "
        "`outgoing.allow = [\"169.254.169.254\"]`"
    );
}

TEST_CASE("keeps the HTTP client from an address however it is written") {
    ScriptedServer server{{}};
    auto const port = std::to_string(server.port());
    for (auto const* host :
         {"127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "localhost", "[::ffff:127.0.0.1]", "[::1]",
          "0.0.0.0", "0", "[::]"}) {
        CAPTURE(host);
        auto const answer = get(std::string{"http://"} + host + ':' + port + '/', {});
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::Forbidden);
        CHECK(answer.error().message.find("rule `") != std::string::npos);
    }
    CHECK(server.connections() == 0);
}

TEST_CASE("lets the HTTP client reach what the policy allows, by address and by name") {
    auto const hello = [](Peer& peer) {
        peer.read_request();
        peer.answer("hello");
    };
    ScriptedServer server{{hello, hello, hello}};
    auto const by_address = get(server.url(), {.allow_loopback = true});
    REQUIRE_MESSAGE(by_address, by_address.error().message);
    CHECK(by_address->peer == "127.0.0.1:" + std::to_string(server.port()));
    auto const name = "http://localhost:" + std::to_string(server.port());
    CHECK(get(name, {.allow_loopback = true}));
    CHECK(get(name, {.allow = {"127.0.0.0/8"}}));  // `::1`, when the name has it too, is left out
}

TEST_SUITE_END();
