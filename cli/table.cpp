#include "cli/table.hpp"

#include "core/json.hpp"
#include "delivery/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace macp::cli {
namespace {

using Json = nlohmann::json;

/// The member that a dotted name stands for; null when there is none.
Json member(Json value, std::string_view name) {
    for (std::size_t at = 0; at <= name.size();) {
        auto const dot = std::min(name.find('.', at), name.size());
        auto const found = value.is_object() ? value.find(name.substr(at, dot - at)) : value.end();
        if (!value.is_object() || found == value.end()) return nullptr;
        value = Json(*found);
        at = dot + 1;
    }
    return value;
}

}  // namespace

std::string text_of(Json const& value) {
    if (value.is_null()) return "-";
    auto const* const text = value.get_ptr<Json::string_t const*>();
    return delivery::printable(text != nullptr ? *text : core::dump_json(value));
}

void print_rows(std::vector<Row> const& rows) {
    std::vector<std::size_t> widths;
    for (auto const& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (auto const& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            std::cout << row[i] << std::string(widths[i] + 2 - row[i].size(), ' ');
        std::cout << row.back() << '\n';
    }
}

void print_columns(Json const& list, std::vector<std::string> const& columns) {
    Row head;
    for (auto const& column : columns) head.push_back(column.substr(column.rfind('.') + 1));
    std::vector<Row> rows{std::move(head)};
    for (auto const& item : list) {
        auto& row = rows.emplace_back();
        for (auto const& column : columns) row.push_back(text_of(member(item, column)));
    }
    print_rows(rows);
}

}  // namespace macp::cli
