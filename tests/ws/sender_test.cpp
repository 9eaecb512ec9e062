#include "ws/sender.hpp"

#include "ws/ring_fixture.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <unistd.h>
#include <vector>

using namespace macp;
using testing::RingFixture;

namespace {

struct Pair {
    std::array<int, 2> ends{};
    Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }
    Pair(Pair const&) = delete;
    Pair& operator=(Pair const&) = delete;
    ~Pair() {
        ::close(ends[0]);
        if (ends[1] >= 0) ::close(ends[1]);
    }
};

}  // namespace

TEST_SUITE("sender") {
    TEST_CASE("sends to many sockets in one go, and says which took nothing and which is gone") {
        ws::Sender sender{true};
        REQUIRE_MESSAGE(sender.uses_io_uring(), "this kernel offers no io_uring; the sendmsg path is tested elsewhere");
        RingFixture fixture{ws::Format::Macp, {.types = {"a"}}};
        for (int i = 0; i < 9; ++i) fixture.add(i % 2 == 0 ? "a" : "b");  // several pieces
        ws::Outgoing outgoing;
        outgoing.gather(fixture.view, ws::Format::Macp, 0);
        REQUIRE(outgoing.pieces().size() == 5);

        Pair good;
        Pair full;
        Pair gone;
        std::vector<char> stuffing(1 << 20);
        while (::send(full.ends[0], stuffing.data(), stuffing.size(), MSG_DONTWAIT) > 0) {
        }
        ::close(gone.ends[1]);
        gone.ends[1] = -1;
        sender.add(good.ends[0], &good, outgoing);
        sender.add(full.ends[0], &full, outgoing);
        sender.add(gone.ends[0], &gone, outgoing);
        auto const& outcomes = sender.flush();

        REQUIRE(outcomes.size() == 3);
        CHECK(outcomes[0].owner == &good);
        CHECK(outcomes[0].sent == static_cast<long>(outgoing.bytes()));
        CHECK(outcomes[1].sent == -EAGAIN);
        CHECK(outcomes[2].sent == -EPIPE);
        std::string received(outgoing.bytes(), '\0');
        REQUIRE(::recv(good.ends[1], received.data(), received.size(), 0) == static_cast<ssize_t>(received.size()));
        CHECK(received == fixture.expected(0));
        CHECK(sender.flush().empty());
    }

    TEST_CASE("sends one socket its share without waiting") {
        RingFixture fixture{ws::Format::Macp, {}};
        fixture.add("a");
        ws::Outgoing outgoing;
        outgoing.gather(fixture.view, ws::Format::Macp, 0);
        Pair pair;
        CHECK(ws::Sender::send_now(pair.ends[0], outgoing.pieces()) == static_cast<long>(outgoing.bytes()));
        ::close(pair.ends[1]);
        pair.ends[1] = -1;
        CHECK(ws::Sender::send_now(pair.ends[0], outgoing.pieces()) == -EPIPE);
    }
}
