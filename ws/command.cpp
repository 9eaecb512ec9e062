#include "ws/command.hpp"

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace macp::ws {
namespace {

using core::ErrorCode;
using core::fail;
using core::pass_on;
using core::Result;
using Json = nlohmann::json;

Result<std::vector<std::string>> read_texts(Json const& value, std::string const& pointer) {
    std::vector<std::string> texts;
    auto const items = value.is_string() ? Json::array({value}) : value;
    if (!items.is_array() || items.size() > core::max_patterns) {
        return fail(ErrorCode::InvalidField, "must be a list of at most 64 strings", pointer);
    }
    for (auto const& item : items) {
        auto const* const text = item.get_ptr<std::string const*>();
        if (text == nullptr || text->empty()) {
            return fail(ErrorCode::InvalidField, "must be a list of strings that are not empty", pointer);
        }
        if (auto const checked = core::check_pattern(*text); !checked) {
            return fail(ErrorCode::InvalidField, checked.error().message, pointer);
        }
        texts.push_back(*text);
    }
    return texts;
}

Result<std::vector<std::pair<std::string, std::string>>> read_where(Json const& value) {
    if (!value.is_object() || value.size() > core::max_patterns) {
        return fail(ErrorCode::InvalidField, "where must be an object of at most 64 fields", "/where");
    }
    std::vector<std::pair<std::string, std::string>> where;
    for (auto const& [field, wanted] : value.items()) {
        if (!wanted.is_primitive() || wanted.is_null()) {
            return fail(
                ErrorCode::InvalidField, "where: a field is compared with a string, a number or a boolean",
                "/where/" + field
            );
        }
        auto const* const text = wanted.get_ptr<std::string const*>();
        auto const pattern = text != nullptr ? *text : core::dump_json(wanted);
        for (std::string_view const text_of_client : {std::string_view{field}, std::string_view{pattern}}) {
            auto const fits = core::check_pattern(text_of_client);
            if (!fits) return fail(ErrorCode::InvalidField, fits.error().message, "/where");
        }
        where.emplace_back(field, pattern);
    }
    return where;
}

Result<core::Position> read_since(Json const& value) {
    auto const* const text = value.get_ptr<std::string const*>();
    if (text == nullptr && !value.is_number_unsigned()) {
        return fail(
            ErrorCode::InvalidField, "since must be a position: `start`, `now`, `seq` or `epoch:seq`", "/since"
        );
    }
    auto position = core::parse_position(text != nullptr ? *text : value.dump());
    if (!position) return fail(ErrorCode::InvalidField, position.error().message, "/since");
    return position;
}

Result<std::chrono::milliseconds> read_interval(Json const& value) {
    auto const longest_ms = static_cast<std::uint64_t>(max_telemetry_interval.count());
    auto const smallest = static_cast<std::uint64_t>(min_telemetry_interval.count());
    auto const* const number = value.get_ptr<Json::number_unsigned_t const*>();
    if (number == nullptr || *number < smallest || *number > longest_ms) {
        return fail(ErrorCode::InvalidField, "interval_ms must be a whole number from 100 to 3600000", "/interval_ms");
    }
    return std::chrono::milliseconds{*number};
}

template <class T>
Result<void> assign(T& target, Result<T> value) {
    if (!value) return pass_on(value);
    target = *std::move(value);
    return {};
}

Result<void> read_channels(Channels& channels, Json const& value, bool telemetry) {
    auto const names = read_texts(value, "/channels");
    if (!names) return pass_on(names);
    return assign(channels, parse_channels(*names, telemetry));
}

Result<void> read_member(Subscribe& subscribe, std::string const& name, Json const& value, bool telemetry) {
    if (name == "channels") return read_channels(subscribe.channels, value, telemetry);
    if (name == "types") return assign(subscribe.filter.types, read_texts(value, "/types"));
    if (name == "sources") return assign(subscribe.filter.sources, read_texts(value, "/sources"));
    if (name == "subjects") return assign(subscribe.filter.subjects, read_texts(value, "/subjects"));
    if (name == "where") return assign(subscribe.filter.where, read_where(value));
    if (name == "since") return assign(subscribe.since, read_since(value));
    if (name == "interval_ms") return assign(subscribe.telemetry_interval, read_interval(value));
    return fail(ErrorCode::InvalidField, "subscribe has no member `" + name + "`", "/" + name);
}

Result<void> read_member(Unsubscribe& unsubscribe, std::string const& name, Json const& value, bool telemetry) {
    if (name == "channels") return read_channels(unsubscribe.channels, value, telemetry);
    return fail(ErrorCode::InvalidField, "unsubscribe has no member `" + name + "`", "/" + name);
}

Result<void> read_member(Ping& /*ping*/, std::string const& name, Json const& /*value*/, bool /*telemetry*/) {
    return fail(ErrorCode::InvalidField, "ping has no member `" + name + "`", "/" + name);
}

bool is_id(Json const& value) {
    return value.is_primitive() && !value.is_null();
}

Result<void> check_id(Json const& value) {
    if (is_id(value)) return {};
    return fail(ErrorCode::InvalidField, "id must be a string, a number or a boolean", "/id");
}

template <class What>
tl::expected<Command, BadCommand> read_as(Json const& message, std::string id, bool telemetry) {
    What what;
    for (auto const& [name, value] : message.items()) {
        if (name == "op") continue;
        auto const read = name == "id" ? check_id(value) : read_member(what, name, value, telemetry);
        if (!read) {
            return tl::unexpected<BadCommand>{BadCommand{.id = std::move(id), .error = read.error()}};
        }
    }
    return Command{.id = std::move(id), .what = std::move(what)};
}

}  // namespace

core::Result<Channels> parse_channels(std::vector<std::string> const& names, bool telemetry) {
    Channels channels{};
    for (auto const& name : names) {
        if (name == "events") {
            channels.events = true;
        } else if (name == "telemetry" && telemetry) {
            channels.telemetry = true;
        } else if (name == "telemetry") {
            return fail(ErrorCode::InvalidField, "this sub-protocol does not carry telemetry", "/channels");
        } else {
            return fail(
                ErrorCode::InvalidField,
                "there is no channel `" + name.substr(0, 64) + "`; there are events and telemetry", "/channels"
            );
        }
    }
    return channels;
}

tl::expected<Command, BadCommand> parse_command(std::string_view text, bool telemetry) {
    auto const refuse = [](core::Error error, std::string id = {}) {
        return tl::unexpected<BadCommand>{BadCommand{.id = std::move(id), .error = std::move(error), .fatal = true}};
    };
    auto const message = core::parse_json(text);
    if (!message) return refuse(message.error());
    if (!message->is_object()) {
        return refuse({.code = ErrorCode::InvalidField, .message = "a command is a JSON object with `op`"});
    }
    auto const found_id = message->find("id");
    auto id = found_id != message->end() && is_id(*found_id) ? core::dump_json(*found_id) : std::string{};
    auto const op = message->find("op");
    auto const* const name = op != message->end() ? op->get_ptr<std::string const*>() : nullptr;
    if (name != nullptr && *name == "subscribe") return read_as<Subscribe>(*message, std::move(id), telemetry);
    if (name != nullptr && *name == "unsubscribe") return read_as<Unsubscribe>(*message, std::move(id), telemetry);
    if (name != nullptr && *name == "ping") return read_as<Ping>(*message, std::move(id), telemetry);
    return refuse(
        {.code = ErrorCode::InvalidField, .message = "op must be `subscribe`, `unsubscribe` or `ping`", .field = "/op"},
        std::move(id)
    );
}

}  // namespace macp::ws
