#include "http/fixture.hpp"

#include <doctest/doctest.h>

TEST_SUITE_BEGIN("malformed requests");

using namespace macp;
using testing::route;
using testing::TestServer;

namespace {

std::vector<http::Route> routes() {
    auto const answer = [](http::Request const& request) { return http::json_response(request.body); };
    return {route("GET", "/", answer), route("POST", "/", answer, http::BodyLimit::Control)};
}

/// Must be answered 400 (or that status), and nothing behind it be taken for a request. Hands back the problem.
std::string check_refused(std::string_view request, unsigned status = 400) {
    CAPTURE(request);
    TestServer const server{routes()};
    auto client = server.connect();
    client.send(std::string{request} + "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    auto answer = client.read();
    CHECK(answer.status == status);
    CHECK(answer.header("Content-Type") == "application/problem+json");
    CHECK(answer.header("Connection") == "close");
    auto const type = status == 400 ? "/problems/bad-request" : "/problems/version-not-supported";
    CHECK(answer.body.find(type) != std::string::npos);
    client.finish_sending();
    CHECK(client.is_closed());
    return std::move(answer.body);
}

}  // namespace

TEST_CASE("refuses what is no HTTP") {
    check_refused("nonsense\r\n\r\n");
    check_refused("GET / HTTP/1.x\r\nHost: localhost\r\n\r\n");
    check_refused("GET / HTTP/x.1\r\nHost: localhost\r\n\r\n");
    check_refused("GET / HTTP/11.1\r\nHost: localhost\r\n\r\n");
    check_refused("GET / XTTP/2.0\r\nHost: localhost\r\n\r\n");
    check_refused("GET / HTTP/1.1\r\nHost localhost\r\n\r\n");
    check_refused("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n");
    check_refused("GET nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n");
    check_refused("GET /a#b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    check_refused("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    check_refused(std::string{"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", 44});
}

TEST_CASE("answers 505 to other versions of HTTP") {
    for (std::string const version : {"0.9", "1.2", "2.0", "3.0", "9.9", "2"}) {
        check_refused("GET / HTTP/" + version + "\r\nHost: localhost\r\n\r\n", 505);
    }
    check_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
}

TEST_CASE("refuses a missing, empty, doubled or contradicted host, by its name") {
    for (auto const& [lines, what] : std::vector<std::pair<std::string, std::string>>{
             {"", "needs a Host"},
             {"Host:\r\n", "Host is empty"},
             {"Host:  \r\n", "Host is empty"},
             {"Host: localhost\r\nHost: localhost\r\n", "more than one Host"},
         }) {
        auto const problem = check_refused("GET / HTTP/1.1\r\n" + lines + "\r\n");
        CHECK(problem.find(what) != std::string::npos);
        CHECK(problem.find(R"("field":"Host")") != std::string::npos);
    }
    check_refused("GET http://localhost:7/ HTTP/1.1\r\nHost: localhost:8\r\n\r\n");
}

TEST_CASE("refuses lengths that two readers could understand in two ways") {
    check_refused(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    );
    check_refused(
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"
    );
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc");
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3, 4\r\n\r\nabc");
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +3\r\n\r\nabc");
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -3\r\n\r\nabc");
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x3\r\n\r\nabc");
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\nabc");
}

TEST_CASE("refuses transfer codings other than chunked") {
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n");
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n");
    check_refused(
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n"
    );
    check_refused("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n");
    check_refused("POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

TEST_CASE("refuses folded headers and bare line feeds") {
    auto const problem = check_refused("GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n c\r\n\r\n");
    CHECK(problem.find("folded") != std::string::npos);
    check_refused("GET / HTTP/1.1\r\nHost: localhost\r\nX-A:\r\n\tc\r\n\r\n");
    check_refused("GET / HTTP/1.1\nHost: localhost\n\n");
}

TEST_CASE("refuses broken chunks") {
    std::string const head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    check_refused(head + "zz\r\n");
    check_refused(head + "2\r\nabcd\r\n0\r\n\r\n");
    check_refused(head + "fffffffffffffffff\r\n");
}

TEST_CASE("refuses broken escapes in the target but keeps the connection") {
    TestServer const server{routes()};
    auto client = server.connect();
    CHECK(client.ask("GET /?a=%2 HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 400);
    CHECK(client.ask("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 400);
    CHECK(client.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200);
}

TEST_SUITE_END();
