#include "ws/hub_fixture.hpp"

#include <arpa/inet.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MACP_SANITIZED_HEAP
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MACP_SANITIZED_HEAP
#endif
#endif
#ifdef MACP_SANITIZED_HEAP
#include <sanitizer/allocator_interface.h>
#else
#include <malloc.h>
#endif

namespace macp::testing {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds guard{60};

struct SocketPair {
    int ours;
    int theirs;
};

/// Two ends of a TCP connection over loopback.
SocketPair connect_tcp(int buffer_bytes) {
    int const listener = ::socket(AF_INET, SOCK_STREAM, 0);
    int const peer = ::socket(AF_INET, SOCK_STREAM, 0);
    if (buffer_bytes > 0) {
        ::setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
        ::setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
        ::setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
        ::setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const place = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener, place, size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    REQUIRE(::getsockname(listener, place, &size) == 0);
    REQUIRE(::connect(peer, place, size) == 0);
    int const accepted = ::accept(listener, nullptr, nullptr);
    REQUIRE(accepted >= 0);
    ::close(listener);
    return {.ours = accepted, .theirs = peer};
}

/// Takes a turn of the loop, as the gateway's own does, which asks the other shards.
async::Task<std::string> count_telemetry(int& calls) {
    auto const executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, async::nothrow);
    ++calls;
    co_return R"({"n":)" + std::to_string(calls) + "}";
}

}  // namespace

HubFixture::HubFixture(std::function<void(Setup&)> const& change) {
    Setup setup{.log = log_.options};
    setup.ws.heartbeat_seconds = setup.ws.idle_timeout_seconds = 3600;
    if (change) change(setup);
    log_.open();
    hub_ = std::make_unique<ws::Hub>(
        shard_, ws::HubServices{
                    .log = log(),
                    .readers = readers_,
                    .seats = seats_.emplace(setup.ws.max_subscribers),
                    .config = setup.ws,
                    .telemetry = [this] { return count_telemetry(telemetry_calls); },
                    .still_valid = [this](std::string const& caller) { return caller != revoked; },
                }
    );
}

HubFixture::~HubFixture() {
    hub_->drain();  // those still open end when their peers, gone by now, are found to be gone
    auto const give_up = std::chrono::steady_clock::now() + guard;
    while (hub_->counters().sessions > 0 && std::chrono::steady_clock::now() < give_up) {
        shard_.context().run_one_for(std::chrono::milliseconds{5});
    }
    CHECK_MESSAGE(hub_->counters().sessions == 0, "a session is still there");
}

HubPeer HubFixture::connect(
    ws::Format format, std::optional<ws::Subscribe> opening, int buffer_bytes, std::string leftover, std::string caller
) {
    auto const pair = connect_tcp(buffer_bytes);
    http::Socket socket{shard_.executor()};
    socket.assign(asio::ip::tcp::v4(), pair.ours);
    auto session = std::make_shared<ws::Session>(
        *hub_, std::make_unique<http::Transport>(std::move(socket)), format,
        ws::Peer{.id = "r", .remote = "test", .caller = std::move(caller)}
    );
    shard_.tasks().spawn(ws::Session::run(std::move(session), std::move(leftover), std::move(opening)));
    turn();
    return {*this, pair.theirs, format};
}

void HubFixture::commit(int count, std::string const& type, std::size_t data_bytes) {
    std::vector<core::NewEvent> events;
    for (int i = 0; i < count; ++i) {
        events.push_back({
            .id = std::to_string(next_ + i),
            .source = "/s",
            .type = type,
            .data = R"({"n":)" + std::to_string(next_ + i) + R"(,"f":")" + std::string(data_bytes, 'x') + "\"}",
        });
    }
    next_ += count;
    commit(std::move(events));
}

void HubFixture::commit(std::vector<core::NewEvent> events) {
    REQUIRE(append(log(), std::move(events)));
}

void HubFixture::turn() {
    while (shard_.context().poll() > 0) {
    }
}

void HubFixture::run_until(std::function<bool()> const& happened) {
    auto const give_up = std::chrono::steady_clock::now() + guard;
    turn();
    while (!happened()) {
        if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error{"it did not happen in time"};
        shard_.context().run_one_for(std::chrono::milliseconds{5});
        turn();
    }
}

void HubFixture::pass_on(int count, std::string const& type, std::size_t data_bytes) {
    commit(count, type, data_bytes);
    run_until([this] { return hub_->processed() == log().tail().last(); });
}

std::unique_ptr<HubFixture::Held> HubFixture::hold_readers() {
    return std::make_unique<Held>(*this);
}

namespace {

async::Task<> wait_in_pool(async::WorkerPool& pool, std::shared_future<void> opened) {
    auto wait = [opened = std::move(opened)]() -> core::Result<int> {
        opened.wait();
        return 0;
    };
    co_await pool.run(std::move(wait));
}

}  // namespace

HubFixture::Held::Held(HubFixture& fixture) {
    asio::co_spawn(
        fixture.shard().executor(), wait_in_pool(fixture.readers_, open_.get_future().share()), asio::detached
    );
    fixture.turn();
    fixture.run_until([&fixture] { return fixture.readers_.depth() == 1; });
}

std::vector<core::Seq> every(core::Seq first, core::Seq last) {
    std::vector<core::Seq> seqs;
    for (auto seq = first; seq <= last; ++seq) seqs.push_back(seq);
    return seqs;
}

std::size_t heap_bytes() {
#ifdef MACP_SANITIZED_HEAP
    return __sanitizer_get_current_allocated_bytes();
#else
    auto const heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
#endif
}

ws::Subscribe since_start(core::Filter filter) {
    return {.filter = std::move(filter), .since = {.kind = core::Position::Kind::Start}};
}

}  // namespace macp::testing
