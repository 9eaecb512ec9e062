#pragma once

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace macp::delivery {

/// The members of an event's `data` as rendering reads them: at the top, else under `metadata`; trimmed, fit to print,
/// blank ones count as missing.
class Fields {
public:
    /// `data`: JSON text; anything but an object has no members.
    explicit Fields(std::string_view data);

    /// The first of `names` that holds a text, number or boolean; else empty.
    [[nodiscard]] std::string text(std::initializer_list<std::string_view> names) const;

    /// The first of `names` that holds a number, or a text that is one.
    [[nodiscard]] std::optional<double> number(std::initializer_list<std::string_view> names) const;

    /// All of it on one line, keys sorted.
    [[nodiscard]] std::string json() const;

private:
    [[nodiscard]] nlohmann::json const* find(std::string_view name) const;

    nlohmann::json root_;
};

}  // namespace macp::delivery
