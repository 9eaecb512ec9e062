#include "core/event.hpp"

#include "core/json.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace macp::core {

DataSpan append_event(std::string& out, Seq seq, NewEvent const& event) {
    std::array<char, 20> digits{};
    auto const* const end = std::to_chars(digits.data(), digits.data() + digits.size(), seq).ptr;

    out += R"({"specversion":"1.0","id":)";
    append_json_string(out, event.id);
    out += R"(,"seq":)";
    out.append(static_cast<char const*>(digits.data()), end);
    out += R"(,"source":)";
    append_json_string(out, event.source);
    out += R"(,"type":)";
    append_json_string(out, event.type);
    if (!event.subject.empty()) {
        out += R"(,"subject":)";
        append_json_string(out, event.subject);
    }
    out += R"(,"time":")";
    append_time(out, event.time);
    out += '"';
    out += event.extensions;
    DataSpan span{.offset = out.size(), .size = 0};
    if (!event.data.empty()) {
        out += R"(,"datacontenttype":"application/json","data":)";
        span = {.offset = out.size(), .size = event.data.size()};
        out += event.data;
    }
    out += '}';
    return span;
}

Result<void> check_event(NewEvent const& event) {
    for (auto const& [name, value] :
         {std::pair{"id", &event.id}, {"source", &event.source}, {"type", &event.type}, {"subject", &event.subject}}) {
        if (value->size() <= most_attribute_bytes) continue;
        auto message = std::string{name} + " is longer than " + std::to_string(most_attribute_bytes) + " bytes";
        return fail(ErrorCode::InvalidField, std::move(message), std::string{"/"} + name);
    }
    return {};
}

std::size_t event_size_hint(NewEvent const& event) {
    constexpr std::size_t names_and_time = 192;
    return names_and_time + event.id.size() + event.source.size() + event.type.size() + event.subject.size() +
           event.data.size() + event.extensions.size();
}

}  // namespace macp::core
