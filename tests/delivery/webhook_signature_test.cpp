#include "delivery/webhook_signature.hpp"

#include "delivery/base64.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace macp;
using core::ErrorCode;
using delivery::WebhookHeaders;
using delivery::WebhookKey;
using delivery::WebhookSigner;
using delivery::WebhookVerifier;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::string_view body = R"({"test": 2432232314})";
constexpr core::Time then{1'614'265'330s};

// The vector of the Standard Webhooks libraries; the others were made with the openssl command and Python's hmac.
std::string const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
std::string const signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
std::string const other_secret =
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
std::string const other_signature = "v1,LZ5zuwHTqQH3VM8ERUusjzVQq1FXzemvpR8Mk7Ivp5c=";
// The first key pair of RFC 8032, section 7.1.
std::string const seed = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
std::string const seed_and_public =
    "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==";
std::string const public_key = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
std::string const ed25519_signature =
    "v1a,fldxM4gAKugP6nnt1hdz3sgGfZ6d99nzrMFnZOELIxbzEHoVmAb2ADpkJK7zgPePmPsle0zV9jSeGlHFG2NVAw==";

std::string sign(std::vector<std::string> const& secrets) {
    auto const signer = WebhookSigner::make(secrets);
    REQUIRE_MESSAGE(signer, signer.error().message);
    return signer->sign(std::string{id}, then, body).signature;
}

WebhookHeaders headers_with(std::string signatures) {
    return {.id = std::string{id}, .timestamp = "1614265330", .signature = std::move(signatures)};
}

core::Result<void> verify(
    std::vector<std::string> const& secrets, WebhookHeaders const& headers, core::Time now = then,
    std::string_view text = body
) {
    auto const verifier = WebhookVerifier::make(secrets);
    REQUIRE_MESSAGE(verifier, verifier.error().message);
    return verifier->verify(headers, text, now);
}

}  // namespace

TEST_SUITE_BEGIN("delivery: Standard Webhooks");

TEST_CASE("signs as the published vectors have it") {
    CHECK(sign({secret}) == signature);
    CHECK(sign({other_secret}) == other_signature);
    CHECK(sign({seed}) == ed25519_signature);
    CHECK(sign({seed_and_public}) == ed25519_signature);
    CHECK(sign({}).empty());
}

TEST_CASE("takes the seconds of the try and keeps the id") {
    auto const signer = WebhookSigner::make(std::vector{secret});
    REQUIRE(signer);
    auto const headers = signer->sign("e_7", then + 999ms, body);
    CHECK(headers.id == "e_7");
    CHECK(headers.timestamp == "1614265330");
    CHECK(signer->sign("e_7", then + 1s, body).signature != headers.signature);
}

TEST_CASE("signs with every secret while one is being changed, and either is enough") {
    auto const both = sign({secret, other_secret, seed});
    CHECK(both == signature + ' ' + other_signature + ' ' + ed25519_signature);
    CHECK(verify({secret}, headers_with(both)));
    CHECK(verify({other_secret}, headers_with(both)));
    CHECK(verify({public_key}, headers_with(both)));
    CHECK(verify({other_secret, secret}, headers_with(signature)));
}

TEST_CASE("refuses what was not signed so") {
    auto const refuses = [](WebhookHeaders const& headers, std::string_view text = body) {
        auto const verified = verify({secret, public_key}, headers, then, text);
        REQUIRE_FALSE(verified);
        CHECK(verified.error().code == ErrorCode::Unauthorized);
        return verified.error().field;
    };
    CHECK(refuses(headers_with("")) == "webhook-signature");
    CHECK(refuses(headers_with(other_signature)) == "webhook-signature");
    CHECK(refuses(headers_with("v2," + signature.substr(3))) == "webhook-signature");
    CHECK(refuses(headers_with("v1a," + signature.substr(3))) == "webhook-signature");
    CHECK(refuses(headers_with(signature.substr(0, 20))) == "webhook-signature");
    CHECK(refuses(headers_with(signature + ',' + signature)) == "webhook-signature");
    CHECK(refuses(headers_with(signature), R"({"test": 2432232315})") == "webhook-signature");
    CHECK(refuses(headers_with(ed25519_signature), "{}") == "webhook-signature");
    CHECK(refuses({.id = "other", .timestamp = "1614265330", .signature = signature}) == "webhook-signature");
    CHECK(refuses({.id = "", .timestamp = "1614265330", .signature = signature}) == "webhook-id");
    CHECK(refuses({.id = std::string{id}, .timestamp = "1614265331", .signature = signature}) == "webhook-signature");
    for (auto const* timestamp : {"", "x", "1614265330.5", "1614265330 ", "99999999999999999999"}) {
        CHECK(refuses({.id = std::string{id}, .timestamp = timestamp, .signature = signature}) == "webhook-timestamp");
    }
}

TEST_CASE("takes a timestamp within five minutes of now, both ways") {
    auto const headers = headers_with(signature);
    CHECK(verify({secret}, headers, then + 300s));
    CHECK(verify({secret}, headers, then - 300s));
    CHECK(verify({secret}, headers, then + 301s).error().field == "webhook-timestamp");
    CHECK(verify({secret}, headers, then - 301s).error().field == "webhook-timestamp");
}

TEST_CASE("refuses a secret that is none, without repeating it") {
    for (auto const& [text, part] : {
             std::pair{std::string{"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "begins with"},
             {std::string{""}, "begins with"},
             {std::string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"}, "base64"},
             {std::string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA"}, "base64"},
             {std::string{"whsec_"}, "24 to 64 bytes, got 0"},
             {"whsec_" + delivery::to_base64(std::string(23, 'k')), "24 to 64 bytes, got 23"},
             {"whsec_" + delivery::to_base64(std::string(65, 'k')), "24 to 64 bytes, got 65"},
             {"whsk_" + delivery::to_base64(std::string(31, 'k')), "32 bytes"},
             {"whpk_" + delivery::to_base64(std::string(33, 'k')), "32 bytes, got 33"},
         }) {
        CAPTURE(text);
        auto const signer = WebhookSigner::make(std::vector{secret, text});
        REQUIRE_FALSE(signer);
        CHECK(signer.error().code == ErrorCode::InvalidField);
        CHECK(signer.error().field == "/secrets/1");
        CHECK_MESSAGE(signer.error().message.find(part) != std::string::npos, signer.error().message);
        if (text.size() > 8) CHECK(signer.error().message.find(text.substr(6)) == std::string::npos);
    }
    CHECK(WebhookSigner::make(std::vector{"whsec_" + delivery::to_base64(std::string(24, 'k'))}));
    CHECK(WebhookSigner::make(std::vector{"whsec_" + delivery::to_base64(std::string(64, 'k'))}));
    CHECK(WebhookSigner::make(std::vector{public_key}).error().field == "/secrets/0");
    CHECK(WebhookVerifier::make({}).error().code == ErrorCode::InvalidField);
}

TEST_CASE("reads and writes base64") {
    struct Case {
        std::string bytes, text;
    };
    for (auto const& [bytes, text] :
         {Case{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe", "//4="}}) {
        CHECK(delivery::to_base64(bytes) == text);
        CHECK(delivery::from_base64(text) == bytes);
        CHECK(delivery::from_base64(text.substr(0, text.find('='))) == bytes);
    }
    for (auto const* text : {"Z", "Zg=", "Zg===", "Z=g=", "Zm9v=", "Zm9 ", "Zm9v\n", "-_-_"}) {
        CAPTURE(text);
        CHECK_FALSE(delivery::from_base64(text));
    }
}

TEST_SUITE_END();
