#include "ingest/json_members.hpp"

#include "core/id.hpp"
#include "core/json.hpp"

#include <cmath>

namespace macp::ingest {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t most_depth = 128;               ///< Of objects and lists within each other, as in core/json.
constexpr std::size_t parser_depth = most_depth + 1;  ///< The parser counts one for the document.

/// As in `Name`: the shortest first.
constexpr std::array<std::string_view, static_cast<std::size_t>(Name::Count)> names{
    "id",       "type",     "kind",      "time",       "data",       "event",       "task_id",      "payload",
    "event_id", "metadata", "timestamp", "event_type", "session_id", "specversion", "session_name", "event_timestamp"
};

/// Where in `names` those of a length begin, up to one more than the longest. Every member of every line is looked up:
/// all names in turn took a sixth of the time of a line.
constexpr auto names_of_length = [] {
    std::array<std::size_t, names.back().size() + 2> begins{};
    for (std::size_t length = 0; length < begins.size(); ++length) {
        while (begins[length] < names.size() && names[begins[length]].size() < length) ++begins[length];
    }
    return begins;
}();
static_assert(std::ranges::is_sorted(names, {}, &std::string_view::size));

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Past the string that begins at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return std::min(at + 1, text.size());
}

/// Past the value that begins at `at`, in a valid text without white space.
std::size_t skip_value(std::string_view text, std::size_t at) {
    for (int depth = 0; at < text.size(); ++at) {
        if (text[at] == '"') {
            at = skip_string(text, at) - 1;
            continue;
        }
        bool const closes = text[at] == '}' || text[at] == ']';
        if (depth == 0 && (text[at] == ',' || closes)) break;
        if (text[at] == '{' || text[at] == '[') ++depth;
        if (closes) --depth;
    }
    return at;
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at;
}

bool is_one_of(std::string_view text, std::size_t at, std::string_view wanted) {
    return at < text.size() && wanted.find(text[at]) != std::string_view::npos;
}

/// Past the digits that must stand at `digits`, for a part of a number; npos when there are none.
std::size_t skip_part(std::string_view text, std::size_t digits) {
    auto const end = skip_digits(text, digits);
    return end > digits ? end : std::string_view::npos;
}

/// Past the number that begins at `at`, if it is one as JSON has it; else `at`.
std::size_t skip_number(std::string_view text, std::size_t at) {
    auto const whole = at + (text[at] == '-' ? 1 : 0);
    auto end = skip_part(text, whole);
    if (end != std::string_view::npos && text[whole] == '0' && end - whole > 1) return at;
    if (is_one_of(text, end, ".")) end = skip_part(text, end + 1);
    if (is_one_of(text, end, "eE")) end = skip_part(text, end + (is_one_of(text, end + 1, "+-") ? 2 : 1));
    return end == std::string_view::npos ? at : end;
}

/// Copies `text` with each long number as `{"":"digits"}`, which the parser takes and `name_of` reads back.
std::string stand_in_for_numbers(std::string_view text) {
    constexpr std::size_t always_fits = 17;  // no integer of 64 bits is as short and out of range
    std::string out;
    out.reserve(text.size() + 64);
    for (std::size_t at = 0; at < text.size();) {
        auto end = at + 1;
        if (text[at] == '"') {
            end = skip_string(text, at);
        } else if (text[at] == '-' || is_digit(text[at])) {
            end = std::max(end, skip_number(text, at));
            auto const number = text.substr(at, end - at);
            if (number.size() > always_fits || number.find_first_of("eE") != std::string_view::npos) {
                out.append(R"({"":")").append(number).append(R"("})");
                at = end;
                continue;
            }
        }
        out.append(text, at, end - at);
        at = end;
    }
    return out;
}

std::optional<core::Time> time_of(dom::element const* value) {
    if (value == nullptr) return std::nullopt;
    if (auto const text = text_of(value)) {
        auto const trimmed = core::trim(*text);
        auto const time = core::parse_time(trimmed);
        return time ? time : core::parse_time(std::string{trimmed} + 'Z');  // without an offset: UTC
    }
    double number = 0;
    if (value->get_double().get(number) != simdjson::SUCCESS) return std::nullopt;
    // Seconds since 1970, or milliseconds: as seconds those would be after the year 5138.
    constexpr double first_millisecond_value = 1e11;
    if (number >= first_millisecond_value) number /= 1000;
    constexpr double end_of_9999 = 253'402'300'800;
    bool const in_range = number > 0 && number < end_of_9999;
    if (!in_range) return std::nullopt;
    return core::Time{std::chrono::microseconds{std::llround(number * 1e6)}};
}

constexpr std::array type_names{Name::EventType, Name::Type, Name::Kind, Name::Event};
constexpr std::array id_names{Name::EventId, Name::Id};
constexpr std::array time_names{Name::Timestamp, Name::Time, Name::EventTimestamp};
constexpr std::array subject_names{Name::TaskId, Name::SessionName, Name::SessionId};

/// What is still missing is taken from the first of `names` that `members` has and `read` makes sense of.
template <class Value, std::size_t Many, class Read>
void take_first(std::optional<Value>& value, std::array<Name, Many> const& wanted, Members const& members, Read read) {
    for (auto const name : wanted) {
        if (value) return;
        if (auto const* const found = members.find(name)) value = read(found);
    }
}

struct Attributes {
    std::optional<std::string> id;
    std::optional<core::Time> time;
    std::optional<std::string> subject;

    [[nodiscard]] bool complete() const { return id && time && subject; }
    void take(Members const& members) {
        take_first(id, id_names, members, name_of);
        take_first(time, time_names, members, time_of);
        take_first(subject, subject_names, members, name_of);
    }
};

std::string reason_of(simdjson::error_code error) {
    switch (error) {
        case simdjson::UTF8_ERROR:
            return "not JSON: it is not UTF-8";
        case simdjson::EMPTY:
            return "not JSON: there is nothing in it";
        case simdjson::DEPTH_ERROR:
            return "JSON nests deeper than " + std::to_string(most_depth) + " levels";
        case simdjson::UNCLOSED_STRING:
            return "not JSON: a string has no end";
        case simdjson::NUMBER_ERROR:
            return "not JSON: a number is malformed";
        case simdjson::UNESCAPED_CHARS:
            return "not JSON: a control character stands bare in a string";
        default:
            return "not JSON: brackets, commas or values are missing or out of place";
    }
}

}  // namespace

core::Result<dom::element> JsonParser::parse(std::string_view text, bool padded) {
    constexpr std::size_t ordinary_bytes = std::size_t{256} << 10;
    // One huge text must not make the parser keep many times its size.
    if (parser_.capacity() > ordinary_bytes && text.size() < ordinary_bytes) parser_ = dom::parser{};
    if (parser_.max_depth() != parser_depth) static_cast<void>(parser_.allocate(text.size(), parser_depth));
    dom::element root;
    auto error = parser_.parse(text.data(), text.size(), !padded).get(root);
    if (error == simdjson::NUMBER_ERROR) {
        rewritten_ = stand_in_for_numbers(text);
        error = parser_.parse(rewritten_).get(root);
    }
    if (error != simdjson::SUCCESS) return core::fail(core::ErrorCode::BadJson, reason_of(error));
    return root;
}

JsonParser& thread_parser() {
    thread_local JsonParser parser;
    return parser;
}

Members::Members(dom::object object) {
    for (auto const& [key, value] : object) {
        if (key.size() > names.back().size()) continue;
        for (auto i = names_of_length[key.size()]; i < names_of_length[key.size() + 1]; ++i) {
            if (key != names[i]) continue;
            if ((has_ & (1U << i)) == 0) found_[i] = value;
            has_ |= 1U << i;
            break;
        }
    }
}

std::optional<std::string_view> text_of(dom::element const* value) {
    std::string_view text;
    if (value == nullptr || value->get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
    return core::trim(text).empty() ? std::nullopt : std::optional{text};
}

std::optional<std::string> name_of(dom::element const* value) {
    if (value == nullptr) return std::nullopt;
    if (auto const text = text_of(value)) return std::string{*text};
    std::int64_t number = 0;
    if (value->is_int64() && value->get_int64().get(number) == simdjson::SUCCESS) return std::to_string(number);
    std::uint64_t great = 0;
    if (value->is_uint64() && value->get_uint64().get(great) == simdjson::SUCCESS) return std::to_string(great);
    dom::object stand_in;
    std::string_view digits;
    if (value->get_object().get(stand_in) != simdjson::SUCCESS || stand_in.size() != 1) return std::nullopt;
    if (stand_in.at_key("").get_string().get(digits) != simdjson::SUCCESS || digits.empty()) return std::nullopt;
    bool const whole = digits.find_first_not_of("-0123456789") == std::string_view::npos;
    return whole ? std::optional{std::string{digits}} : std::nullopt;
}

Members members_of(dom::element const* value) {
    dom::object object;
    if (value == nullptr || value->get_object().get(object) != simdjson::SUCCESS) return {};
    return Members{object};
}

void fill_identity(core::NewEvent& event, Members const& top, Members const& inside, EventDefaults const& defaults) {
    Attributes said;
    said.take(top);
    if (!said.complete()) said.take(members_of(top.find(Name::Metadata)));
    // In a payload a bare `id` names something else.
    take_first(said.id, std::array{Name::EventId}, inside, name_of);
    take_first(said.time, time_names, inside, time_of);
    take_first(said.subject, subject_names, inside, name_of);
    if (!said.id && !defaults.id.empty()) said.id = defaults.id;

    event.source = defaults.source;
    event.id = said.id ? *std::move(said.id) : core::make_uuid7(defaults.received);
    event.time = said.time.value_or(defaults.received);
    if (said.subject) event.subject = *std::move(said.subject);
}

core::Result<void> fill_attributes(
    core::NewEvent& event, Members const& top, Members const& inside, EventDefaults const& defaults
) {
    std::optional<std::string_view> type;
    take_first(type, type_names, top, text_of);
    if (!type) {
        return core::fail(
            core::ErrorCode::InvalidField, "an event needs a type: text in event_type, type, kind or event", "/type"
        );
    }
    event.type = core::trim(*type);
    fill_identity(event, top, inside, defaults);
    return core::check_event(event);
}

std::string minified(std::string_view text) {
    std::string out(text.size() + simdjson::SIMDJSON_PADDING, '\0');
    std::size_t size = 0;
    if (simdjson::minify(text.data(), text.size(), out.data(), size) != simdjson::SUCCESS) return std::string{text};
    out.resize(size);
    return out;
}

std::vector<std::string_view> raw_values(std::string_view text) {
    std::vector<std::string_view> values;
    bool const object = text.starts_with('{');
    for (std::size_t at = 1; at + 1 < text.size(); ++at) {
        if (object) at = skip_string(text, at) + 1;  // the name and its colon
        auto const end = skip_value(text, at);
        values.push_back(text.substr(at, end - at));
        at = end;
    }
    return values;
}

}  // namespace macp::ingest
