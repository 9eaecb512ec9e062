#pragma once

#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace macp::ingest {

/// Puts a member at the end of the text of a JSON object. `json` is the value's own text.
void append_member(std::string& object_text, std::string_view name, std::string_view json);

/// The text of a JSON object that gains members; those it had keep their bytes and their order.
class ObjectText {
public:
    /// `object` is what `minified` says. Lifetime: both must outlive this.
    ObjectText(simdjson::dom::object object, std::string_view minified);

    /// Adds a member; a member of that name that is there already goes.
    void put(std::string_view name, std::string_view json);
    [[nodiscard]] std::string text() const;

private:
    struct Member {
        std::string_view name;
        std::string_view text;  ///< Name, colon and value as they were written.
        bool replaced = false;
    };
    std::vector<Member> members_;
    std::string added_ = "{}";
};

}  // namespace macp::ingest
