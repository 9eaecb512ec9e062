#pragma once

#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace macp::http {

/// What a method and path come to. The path `*` stands for all of them.
struct Match {
    Route const* route = nullptr;  ///< None: an unknown path, or no such method there.
    Pairs params{};                ///< Captures, decoded.
    std::string allow{};           ///< Methods of the path, when `route` is none; empty for an unknown path.
};

/// The table of routes. A literal segment goes before a capture; HEAD goes where GET goes; OPTIONS is answered here.
/// Threads: immutable, safe from anywhere.
class Router {
public:
    /// Throws std::invalid_argument when two routes have the same method and pattern.
    explicit Router(std::vector<Route> routes);
    Router(Router const&) = delete;
    Router& operator=(Router const&) = delete;

    [[nodiscard]] Match match(std::string_view method, std::string_view path) const;

    /// The answer when the request must not reach a handler: 404, 405, 401, 403, or 204 to OPTIONS.
    [[nodiscard]] static std::optional<Response> refuse(Match const& match, Request const& request);

    /// Calls the handler. Every failure and exception becomes a problem; a cancelled handler answers 504.
    [[nodiscard]] static async::Task<Response> run(Route const& route, Request request);

    [[nodiscard]] std::vector<Route> const& routes() const noexcept { return routes_; }

private:
    /// All methods of one pattern.
    struct Path {
        std::vector<std::string_view> segments{};  ///< Split at `/`, captures with their braces.
        std::vector<Route const*> routes{};
    };

    void add(Route const& route);
    [[nodiscard]] static bool fits(Path const& path, std::vector<std::string_view> const& segments, Pairs& params);
    [[nodiscard]] static Route const* pick(Path const& path, std::string_view method, std::string& allow);

    std::vector<Route> routes_;
    std::unordered_map<std::string_view, Path> literals_;
    std::vector<std::string_view> methods_;  ///< Of all routes.
    std::vector<Path> patterns_;             ///< With captures, the more literal ones first.
};

}  // namespace macp::http
