#include "ws/outgoing.hpp"

#include "ws/client_frames.hpp"
#include "ws/ring_fixture.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace macp;
using testing::RingFixture;
using ws::Format;
using ws::Outgoing;

namespace {

std::string text_of(Outgoing& outgoing) {
    std::string text;
    for (auto const& piece : outgoing.pieces()) text.append(static_cast<char const*>(piece.iov_base), piece.iov_len);
    return text;
}

/// The payloads of unmasked frames, one after the other; fails the test when they are not whole.
std::string payloads(std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
        REQUIRE(static_cast<unsigned char>(bytes[0]) == 0x81);
        std::size_t size = static_cast<unsigned char>(bytes[1]);
        std::size_t header = 2;
        if (size >= 126) {
            std::size_t const length_bytes = size == 126 ? 2 : 8;
            size = 0;
            for (std::size_t i = 0; i < length_bytes; ++i)
                size = (size << 8U) | static_cast<unsigned char>(bytes[2 + i]);
            header += length_bytes;
        }
        REQUIRE(bytes.size() >= header + size);
        out += bytes.substr(header, size);
        bytes.remove_prefix(header + size);
    }
    return out;
}

/// Sends everything after 0 through a peer that takes a random number of bytes each time.
std::string send_in_bits(RingFixture const& fixture, Format format, unsigned seed) {
    std::mt19937 random{seed};
    Outgoing outgoing;
    std::string sent;
    core::Seq cursor = 0;
    while (true) {
        outgoing.gather(fixture.view, format, cursor);
        if (outgoing.empty()) return sent;
        auto const all = text_of(outgoing);
        auto const taken = random() % (all.size() + 1);
        sent += all.substr(0, taken);
        auto const left = outgoing.left_after(taken);
        CHECK(left.cursor >= cursor);
        sent += left.rest;
        cursor = left.cursor;
    }
}

}  // namespace

TEST_SUITE("outgoing") {
    TEST_CASE("completes the event that a short send has cut, and goes on after it, once each") {
        for (auto const& filter : {core::Filter{}, core::Filter{.types = {"a"}}}) {
            RingFixture fixture{Format::Macp, filter};
            for (int i = 0; i < 2000; ++i)
                fixture.add(i % 5 == 0 ? "b" : "a", "\"" + std::string(static_cast<std::size_t>(i % 700), 'x') + "\"");
            for (unsigned seed = 0; seed < 20; ++seed)
                CHECK(send_in_bits(fixture, Format::Macp, seed) == fixture.expected(0));
        }
    }

    TEST_CASE("cuts ndjson into whole frames that carry the same lines") {
        for (auto const& filter : {core::Filter{}, core::Filter{.types = {"a"}}}) {
            RingFixture fixture{Format::Ndjson, filter};
            fixture.format = Format::Ndjson;
            for (int i = 0; i < 2000; ++i)
                fixture.add(i % 5 == 0 ? "b" : "a", "\"" + std::string(static_cast<std::size_t>(i % 700), 'x') + "\"");
            fixture.add("a", "\"" + std::string(100'000, 'y') + "\"");
            for (unsigned seed = 0; seed < 20; ++seed) {
                CHECK(payloads(send_in_bits(fixture, Format::Ndjson, seed)) == fixture.expected(0));
            }
        }
    }

    TEST_CASE("has nothing for a reader that has seen everything") {
        RingFixture fixture{Format::Macp, {}};
        fixture.add("a");
        Outgoing outgoing;
        outgoing.gather(fixture.view, Format::Macp, 1);
        CHECK(outgoing.empty());
        CHECK(outgoing.reach() == 1);
    }

    TEST_CASE("passes its bound by one event at the most, and always has one") {
        RingFixture fixture{Format::Macp, {}, std::size_t{16} << 20};
        fixture.add("a", "\"" + std::string(Outgoing::max_bytes * 2, 'x') + "\"");
        for (int i = 0; i < 1000; ++i) fixture.add("a", "\"" + std::string(5000, 'x') + "\"");
        Outgoing outgoing;
        outgoing.gather(fixture.view, Format::Macp, 0);
        CHECK(outgoing.reach() == 1);
        outgoing.gather(fixture.view, Format::Macp, 1);
        CHECK(outgoing.bytes() <= Outgoing::max_bytes + 5200);
        CHECK(outgoing.reach() > 40);
    }
}
