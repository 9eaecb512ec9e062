#include "ingest/cloud_event_headers.hpp"

#include "core/ascii.hpp"
#include "core/json.hpp"
#include "ingest/base64.hpp"
#include "ingest/event_body.hpp"
#include "ingest/json_members.hpp"
#include "ingest/object_text.hpp"

#include <charconv>

namespace macp::ingest {
namespace {

constexpr std::string_view prefix = "ce-";
constexpr std::string_view version_header = "ce-specversion";

/// What a header value says that may be a quoted string, and may have any byte as `%XX`.
std::string decoded(std::string_view value) {
    value = core::trim(value);
    bool const quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
    if (quoted) value = value.substr(1, value.size() - 2);
    std::string out;
    for (std::size_t at = 0; at < value.size(); ++at) {
        unsigned byte = 0;
        auto const* const digits = value.data() + at + 1;
        if (quoted && value[at] == '\\' && at + 1 < value.size()) {
            out += value[++at];
        } else if (value[at] == '%' && at + 2 < value.size() &&
                   std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            out += static_cast<char>(byte);
            at += 2;
        } else {
            out += value[at];
        }
    }
    return out;
}

bool is_json_type(std::string_view content_type) {
    auto const type = core::lower_case(core::trim(content_type.substr(0, content_type.find(';'))));
    return type.empty() || type == "application/json" || type == "text/json" || type.ends_with("+json");
}

core::Result<void> append_attributes(std::string& object, HeaderMap const& headers) {
    for (auto at = headers.lower_bound(prefix); at != headers.end() && at->first.starts_with(prefix); ++at) {
        auto const name = std::string_view{at->first}.substr(prefix.size());
        auto const value = decoded(at->second);
        if (name == "data" || name == "datacontenttype" || name == "data_base64") {
            return core::fail(
                core::ErrorCode::InvalidField, at->first + " is no header: the body says this", at->first
            );
        }
        if (!core::is_utf8(value)) {
            return core::fail(core::ErrorCode::InvalidField, at->first + " must be UTF-8", at->first);
        }
        append_member(object, name, core::json_string(value));
    }
    return {};
}

core::Result<void> append_data(std::string& object, std::string_view content_type, std::string_view body) {
    if (is_json_type(content_type)) {
        JsonParser parser;
        auto const root = parser.parse(body, false);
        if (!root) return core::pass_on(root);
        append_member(object, "data", minified(body));
        return {};
    }
    append_member(object, "datacontenttype", core::json_string(core::trim(content_type)));
    append_member(object, "data_base64", '"' + base64(body) + '"');
    return {};
}

}  // namespace

bool is_binary_cloud_event(HeaderMap const& headers) {
    return headers.contains(version_header);
}

core::Result<core::NewEvent> event_from_binary(
    HeaderMap const& headers, std::string_view body, EventDefaults const& defaults
) {
    if (!is_binary_cloud_event(headers)) {
        return core::fail(
            core::ErrorCode::InvalidField, "a CloudEvent needs ce-specversion", std::string{version_header}
        );
    }
    // The same event in structured mode: one place checks both.
    std::string object{"{}"};
    auto const attributes = append_attributes(object, headers);
    if (!attributes) return core::pass_on(attributes);
    auto const type = headers.find("content-type");
    if (!body.empty()) {
        auto const data = append_data(object, type == headers.end() ? std::string_view{} : type->second, body);
        if (!data) return core::pass_on(data);
    }
    auto event = event_from_json(object, defaults);
    if (!event && event.error().field.starts_with('/')) event.error().field.replace(0, 1, prefix);
    return event;
}

}  // namespace macp::ingest
