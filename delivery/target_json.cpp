#include "core/json.hpp"
#include "delivery/target_config.hpp"
#include "delivery/webhook_signature.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <span>

namespace macp::delivery {
namespace {

using nlohmann::json;
using Read = core::Result<void>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

tl::unexpected<core::Error> refuse(std::string const& field, std::string_view what) {
    auto const name = field.empty() ? std::string{"the body"} : field.substr(1);
    return core::fail(core::ErrorCode::InvalidField, name + ' ' + std::string{what}, field);
}

/// A member's JSON pointer.
std::string below(std::string field, std::string_view name) {
    field += '/';
    for (char const c : name) field += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return field;
}

Read read(std::string& out, json const& value, std::string const& field) {
    auto const* const text = value.get_ptr<json::string_t const*>();
    if (text == nullptr) return refuse(field, "must be a text");
    out = *text;
    return {};
}

Read read(bool& out, json const& value, std::string const& field) {
    if (!value.is_boolean()) return refuse(field, "must be true or false");
    out = value.get<bool>();
    return {};
}

Read read(double& out, json const& value, std::string const& field) {
    if (!value.is_number()) return refuse(field, "must be a number");
    out = value.get<double>();
    return {};
}

Read read(std::size_t& out, json const& value, std::string const& field) {
    if (!value.is_number_unsigned()) return refuse(field, "must be a whole number, and not below 0");
    out = value.get<std::size_t>();
    return {};
}

Read read(std::vector<std::string>& out, json const& value, std::string const& field) {
    if (!value.is_array()) return refuse(field, "must be a list of texts");
    std::vector<std::string> list(value.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (auto const done = read(list[i], value[i], below(field, std::to_string(i))); !done) return done;
    }
    out = std::move(list);
    return {};
}

/// Names and values; numbers and booleans count as their text.
Read read(Pairs& out, json const& value, std::string const& field) {
    if (!value.is_object()) return refuse(field, "must be an object of names and texts");
    Pairs pairs;
    for (auto const& [name, item] : value.items()) {
        auto const* const text = item.get_ptr<json::string_t const*>();
        if (text == nullptr && !item.is_number() && !item.is_boolean()) {
            return refuse(below(field, name), "must be a text, a number or a boolean");
        }
        pairs.emplace_back(name, text != nullptr ? *text : core::dump_json(item));
    }
    out = std::move(pairs);
    return {};
}

template <class Choice, std::size_t N>
Read choose(Choice& out, json const& value, std::string const& field, std::array<Choice, N> const& choices) {
    auto const* const text = value.get_ptr<json::string_t const*>();
    std::string names;
    for (auto const choice : choices) {
        if (text != nullptr && to_text(choice) == *text) {
            out = choice;
            return {};
        }
        names += (names.empty() ? "`" : ", `") + std::string{to_text(choice)} + '`';
    }
    return refuse(field, "must be one of " + names);
}

Read read(Format& out, json const& value, std::string const& field) {
    return choose(out, value, field, std::array{Format::CloudEvents, Format::Binary, Format::Raw, Format::Batch});
}

Read read(Ordering& out, json const& value, std::string const& field) {
    return choose(out, value, field, std::array{Ordering::Target, Ordering::Subject, Ordering::None});
}

Read read(core::Position& out, json const& value, std::string const& field) {
    auto const* const text = value.get_ptr<json::string_t const*>();
    if (text == nullptr && !value.is_number_unsigned()) return refuse(field, "must be a position, `start` or `now`");
    auto const position = core::parse_position(text != nullptr ? *text : core::dump_json(value));
    if (!position) return core::fail(core::ErrorCode::InvalidField, position.error().message, field);
    out = *position;
    return {};
}

Read read(RetryPolicy& out, json const& value, std::string const& field);

template <class Owner>
struct Member {
    std::string_view name;
    Read (*take)(Owner&, json const&, std::string const& field);
};

/// Null sets the member back to its default.
template <auto Field, class Owner>
Read take(Owner& owner, json const& value, std::string const& field) {
    if (!value.is_null()) return read(owner.*Field, value, field);
    owner.*Field = Owner{}.*Field;
    return {};
}

constexpr std::array<Member<RetryPolicy>, 3> retry_members{{
    {"count", take<&RetryPolicy::count, RetryPolicy>},
    {"base_seconds", take<&RetryPolicy::base_seconds, RetryPolicy>},
    {"cap_seconds", take<&RetryPolicy::cap_seconds, RetryPolicy>},
}};

constexpr std::array<Member<TargetConfig>, 24> target_members{{
    {"name", take<&TargetConfig::name, TargetConfig>},
    {"url", take<&TargetConfig::url, TargetConfig>},
    {"types", take<&TargetConfig::types, TargetConfig>},
    {"where", take<&TargetConfig::where, TargetConfig>},
    {"format", take<&TargetConfig::format, TargetConfig>},
    {"secrets", take<&TargetConfig::secrets, TargetConfig>},
    {"secret_env", take<&TargetConfig::secret_env, TargetConfig>},
    {"headers", take<&TargetConfig::headers, TargetConfig>},
    {"auth_token", take<&TargetConfig::auth_token, TargetConfig>},
    {"auth_token_env", take<&TargetConfig::auth_token_env, TargetConfig>},
    {"timeout_seconds", take<&TargetConfig::timeout_seconds, TargetConfig>},
    {"retry", take<&TargetConfig::retry, TargetConfig>},
    {"ordering", take<&TargetConfig::ordering, TargetConfig>},
    {"rate_per_second", take<&TargetConfig::rate_per_second, TargetConfig>},
    {"max_age_seconds", take<&TargetConfig::max_age_seconds, TargetConfig>},
    {"batch_events", take<&TargetConfig::batch_events, TargetConfig>},
    {"batch_bytes", take<&TargetConfig::batch_bytes, TargetConfig>},
    {"concurrency", take<&TargetConfig::concurrency, TargetConfig>},
    {"ca_file", take<&TargetConfig::ca_file, TargetConfig>},
    {"client_certificate_file", take<&TargetConfig::client_certificate_file, TargetConfig>},
    {"client_key_file", take<&TargetConfig::client_key_file, TargetConfig>},
    {"disable_after_seconds", take<&TargetConfig::disable_after_seconds, TargetConfig>},
    {"since", take<&TargetConfig::since, TargetConfig>},
    {"enabled", take<&TargetConfig::enabled, TargetConfig>},
}};

/// Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            auto const changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = std::exchange(row[j + 1], std::min({changed, row[j + 1] + 1, row[j] + 1}));
        }
    }
    return row.back();
}

/// How far a name is from a known one; one that only lacks its end, as a unit, is near.
std::size_t distance(std::string_view name, std::string_view known) {
    auto const begun = !name.empty() && (known.starts_with(name) || name.starts_with(known));
    return begun ? 1 : edit_distance(name.substr(0, 64), known);
}

template <class Owner>
Read read_members(Owner& owner, json const& body, std::string const& field, std::span<Member<Owner> const> members) {
    if (!body.is_object()) return refuse(field, "must be a JSON object");
    for (auto const& [name, value] : body.items()) {
        auto const known = std::ranges::find(members, std::string_view{name}, &Member<Owner>::name);
        if (known == members.end()) {
            auto const from_name = [&name](Member<Owner> const& one) { return distance(name, one.name); };
            auto const nearest = std::ranges::min_element(members, {}, from_name)->name;
            return refuse(below(field, name), "is unknown; the nearest known name is `" + std::string{nearest} + '`');
        }
        if (auto const done = known->take(owner, value, below(field, name)); !done) return done;
    }
    return {};
}

Read read(RetryPolicy& out, json const& value, std::string const& field) {
    return read_members<RetryPolicy>(out, value, field, retry_members);
}

bool has(json const& body, char const* name) {
    auto const found = body.find(name);
    return found != body.end() && !found->is_null();
}

/// What an environment variable holds. Its value never comes into a message.
core::Result<std::string_view> value_of(
    std::string const& variable, Environment const& environment, std::string const& field
) {
    auto const found = environment.find(variable);
    auto const value = found == environment.end() ? std::string_view{} : core::trim(found->second);
    if (!value.empty()) return value;
    return core::fail(core::ErrorCode::InvalidField, "the environment variable `" + variable + "` is not set", field);
}

std::vector<std::string> split_secrets(std::string_view rest) {
    std::vector<std::string> secrets;
    constexpr std::string_view separators = " ,\t\r\n";
    for (auto begin = rest.find_first_not_of(separators); begin != std::string_view::npos;
         begin = rest.find_first_not_of(separators)) {
        rest.remove_prefix(begin);
        auto const secret = rest.substr(0, rest.find_first_of(separators));
        secrets.emplace_back(secret);
        rest.remove_prefix(secret.size());
    }
    return secrets;
}

Read settle_secrets(TargetConfig& target, json const& body, Environment const& environment) {
    auto const given = has(body, "secrets");
    auto const named = has(body, "secret_env") && !target.secret_env.empty();
    if (given && named) return refuse("/secret_env", "and `secrets` exclude each other");
    if (given) target.secret_env.clear();
    if (!given && body.contains("secret_env")) target.secrets.clear();
    if (!named) return {};
    auto const value = value_of(target.secret_env, environment, "/secret_env");
    if (!value) return core::pass_on(value);
    target.secrets = split_secrets(*value);
    auto const sound = WebhookSigner::make(target.secrets);
    if (sound) return {};
    return core::fail(
        core::ErrorCode::InvalidField, "the environment variable `" + target.secret_env + "`: " + sound.error().message,
        "/secret_env"
    );
}

Read settle_auth_token(TargetConfig& target, json const& body, Environment const& environment) {
    auto const given = has(body, "auth_token");
    auto const named = has(body, "auth_token_env") && !target.auth_token_env.empty();
    if (given && named) return refuse("/auth_token_env", "and `auth_token` exclude each other");
    if (given) target.auth_token_env.clear();
    if (!given && body.contains("auth_token_env")) target.auth_token.clear();
    if (!named) return {};
    auto const value = value_of(target.auth_token_env, environment, "/auth_token_env");
    if (!value) return core::pass_on(value);
    target.auth_token = *value;
    return {};
}

}  // namespace

core::Result<TargetConfig> target_from_json(json const& body, Environment const& environment) {
    TargetConfig target;
    auto done = read_members<TargetConfig>(target, body, {}, target_members);
    if (done) done = settle_secrets(target, body, environment);
    if (done) done = settle_auth_token(target, body, environment);
    if (done) done = validate(target);
    if (!done) return core::pass_on(done);
    return target;
}

core::Result<TargetConfig> patch_target(TargetConfig target, json const& body, Environment const& environment) {
    auto const old_headers = target.headers;
    auto done = read_members<TargetConfig>(target, body, {}, target_members);
    if (!done) return core::pass_on(done);
    if (body.contains("since")) return refuse("/since", "cannot be changed; replay moves a target");
    for (auto& [name, value] : target.headers) {
        if (value != masked_value) continue;
        auto const old = std::ranges::find(old_headers, name, &io::Headers::value_type::first);
        if (old != old_headers.end()) value = old->second;
    }
    done = settle_secrets(target, body, environment);
    if (done) done = settle_auth_token(target, body, environment);
    if (done) done = validate(target);
    if (!done) return core::pass_on(done);
    return target;
}

}  // namespace macp::delivery
