#include "server/running_gateway.hpp"
#include "support/certificate.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

using namespace macp;
using namespace std::chrono_literals;
using testing::RunningGateway;

namespace {

void write(std::filesystem::path const& file, std::string_view text) {
    std::ofstream{file} << text;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

/// What the gateway reads the next time: these tokens, `name scopes token` a line.
void configure_tokens(RunningGateway const& gateway, std::string_view tokens) {
    write(gateway.root() / "macp.toml", "[access]\ntokens_file = \"tokens\"\n");
    write(gateway.root() / "tokens", tokens);
}

}  // namespace

TEST_SUITE("reload") {
    TEST_CASE("changes nothing when one of the files is bad, a certificate too") {
        testing::TempDir const files;
        testing::Certificate const certificate{"IP:127.0.0.1"};
        for (auto const* const name : {"cert.pem", "authority.pem"}) certificate.write_certificate(files / name);
        certificate.write_key(files / "key.pem");
        RunningGateway gateway{[&](core::Config& config) {
            config.tls = {.certificate_file = files / "cert.pem", .key_file = files / "key.pem"};
            config.access.tokens = {{"ops", "read:old-secret"}};
        }};
        auto const is_known = [&](std::string token) {
            client::Client client{client::ClientOptions{
                .url = "https://" + (*gateway).address(),
                .token = std::move(token),
                .ca_file = files / "authority.pem",
                .retry = {.tries = 1}
            }};
            return client.status().has_value();
        };
        CHECK(is_known("old-secret"));

        configure_tokens(gateway, "ops read new-secret\n");
        write(files / "cert.pem", "not a certificate");
        auto const refused = (*gateway).reload();
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message.find("cert.pem") != std::string::npos);
        CHECK(is_known("old-secret"));
        CHECK_FALSE(is_known("new-secret"));

        certificate.write_certificate(files / "cert.pem");
        REQUIRE((*gateway).reload());
        CHECK_FALSE(is_known("old-secret"));
        CHECK(is_known("new-secret"));
    }

    TEST_CASE("ends the sessions of a token that may no longer read") {
        RunningGateway gateway{[](core::Config& config) {
            config.access.tokens = {{"ops", "read,ingest:ops-secret"}, {"boss", "admin:boss-secret"}};
        }};
        auto options = gateway.subscription("start");
        options.token = "ops-secret";
        client::Subscription ops{options};
        REQUIRE(ops.next(20s));
        options.token = "boss-secret";
        client::Subscription boss{options};
        REQUIRE(boss.next(20s));

        configure_tokens(gateway, "ops ingest ops-secret\nboss admin boss-secret\n");
        REQUIRE((*gateway).reload());
        auto ended = ops.next(20s);
        while (ended && *ended) ended = ops.next(20s);
        REQUIRE_FALSE(ended);
        CHECK(ended.error().code == core::ErrorCode::Forbidden);

        auto client = gateway.client("ops-secret");
        REQUIRE(client.emit({{"type", "after"}}));
        auto event = boss.next(20s);
        while (event && *event && (*event)->type != "after") event = boss.next(20s);
        CHECK((event && *event));
    }
}
