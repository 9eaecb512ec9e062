#include "ingest/object_text.hpp"

#include "core/json.hpp"
#include "ingest/json_members.hpp"

namespace macp::ingest {

void append_member(std::string& object_text, std::string_view name, std::string_view json) {
    object_text.pop_back();
    if (object_text.size() > 1) object_text += ',';
    core::append_json_string(object_text, name);
    object_text.append(":").append(json).push_back('}');
}

ObjectText::ObjectText(simdjson::dom::object object, std::string_view minified) {
    auto const values = raw_values(minified);
    members_.reserve(values.size());
    std::size_t begin = 1;
    for (auto const& [name, value] : object) {
        auto const& raw = values[members_.size()];
        auto const end = static_cast<std::size_t>(raw.data() - minified.data()) + raw.size();
        members_.push_back({.name = name, .text = minified.substr(begin, end - begin)});
        begin = end + 1;
    }
}

void ObjectText::put(std::string_view name, std::string_view json) {
    for (auto& member : members_) member.replaced = member.replaced || member.name == name;
    append_member(added_, name, json);
}

std::string ObjectText::text() const {
    std::string out{"{"};
    for (auto const& member : members_) {
        if (member.replaced) continue;
        if (out.size() > 1) out += ',';
        out += member.text;
    }
    if (out.size() > 1 && added_.size() > 2) out += ',';
    out.append(added_, 1);
    return out;
}

}  // namespace macp::ingest
