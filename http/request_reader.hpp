#pragma once

#include "http/body_budget.hpp"
#include "http/exchange.hpp"
#include "http/problem.hpp"
#include "http/request_parser.hpp"
#include "http/wire.hpp"

#include <string>

namespace macp::http {

/// Reads one request after the other off a wire, and refuses what should not reach a handler, before its body when it
/// can. Threads: the shard only.
class RequestReader {
public:
    enum class Got {
        Request,  ///< `request()` is complete and allowed.
        Refusal,  ///< `refusal()` is the answer.
        Nothing,  ///< The peer is gone, or we drain.
    };

    RequestReader(Connection& connection, Wire& wire);

    /// Fills `exchange` as far as it comes.
    [[nodiscard]] async::Task<Got> next(Exchange& exchange);

    [[nodiscard]] Request& request() noexcept { return parser_.request(); }
    /// The request has been handled, and its body is gone.
    void handled() noexcept { body_share_.give_back(); }
    [[nodiscard]] Response& refusal() noexcept { return refusal_; }
    [[nodiscard]] std::string const& target() const noexcept { return parser_.target(); }

    /// True when bytes of a refused request may still be under way.
    [[nodiscard]] bool broken_off() const noexcept { return broken_off_; }

private:
    /// Nothing: more bytes are needed.
    void skip_line();
    [[nodiscard]] Got parse_header();
    /// Likewise.
    [[nodiscard]] Got parse_body();
    [[nodiscard]] async::Task<Got> read_body();
    [[nodiscard]] async::Task<Got> wait_for_header();
    [[nodiscard]] async::Task<> discard_body();

    [[nodiscard]] bool header_too_large() const;
    void take_header();
    [[nodiscard]] bool take_target();
    [[nodiscard]] bool admit();
    [[nodiscard]] bool check_coding();
    [[nodiscard]] bool limit_body();

    /// Makes the answer; the connection ends with it, since where the next request begins is not known.
    Got break_off(Problem const& problem, std::string detail, std::string field = {});
    Got refuse_body();
    /// Makes the answer; the connection goes on when the body can be skipped.
    bool refuse(Response response);

    Connection& connection_;
    Wire& wire_;
    RequestParser parser_;
    BodyBudget::Share body_share_;
    Response refusal_{};
    Exchange* exchange_ = nullptr;
    std::size_t body_limit_ = 0;
    bool in_time_ = false;       ///< The clock for this header or body runs.
    bool skipped_line_ = false;  ///< An empty one in front of the request.
    bool broken_off_ = false;
};

}  // namespace macp::http
