#include "handlers/routes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace macp::handlers {
namespace {

void append(Routes& all, Routes some) {
    std::ranges::move(some, std::back_inserter(all));
}

}  // namespace

Routes all_routes(Services const& services, bool echo) {
    Routes all;
    append(all, event_routes(services));
    append(all, hook_routes(services));
    append(all, reject_routes(services));
    append(all, webhook_routes(services));
    append(all, webhook_list_routes(services));
    append(all, health_routes(services));
    append(all, system_routes(services));
    append(all, spec_routes());
    append(all, stream_routes(services));
    if (echo) append(all, echo_routes());
    return all;
}

}  // namespace macp::handlers
