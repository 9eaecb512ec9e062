#include "handlers/routes.hpp"

#include "http/tokens.hpp"
#include "openapi/operations.hpp"
#include "server/running_gateway.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace macp;

TEST_SUITE("route table") {
    TEST_CASE("is the one that the OpenAPI document describes: paths, names, scopes and bodies") {
        testing::RunningGateway gateway;
        core::SystemClock const clock;
        async::WorkerPool readers{"test", 1};
        ingest::Rejects rejects{(*gateway).log()};
        delivery::Environment const environment;
        delivery::Targets targets{{.log = (*gateway).log(), .readers = readers, .clock = clock}};
        handlers::Services const services{
            .log = (*gateway).log(),
            .readers = readers,
            .clock = clock,
            .rejects = rejects,
            .targets = targets,
            .environment = environment
        };

        std::vector<std::string> served;
        for (auto const& route : handlers::all_routes(services, /*echo=*/false)) {
            auto const scope = route.scope == http::Scope::None ? std::string{} : http::format_scopes(route.scope);
            served.push_back(
                std::string{route.method} + ' ' + std::string{route.pattern} + ' ' + std::string{route.operation_id} +
                ' ' + scope
            );
        }
        std::vector<std::string> described;
        for (auto const& operation : openapi::operations()) {
            described.push_back(
                operation.method + ' ' + operation.path + ' ' + operation.operation_id + ' ' + operation.scope
            );
        }
        std::ranges::sort(served);
        std::ranges::sort(described);
        CHECK(served == described);
    }
}
