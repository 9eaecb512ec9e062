#include "ws/frame.hpp"

#include "ws/client_frames.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace macp::ws;
using macp::testing::client_frame;

namespace {

struct Seen {
    std::vector<std::pair<Opcode, std::string>> messages;
    FrameDecoder::Status last = FrameDecoder::Status::NeedMore;
    CloseCode error = CloseCode::Normal;
};

/// Feeds `bytes` in pieces of `step`.
Seen decode(std::string const& bytes, std::size_t step, std::size_t limit = 1 << 20) {
    FrameDecoder decoder{limit};
    Seen seen;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        auto input = std::string_view{bytes}.substr(at, step);
        do {
            seen.last = decoder.next(input);
            if (seen.last == FrameDecoder::Status::Message) {
                seen.messages.emplace_back(decoder.opcode(), std::string{decoder.payload()});
            }
        } while (seen.last == FrameDecoder::Status::Message);
        if (seen.last == FrameDecoder::Status::Failed) break;
    }
    seen.error = decoder.error();
    return seen;
}

}  // namespace

TEST_SUITE("frame decoder") {
    TEST_CASE("reads messages of every length, however the bytes are cut") {
        for (std::size_t const size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 70000U}) {
            std::string const text(size, 'x');
            auto const bytes = client_frame(1, text) + client_frame(1, "next");
            for (std::size_t const step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
                CAPTURE(size);
                CAPTURE(step);
                auto const seen = decode(bytes, step);
                REQUIRE(seen.messages.size() == 2);
                CHECK(seen.messages[0].second == text);
                CHECK(seen.messages[1].second == "next");
            }
        }
    }

    TEST_CASE("puts fragments together and lets control frames through between them") {
        auto const bytes = client_frame(1, "one ", false) + client_frame(9, "are you there") +
                           client_frame(0, "two ", false) + client_frame(0, "three");
        auto const seen = decode(bytes, 3);
        REQUIRE(seen.messages.size() == 2);
        CHECK(seen.messages[0] == std::pair{Opcode::Ping, std::string{"are you there"}});
        CHECK(seen.messages[1] == std::pair{Opcode::Text, std::string{"one two three"}});
    }

    TEST_CASE("accepts a code point cut by a fragment and refuses text that is not UTF-8 with 1007") {
        auto const whole = decode(client_frame(1, "\xc3", false) + client_frame(0, "\xa4"), 64);
        REQUIRE(whole.messages.size() == 1);
        CHECK(whole.messages[0].second == "\xc3\xa4");
        CHECK(decode(client_frame(1, "\xc3("), 64).error == CloseCode::InvalidPayload);
        CHECK(decode(client_frame(2, "\xc3("), 64).messages.size() == 1);
    }

    TEST_CASE("fails with 1002 on everything that RFC 6455 forbids") {
        std::string unmasked;
        append_frame(unmasked, Opcode::Text, "hi");
        std::vector<std::pair<std::string, std::string>> const cases{
            {"unmasked", unmasked},
            {"reserved bit", client_frame(1, "x", true, 4)},
            {"unknown data opcode", client_frame(3, "x")},
            {"unknown control opcode", client_frame(11, "x")},
            {"continuation of nothing", client_frame(0, "x")},
            {"new message inside a message", client_frame(1, "x", false) + client_frame(1, "y")},
            {"fragmented control frame", client_frame(9, "x", false)},
            {"long control frame", client_frame(9, std::string(126, 'x'))},
            {"close with one byte", client_frame(8, "x")},
            {"close with a code that may not be sent", client_frame(8, std::string{"\x03\xed", 2})},
        };
        for (auto const& [name, bytes] : cases) {
            CAPTURE(name);
            auto const seen = decode(bytes, 5);
            CHECK(seen.last == FrameDecoder::Status::Failed);
            CHECK(seen.error == CloseCode::ProtocolError);
        }
    }

    TEST_CASE("fails with 1009 on a message over the limit, told by the header or summed over fragments") {
        CHECK(decode(client_frame(1, std::string(101, 'x')), 8, 100).error == CloseCode::TooBig);
        CHECK(
            decode(client_frame(1, std::string(60, 'x'), false) + client_frame(0, std::string(60, 'x')), 8, 100)
                .error == CloseCode::TooBig
        );
        CHECK(decode(client_frame(1, std::string(100, 'x')), 8, 100).messages.size() == 1);
    }

    TEST_CASE("reads the code and the reason of a Close frame") {
        FrameDecoder decoder{100};
        auto const bytes = client_frame(8, "\x0f\xa1 bye");
        std::string_view input{bytes};
        REQUIRE(decoder.next(input) == FrameDecoder::Status::Message);
        CHECK(decoder.close_reason().code == 4001);
        CHECK(decoder.close_reason().reason == " bye");
    }
}

TEST_SUITE("frame encoder") {
    TEST_CASE("writes the shortest length that fits") {
        auto const header = [](std::size_t size) {
            std::string out;
            append_frame_header(out, Opcode::Text, size);
            return out;
        };
        CHECK(header(125) == std::string{"\x81\x7d", 2});
        CHECK(header(126) == std::string{"\x81\x7e\x00\x7e", 4});
        CHECK(header(65535) == std::string{"\x81\x7e\xff\xff", 4});
        CHECK(header(65536) == std::string{"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10});
    }

    TEST_CASE("cuts a long reason of a Close frame between code points") {
        std::string out;
        std::string reason;
        for (int i = 0; i < 80; ++i) reason += "\xc3\xa4";
        append_close_frame(out, CloseCode::Policy, reason);
        CHECK(out.size() == 2 + 2 + 122);
        CHECK(out.substr(2, 2) == std::string{"\x03\xf0", 2});
    }
}
