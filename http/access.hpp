#pragma once

#include "core/result.hpp"
#include "http/message.hpp"
#include "http/tokens.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace macp::http {

/// Both ends of a connection, as access looks at them.
struct Ends {
    std::string remote{};      ///< `127.0.0.1:5123`.
    std::string local_host{};  ///< `127.0.0.1`, `[::1]`.
    std::string local_port{};
    bool remote_is_loopback = false;
    bool local_is_loopback = false;
};

/// Who may come in: tokens, Host and Origin. Threads: safe from anywhere; `replace` takes effect with the next request.
class Access {
public:
    struct Policy {
        std::vector<Token> tokens{};         ///< None: whoever is on loopback may do everything.
        std::vector<std::string> hosts{};    ///< `Host` values beside the listener's own; without a port: with any.
        std::vector<std::string> origins{};  ///< `https://dash.example`, beside the gateway's own.
    };

    explicit Access(Policy policy);

    /// Swaps everything (SIGHUP). A token whose secret changed is another caller from now on.
    void replace(Policy policy);

    /// Errors: Forbidden, against DNS rebinding and foreign pages.
    [[nodiscard]] core::Result<void> check_host(Request const& request, Ends const& ends) const;
    [[nodiscard]] core::Result<void> check_origin(Request const& request) const;

    /// Sets `scopes` and `caller` from `Authorization: Bearer`, or on GET from `access_token`, and takes both out of
    /// the request. Without a known token the request has no scopes.
    void identify(Request& request, Ends const& ends) const;

    /// False once the token that `caller` (of a request) had is gone, or no longer has the scope: end its session with
    /// 1008.
    [[nodiscard]] bool still_valid(std::string_view caller, Scope needed) const;

    /// Tells the browser that a page of an allowed foreign origin may read this answer.
    void add_cors(Response& response, std::string_view origin, bool preflight) const;

private:
    [[nodiscard]] std::shared_ptr<Policy const> policy() const;

    mutable std::mutex mutex_;  ///< Held to copy or swap the pointer, no longer.
    std::shared_ptr<Policy const> policy_;
    unsigned changes_ = 0;
};

}  // namespace macp::http
