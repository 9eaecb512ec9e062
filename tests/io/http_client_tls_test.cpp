#include "io/http_client.hpp"
#include "io/ws_client.hpp"
#include "support/certificate.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

using namespace macp;
using core::ErrorCode;
using testing::Peer;
using testing::ScriptedServer;

namespace {

core::Result<io::HttpResponse> get(io::HttpClientOptions options, std::string url) {
    boost::asio::io_context loop{1};
    io::HttpClient client{loop.get_executor(), std::move(options)};
    io::HttpRequest request{.url = std::move(url)};
    return testing::run_on(loop, client.request(std::move(request)));
}

void answer_hello(Peer& peer) {
    if (!peer.read_request().empty()) peer.answer("hello");
}

}  // namespace

TEST_SUITE_BEGIN("io: TLS");

TEST_CASE("speaks TLS with a server whose authority it was given") {
    testing::TempDir const folder;
    testing::Certificate const certificate{"IP:127.0.0.1,DNS:localhost"};
    certificate.write_certificate(folder / "ca.pem");
    auto context = certificate.server_context();
    ScriptedServer server{{answer_hello, answer_hello}, &context};
    auto const by_address = get({.ca_file = folder / "ca.pem"}, server.url());
    REQUIRE_MESSAGE(by_address, by_address.error().message);
    CHECK(by_address->body == "hello");
    auto const by_name = get({.ca_file = folder / "ca.pem"}, "https://localhost:" + std::to_string(server.port()));
    REQUIRE_MESSAGE(by_name, by_name.error().message);
}

TEST_CASE("refuses a certificate of an unknown authority or for another host") {
    testing::TempDir const folder;
    testing::Certificate const certificate{"DNS:elsewhere.test"};
    certificate.write_certificate(folder / "ca.pem");
    auto context = certificate.server_context();
    ScriptedServer server{{answer_hello, answer_hello, answer_hello}, &context};
    auto const unknown = get({}, server.url());
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == ErrorCode::Unavailable);
    CHECK(unknown.error().message.find("certificate verify failed") != std::string::npos);
    auto const other_host = get({.ca_file = folder / "ca.pem"}, server.url());
    REQUIRE_FALSE(other_host);
    CHECK(other_host.error().message.find("certificate verify failed") != std::string::npos);
    CHECK(get({.verify = false}, server.url()));
}

TEST_CASE("says which file of authorities it cannot use") {
    auto const answer = get({.ca_file = "/nowhere/ca.pem"}, "https://127.0.0.1:1");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::InvalidField);
    CHECK(answer.error().field == "ca_file");
}

TEST_CASE("shows its certificate to a server that asks for one") {
    testing::TempDir const folder;
    testing::Certificate const server_side{"IP:127.0.0.1"};
    testing::Certificate const client_side{"DNS:client.test"};
    server_side.write_certificate(folder / "ca.pem");
    client_side.write_certificate(folder / "client.pem");
    client_side.write_key(folder / "client.key");
    auto context = server_side.server_context();
    context.set_verify_mode(boost::asio::ssl::verify_peer | boost::asio::ssl::verify_fail_if_no_peer_cert);
    context.add_certificate_authority(boost::asio::buffer(client_side.certificate_pem));
    ScriptedServer server{{answer_hello, answer_hello}, &context};

    io::HttpClientOptions const without{.ca_file = folder / "ca.pem"};
    auto const refused = get(without, server.url());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::Unavailable);

    auto with = without;
    with.client_certificate_file = folder / "client.pem";
    with.client_key_file = folder / "client.key";
    auto const answer = get(with, server.url());
    REQUIRE_MESSAGE(answer, answer.error().message);
    CHECK(answer->body == "hello");
}

TEST_CASE("says which file of its own certificate it cannot use") {
    testing::TempDir const folder;
    testing::Certificate const one{"DNS:one.test"};
    testing::Certificate const other{"DNS:other.test"};
    one.write_certificate(folder / "one.pem");
    one.write_key(folder / "one.key");
    other.write_key(folder / "other.key");
    std::string const certificate = folder / "one.pem";
    std::string const key = folder / "one.key";
    struct Case {
        std::string certificate, key, field;
    };
    for (auto const& [certificate_file, key_file, field] : {
             Case{"/nowhere/a.pem", key, "client_certificate_file"},
             {certificate, "/nowhere/a.key", "client_key_file"},
             {certificate, folder / "other.key", "client_key_file"},
             {certificate, certificate, "client_key_file"},
             {certificate, "", "client_key_file"},
             {"", key, "client_certificate_file"},
         }) {
        CAPTURE(certificate_file);
        CAPTURE(key_file);
        io::HttpClientOptions options;
        options.client_certificate_file = certificate_file;
        options.client_key_file = key_file;
        auto const answer = get(options, "https://127.0.0.1:1");
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::InvalidField);
        CHECK(answer.error().field == field);
    }
}

TEST_CASE("carries a WebSocket") {
    testing::TempDir const folder;
    testing::Certificate const certificate{"IP:127.0.0.1"};
    certificate.write_certificate(folder / "ca.pem");
    auto context = certificate.server_context();
    ScriptedServer server{
        {[](Peer& peer) {
            peer.upgrade();
            peer.send_text(peer.read_text() + "!");
        }},
        &context
    };
    boost::asio::io_context loop{1};
    io::WsOptions options{.url = server.url() + "/ws", .ca_file = folder / "ca.pem"};
    auto opening = testing::run_on(loop, io::WsClient::open(loop.get_executor(), std::move(options)));
    REQUIRE_MESSAGE(opening, opening.error().message);
    REQUIRE(opening->socket);
    REQUIRE(testing::run_on(loop, opening->socket->send("hello")));
    CHECK(testing::run_on(loop, opening->socket->read()) == "hello!");
}

TEST_SUITE_END();
