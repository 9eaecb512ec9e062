#include "http/message.hpp"

namespace macp::http {
namespace {

std::optional<std::string_view> find(Pairs const& pairs, std::string_view name) {
    for (auto const& [key, value] : pairs) {
        if (key == name) return value;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
    return find(headers, name);
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
    return find(query, name);
}

std::string_view Request::param(std::string_view name) const {
    return find(params, name).value_or(std::string_view{});
}

}  // namespace macp::http
