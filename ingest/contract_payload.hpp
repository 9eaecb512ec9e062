#pragma once

#include "ingest/canonical_type.hpp"

#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace macp::ingest {

/// The payload of an agent's event, as the places that its fields are looked for in.
///
/// A source is a member's name: bare for the top (and `metadata`, which is read as if it stood there), after `c.` for
/// `context`, after `s.` for `signal`. A member that is null or blank text counts as missing.
/// Lifetime: what both arguments were made of must outlive this and all that it hands out.
class ContractPayload {
public:
    struct Found {
        simdjson::dom::element value;
        std::string_view json;  ///< The value as it was written.
    };

    /// `object` is what `minified` says.
    ContractPayload(simdjson::dom::object object, std::string_view minified);

    [[nodiscard]] std::optional<Found> find(std::string_view source) const;
    /// Trimmed text; empty when the source holds none.
    [[nodiscard]] std::string_view text(std::string_view source) const;
    /// The text of the first that holds one, of sources with a space between them.
    [[nodiscard]] std::string_view first_text(std::string_view sources) const;
    /// Whether `context` or `signal` is there and an object.
    [[nodiscard]] bool has_object(std::string_view name) const;
    [[nodiscard]] TypeHints type_hints() const;

private:
    struct Place {
        struct Member {
            std::string_view name;
            simdjson::dom::element value;
            std::string_view json;
        };
        std::vector<Member> members;
        bool is_object = false;

        void read(simdjson::dom::object object, std::string_view minified);
        [[nodiscard]] Member const* find(std::string_view name) const;
    };
    [[nodiscard]] Place inside(std::string_view name) const;

    Place top_;
    Place metadata_;
    Place context_;
    Place signal_;
};

/// Takes the next name off a list with single spaces between names; empty at the end.
[[nodiscard]] std::string_view take_name(std::string_view& names);

}  // namespace macp::ingest
