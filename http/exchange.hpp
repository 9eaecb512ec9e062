#pragma once

#include "http/router.hpp"

#include <chrono>
#include <string>

namespace macp::http {

/// What is kept of a request while it is answered.
struct Exchange {
    std::chrono::steady_clock::time_point started{};  ///< When its header was complete.
    std::string id{};
    std::string method{};
    std::string caller{};
    std::string origin{};  ///< Of a browser.
    Match match{};
    bool http_1_1 = true;
    bool head = false;  ///< The answer has no body.
    bool preflight = false;
    bool gzip = false;  ///< The peer reads it.
    bool keep_alive = true;
    bool expects_continue = false;  ///< The peer waits for our word before it sends the body.
};

}  // namespace macp::http
