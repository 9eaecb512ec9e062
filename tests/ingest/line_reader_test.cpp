#include "ingest/line_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using macp::ingest::Line;
using macp::ingest::LineReader;

namespace {

void feed(LineReader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
        auto const space = reader.space();
        auto const some = std::min(space.size(), bytes.size());
        std::ranges::copy(bytes.substr(0, some), space.begin());
        reader.filled(some);
        bytes.remove_prefix(some);
        if (!bytes.empty()) return;  // the caller must take lines first
    }
}

struct Cut {
    std::string text;
    std::uint64_t begin = 0;
    std::uint64_t length = 0;
    bool too_long = false;
    bool operator==(Cut const&) const = default;
};

std::vector<Cut> take(LineReader& reader) {
    std::vector<Cut> lines;
    while (auto const line = reader.next())
        lines.push_back({std::string{line->text}, line->begin, line->length, line->too_long});
    return lines;
}

std::vector<std::string> texts(std::vector<Cut> const& lines) {
    std::vector<std::string> out;
    for (auto const& line : lines) out.push_back(line.text);
    return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("line reader") {
    TEST_CASE("cuts lines, trims carriage returns and passes over blank ones") {
        LineReader reader{1000};
        feed(reader, "one\r\n\n  \t\r\ntwo\nthr");
        auto const lines = take(reader);
        CHECK(texts(lines) == Texts{"one", "two"});
        CHECK(lines[1].begin == 11);
        CHECK(reader.done() == 15);
        CHECK(reader.torn());
    }

    TEST_CASE("keeps a torn line until its end comes, in however many pieces") {
        LineReader reader{1000};
        feed(reader, "ab");
        CHECK(take(reader).empty());
        CHECK(reader.done() == 0);
        feed(reader, "cd");
        CHECK(take(reader).empty());
        feed(reader, "e\nf");
        CHECK(texts(take(reader)) == Texts{"abcde"});
        CHECK(reader.done() == 6);
    }

    TEST_CASE("drops a line over the limit up to its end, keeps its beginning and goes on behind it") {
        LineReader reader{100, 32};
        std::string const huge(100'000, 'x');
        std::string const stream = "a\n" + huge + "\nb\n";
        std::vector<Cut> lines;
        for (std::size_t at = 0; at < stream.size(); at += 16) {
            feed(reader, std::string_view{stream}.substr(at, 16));
            for (auto& line : take(reader)) lines.push_back(line);
            if (at > 200 && at < huge.size()) {
                REQUIRE(reader.done() == 2);  // a kill here begins again at the line's first byte
                REQUIRE(reader.space().size() <= 400);
            }
        }
        REQUIRE(lines.size() == 3);
        CHECK(lines[1] == Cut{huge.substr(0, LineReader::kept_bytes), 2, 100'000, true});
        CHECK(lines[2] == Cut{"b", 100'003, 1, false});
    }

    TEST_CASE("takes a line of exactly the limit, with and without a carriage return, and refuses one byte more") {
        LineReader reader{10};
        feed(reader, "0123456789\n0123456789\r\n0123456789x\n");
        auto const lines = take(reader);
        REQUIRE(lines.size() == 3);
        CHECK_FALSE(lines[0].too_long);
        CHECK_FALSE(lines[1].too_long);
        CHECK(lines[2].too_long);
    }

    TEST_CASE("hands out the rest of a stream that has ended") {
        LineReader reader{100};
        feed(reader, "one\ntwo");
        CHECK(texts(take(reader)) == Texts{"one"});
        auto const rest = reader.finish();
        REQUIRE(rest);
        CHECK(rest->text == "two");
        CHECK(reader.done() == 7);
        CHECK_FALSE(reader.finish());
    }

    TEST_CASE("settles: keeps a short torn line without the buffer, forgets a long one") {
        LineReader reader{100};
        feed(reader, "one\ntw");
        CHECK(take(reader).size() == 1);
        CHECK(reader.settle(2));
        feed(reader, "o\nthree");
        CHECK(texts(take(reader)) == Texts{"two"});
        CHECK_FALSE(reader.settle(2));
        CHECK(reader.done() == 8);
        feed(reader, "three\n");
        CHECK(texts(take(reader)) == Texts{"three"});
    }

    TEST_CASE("cuts the same lines however the stream is sliced") {
        std::mt19937 random{7};
        for (int round = 0; round < 200; ++round) {
            std::string stream;
            for (int i = 0; i < 60; ++i) {
                stream += std::string(random() % 40, static_cast<char>('a' + random() % 3));
                stream += random() % 4 == 0 ? "\r\n" : "\n";
            }
            LineReader whole{30, 8192};
            feed(whole, stream);
            auto const expected = take(whole);

            LineReader sliced{30, 16};
            std::vector<Cut> lines;
            for (std::size_t at = 0; at < stream.size();) {
                auto const some = std::min<std::size_t>(1 + random() % 16, stream.size() - at);
                feed(sliced, std::string_view{stream}.substr(at, some));
                at += some;
                for (auto& line : take(sliced)) lines.push_back(line);
                if (random() % 5 == 0) REQUIRE(sliced.settle(1000));
            }
            REQUIRE(lines.size() == expected.size());
            for (std::size_t i = 0; i < lines.size(); ++i) {
                CHECK(lines[i].text == expected[i].text);
                CHECK(lines[i].begin == expected[i].begin);
                CHECK(lines[i].too_long == expected[i].too_long);
            }
        }
    }
}
