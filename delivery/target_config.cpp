#include "delivery/target_config.hpp"

#include "core/ascii.hpp"
#include "delivery/webhook_signature.hpp"
#include "io/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>

namespace macp::delivery {
namespace {

using Checked = core::Result<void>;

constexpr double day = 86'400;

std::string show(double value) {
    std::array<char, std::numeric_limits<double>::max_exponent10 + 32> text{};
    auto const* const end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
    return {static_cast<char const*>(text.data()), end};
}

tl::unexpected<core::Error> refuse(std::string field, std::string what) {
    return core::fail(core::ErrorCode::InvalidField, field.substr(1) + ' ' + std::move(what), std::move(field));
}

bool is_visible(char c) {
    return c > ' ' && c <= '~';
}

struct Range {
    char const* field;
    double value;
    double least;
    double most;
    bool zero_is_off = false;  ///< 0 stands for "no limit", whatever the range.
};

Checked check_numbers(TargetConfig const& target) {
    auto const whole = [](std::size_t number) { return static_cast<double>(number); };
    std::array const ranges{
        Range{"/timeout_seconds", target.timeout_seconds, 0.05, 600},
        Range{"/retry/count", whole(target.retry.count), 0, 100},
        Range{"/retry/base_seconds", target.retry.base_seconds, 0.01, 3600},
        Range{"/retry/cap_seconds", target.retry.cap_seconds, target.retry.base_seconds, day},
        Range{"/rate_per_second", target.rate_per_second, 0.001, 100'000, true},
        Range{"/max_age_seconds", target.max_age_seconds, 1, 90 * day, true},
        Range{"/batch_events", whole(target.batch_events), 1, 1000},
        Range{"/batch_bytes", whole(target.batch_bytes), 1024, 16.0 * 1024 * 1024},
        Range{"/concurrency", whole(target.concurrency), 1, 256},
        Range{"/disable_after_seconds", target.disable_after_seconds, 1, 365 * day, true},
    };
    for (auto const& [field, value, least, most, zero_is_off] : ranges) {
        if ((zero_is_off && value == 0) || (value >= least && value <= most)) continue;
        return refuse(
            field, "must be between " + show(least) + " and " + show(most) +
                       (zero_is_off ? ", or 0 for no limit" : "") + ", got " + show(value)
        );
    }
    return {};
}

Checked check_name(std::string const& name) {
    auto const fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    };
    if (name.empty()) return refuse("/name", "is missing");
    if (name.size() <= 64 && std::ranges::all_of(name, fits) && name.front() != '.') return {};
    return refuse("/name", "must be 1 to 64 letters, digits, `-`, `_` and `.`, and not begin with a dot");
}

Checked check_url(std::string const& text) {
    if (text.empty()) return refuse("/url", "is missing");
    auto const url = io::parse_url(text);
    if (!url) return core::fail(core::ErrorCode::InvalidField, url.error().message, "/url");
    if (core::lower_case(text.substr(0, 4)) != "http") return refuse("/url", "must begin with http:// or https://");
    return {};
}

Checked check_events(TargetConfig const& target) {
    if (target.types.size() > 100) return refuse("/types", "holds more than 100 globs");
    for (std::size_t i = 0; i < target.types.size(); ++i) {
        auto const& glob = target.types[i];
        if (!glob.empty() && glob.size() <= 256 && std::ranges::all_of(glob, is_visible)) continue;
        return refuse("/types/" + std::to_string(i), "must be an event type or a glob such as `task.*`");
    }
    if (target.where.size() > 32) return refuse("/where", "holds more than 32 fields");
    for (auto const& [field, glob] : target.where) {
        if (field.empty()) return refuse("/where/", "needs the name of a field");
    }
    if (target.since.kind != core::Position::Kind::At && !target.since.epoch.empty()) {
        return refuse("/since", "must be a position, `start` or `now`");
    }
    return {};
}

/// What the request itself decides, so that nobody breaks its framing or forges what receivers trust.
bool is_ours(std::string_view name) {
    constexpr std::array<std::string_view, 11> names{
        "host",    "content-length", "content-type", "transfer-encoding",  "connection", "keep-alive", "trailer",
        "upgrade", "expect",         "te",           "proxy-authorization"
    };
    constexpr std::array<std::string_view, 3> families{"webhook-", "macp-", "ce-"};
    return std::ranges::find(names, name) != names.end() ||
           std::ranges::any_of(families, [name](auto const& family) { return name.starts_with(family); });
}

Checked check_header(std::string const& name, std::string const& value) {
    auto const field = "/headers/" + name;
    if (auto const sound = io::check_headers({{name, value}}); !sound) {
        return core::fail(core::ErrorCode::InvalidField, sound.error().message, field);
    }
    auto const printable = [](char c) { return c == '\t' || static_cast<unsigned char>(c) >= ' '; };
    if (is_ours(core::lower_case(name))) return refuse(field, "is set by the gateway itself");
    if (value == masked_value) return refuse(field, "is masked; give its value");
    if (value.size() > 4096 || !std::ranges::all_of(value, printable) || value.find('\x7f') != std::string::npos) {
        return refuse(field, "must be a line of at most 4096 bytes without control characters");
    }
    return {};
}

Checked check_headers(TargetConfig const& target) {
    if (target.headers.size() > 32) return refuse("/headers", "holds more than 32 headers");
    std::set<std::string> seen;
    for (auto const& [name, value] : target.headers) {
        if (auto const sound = check_header(name, value); !sound) return sound;
        if (!seen.insert(core::lower_case(name)).second) return refuse("/headers/" + name, "is there twice");
    }
    if (target.auth_token.empty()) return {};
    if (target.auth_token.size() > 4096 || !std::ranges::all_of(target.auth_token, is_visible)) {
        return refuse("/auth_token", "must be visible ASCII without spaces, at most 4096 bytes");
    }
    if (seen.contains("authorization")) return refuse("/auth_token", "and a header `Authorization` exclude each other");
    return {};
}

Checked check_secrets(TargetConfig const& target) {
    if (target.secrets.size() > 8) return refuse("/secrets", "holds more than 8 secrets");
    auto const signer = WebhookSigner::make(target.secrets);
    return signer ? Checked{} : Checked{core::pass_on(signer)};
}

Checked check_files(TargetConfig const& target) {
    auto const& certificate = target.client_certificate_file;
    auto const& key = target.client_key_file;
    if (certificate.empty() != key.empty()) {
        return refuse(
            certificate.empty() ? "/client_certificate_file" : "/client_key_file",
            "is missing: a client certificate and its key go together"
        );
    }
    for (auto const& [field, file] :
         {std::pair{"/ca_file", &target.ca_file}, {"/client_certificate_file", &certificate}, {"/client_key_file", &key}
         }) {
        if (file->find('\0') != std::string::npos) return refuse(field, "must not hold a zero byte");
    }
    return {};
}

}  // namespace

core::Filter TargetConfig::filter() const {
    return {.types = types, .where = where};
}

std::string_view to_text(Format format) {
    switch (format) {
        case Format::Binary:
            return "binary";
        case Format::Raw:
            return "raw";
        case Format::Batch:
            return "batch";
        case Format::CloudEvents:
            break;
    }
    return "cloudevents";
}

std::string_view to_text(Ordering ordering) {
    switch (ordering) {
        case Ordering::Subject:
            return "subject";
        case Ordering::None:
            return "none";
        case Ordering::Target:
            break;
    }
    return "target";
}

core::Result<void> validate(TargetConfig const& target) {
    auto checked = check_name(target.name);
    if (checked) checked = check_url(target.url);
    if (checked) checked = check_events(target);
    if (checked) checked = check_headers(target);
    if (checked) checked = check_secrets(target);
    if (checked) checked = check_files(target);
    if (checked) checked = check_numbers(target);
    return checked;
}

}  // namespace macp::delivery
