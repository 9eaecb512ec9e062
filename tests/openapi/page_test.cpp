#include "openapi/embedded.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <array>
#include <string>
#include <string_view>

namespace {

std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
    auto const begin = text.find(open) + open.size();
    return text.substr(begin, text.find(close, begin) - begin);
}

/// A source of a Content-Security-Policy: the hash of an inline element.
std::string source_of(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::array<unsigned char, 45> encoded{};
    EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
    return "'sha256-" + std::string{reinterpret_cast<char const*>(encoded.data())} + '\'';
}

}  // namespace

TEST_SUITE("the documentation page") {
    TEST_CASE("asks for nothing from elsewhere") {
        auto const page = macp::openapi::docs_html();
        CHECK(page.starts_with("<!doctype html>"));
        CHECK(page.find("http://") == std::string_view::npos);
        CHECK(page.find("https://") == std::string_view::npos);
        CHECK(page.find("src=") == std::string_view::npos);
        CHECK(page.find("@import") == std::string_view::npos);
    }

    TEST_CASE("runs under its policy: its own script and style are named by their hashes, nothing else is allowed") {
        auto const page = macp::openapi::docs_html();
        auto const policy = macp::openapi::docs_policy();
        CHECK(policy.starts_with("default-src 'none';"));
        CHECK(policy.find("unsafe") == std::string_view::npos);
        CHECK(
            policy.find("script-src " + source_of(between(page, "<script>", "</script>")) + ';') !=
            std::string_view::npos
        );
        CHECK(
            policy.find("style-src " + source_of(between(page, "<style>", "</style>")) + ';') != std::string_view::npos
        );
        CHECK(page.find(" onclick=") == std::string_view::npos);
        CHECK(page.find(" style=") == std::string_view::npos);
    }
}
