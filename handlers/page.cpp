#include "handlers/page.hpp"

#include "core/event_query.hpp"

#include <array>

namespace macp::handlers {

core::Result<PageQuery> page_query(http::Request const& request) {
    constexpr std::array<std::string_view, 2> own{"cursor", "access_token"};
    auto const query = core::parse_event_query(request.query, own);
    if (!query) return core::pass_on(query);
    for (auto const& [name, value] : request.query) {
        if (name == "limit" || name == "cursor" || name == "access_token") continue;
        return core::fail(core::ErrorCode::InvalidField, "this list has no parameter `" + name + "`", name);
    }
    PageQuery page{.limit = query->limit.value_or(PageQuery{}.limit)};
    if (auto const cursor = request.parameter("cursor")) page.cursor = *cursor;
    return page;
}

tl::unexpected<core::Error> foreign_cursor() {
    return core::fail(core::ErrorCode::InvalidField, "cursor must be the `next_cursor` of a page", "cursor");
}

}  // namespace macp::handlers
