#include "http/reply.hpp"

#include "http/fixture.hpp"

#include <doctest/doctest.h>

#include <zlib.h>

TEST_SUITE_BEGIN("http answers");

using namespace macp;
using testing::generous_limits;
using testing::get;
using testing::route;
using testing::TestServer;

namespace {

std::string gunzip(std::string const& packed) {
    z_stream stream{};
    REQUIRE(::inflateInit2(&stream, 15 + 16) == Z_OK);
    std::string packed_copy = packed;
    std::string out(std::size_t{8} << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(packed_copy.data());
    stream.avail_in = static_cast<uInt>(packed_copy.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    CHECK(::inflate(&stream, Z_FINISH) == Z_STREAM_END);
    CHECK(stream.avail_in == 0);
    out.resize(stream.total_out);
    ::inflateEnd(&stream);
    return out;
}

std::string numbers(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += std::to_string(i * 977) + "\n";
    return text;
}

http::Response text_response(std::string body) {
    return {.content_type = "text/plain", .body = std::move(body)};
}

/// Hands out `pieces`, then ends; with `breaks` it fails instead.
async::Task<core::Result<std::string>> next_piece(std::shared_ptr<std::vector<std::string>> pieces, bool breaks) {
    if (pieces->empty() && breaks) co_return core::fail(core::ErrorCode::Unavailable, "the disk is gone");
    if (pieces->empty()) co_return std::string{};
    auto piece = std::move(pieces->front());
    pieces->erase(pieces->begin());
    co_return piece;
}

auto stream_of(std::vector<std::string> pieces, bool breaks = false) {
    return [pieces, breaks](http::Request const&) {
        http::Response response{.content_type = "application/x-ndjson"};
        auto const left = std::make_shared<std::vector<std::string>>(pieces);
        response.stream = [left, breaks] { return next_piece(left, breaks); };
        return response;
    };
}

}  // namespace

TEST_CASE("cuts header values at a line break") {
    std::string out;
    http::Response const response{.headers = {{"X-A", "b\r\nSet-Cookie: evil"}}};
    http::append_head(out, response, {.date = "today", .request_id = "r", .length = 0});
    CHECK(
        out ==
        "HTTP/1.1 200 OK\r\nServer: macp\r\nDate: today\r\nX-Request-Id: r\r\nX-A: b\r\n"
        "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"
    );
}

TEST_CASE("compresses large answers for those who read gzip") {
    auto limits = generous_limits();
    limits.gzip_min_bytes = 1000;
    auto const text = numbers(200'000);
    auto const shared = std::make_shared<std::string const>(text);
    std::vector<http::Route> routes{
        route("GET", "/text", [text](auto const&) { return text_response(text); }),
        route("GET", "/shared", [shared](auto const&) { return http::Response{.shared = shared}; }),
        route("GET", "/small", [](auto const&) { return text_response(std::string(999, 'x')); }),
        route("GET", "/png", [text](auto const&) { return http::Response{.content_type = "image/png", .body = text}; }),
    };
    TestServer const server{std::move(routes), limits};
    auto client = server.connect();
    for (auto const* path : {"/text", "/shared"}) {
        auto const packed = client.ask(get(path, "Accept-Encoding: br, gzip\r\n"));
        CHECK(packed.header("Content-Encoding") == "gzip");
        CHECK(packed.header("Vary") == "Accept-Encoding");
        CHECK(packed.body.size() < text.size() / 2);
        CHECK(gunzip(packed.body) == text);
        auto const plain = client.ask(get(path, "Accept-Encoding: gzip;q=0\r\n"));
        CHECK_FALSE(plain.header("Content-Encoding"));
        CHECK(plain.header("Vary") == "Accept-Encoding");
        CHECK(plain.body == text);
        CHECK(client.ask(get(path)).body == text);
    }
    CHECK_FALSE(client.ask(get("/small", "Accept-Encoding: gzip\r\n")).header("Content-Encoding"));
    CHECK_FALSE(client.ask(get("/png", "Accept-Encoding: gzip\r\n")).header("Vary"));
}

TEST_CASE("streams in chunks, until the close for HTTP/1.0") {
    TestServer const server{{route("GET", "/s", stream_of({"one\n", std::string(5000, 'x'), "three\n"}))}};
    auto const whole = "one\n" + std::string(5000, 'x') + "three\n";
    auto client = server.connect();
    auto const answer = client.ask(get("/s"));
    CHECK(answer.header("Transfer-Encoding") == "chunked");
    CHECK_FALSE(answer.header("Content-Length"));
    CHECK(answer.body == whole);
    CHECK(client.ask(get("/s")).body == whole);
    CHECK(client.ask("HEAD /s HTTP/1.1\r\nHost: localhost\r\n\r\n", false).status == 200);
    CHECK(client.ask(get("/s")).body == whole);

    auto old = server.connect();
    old.send("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    auto const text = old.read_to_end();
    CHECK(text.find("Connection: close\r\n") != std::string::npos);
    CHECK(text.find("chunked") == std::string::npos);
    CHECK(text.ends_with("\r\n\r\n" + whole));
}

TEST_CASE("compresses streams so that each piece can be read at once") {
    TestServer const server{{route("GET", "/s", stream_of({"one\n", numbers(20'000), "three\n"}))}};
    auto client = server.connect();
    auto const answer = client.ask(get("/s", "Accept-Encoding: gzip\r\n"));
    CHECK(answer.header("Content-Encoding") == "gzip");
    CHECK(gunzip(answer.body) == "one\n" + numbers(20'000) + "three\n");
}

TEST_CASE("cuts a stream off when its source fails, without the end of the chunks") {
    TestServer const server{{route("GET", "/s", stream_of({"one\n"}, true))}};
    auto client = server.connect();
    client.send(get("/s"));
    auto const text = client.read_to_end();
    CHECK(text.ends_with("\r\n\r\n4\r\none\n\r\n"));
    CHECK_FALSE(client.was_reset());

    auto old = server.connect();
    old.send("GET /s HTTP/1.0\r\n\r\n");
    static_cast<void>(old.read_to_end());
    CHECK(old.was_reset());
}

TEST_CASE("sends large bodies whole, also behind pipelined small ones") {
    auto const big = std::make_shared<std::string const>(numbers(500'000));
    std::vector<http::Route> routes{
        route("GET", "/small", [](auto const&) { return text_response("small"); }),
        route("GET", "/big", [big](auto const&) { return http::Response{.shared = big}; }),
    };
    TestServer const server{std::move(routes)};
    auto client = server.connect();
    client.send(get("/small") + get("/big") + get("/small") + get("/big"));
    CHECK(client.read().body == "small");
    CHECK(client.read().body == *big);
    CHECK(client.read().body == "small");
    CHECK(client.read().body == *big);
}

TEST_SUITE_END();
