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
