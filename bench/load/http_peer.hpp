#pragma once

#include "bench/load/histogram.hpp"
#include "bench/net/loop.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace macp::bench {

/// What all HTTP connections of a run have in common.
struct HttpTally {
    std::uint64_t responses = 0;
    std::uint64_t refusals = 0;  ///< Answers other than 2xx.
    int last_refusal = 0;
    Histogram latency;  ///< From the time that a request was due to its whole answer.
};

/// A keep-alive connection that sends requests, several at once when asked to, and awaits their answers.
class HttpPeer final : public Handler {
public:
    /// `tally` must outlive the peer.
    HttpPeer(Loop& loop, Address address, HttpTally& tally);

    void on_ready(std::uint32_t events) override;

    void get(std::string const& path, std::int64_t due_ns);

    /// `body` is sent as ndjson.
    void post(std::string const& path, std::string_view body, std::int64_t due_ns);

    /// Sends what has been written; call after one or several requests.
    void flush();

    /// Requests without an answer yet.
    [[nodiscard]] std::size_t outstanding() const { return due_.size(); }

    /// The server has closed the connection while nothing was asked of it, as it may.
    [[nodiscard]] bool closed() const { return closed_; }

private:
    void receive();
    void watch();

    Loop& loop_;
    Address address_;
    HttpTally& tally_;
    Fd socket_;
    std::string out_;
    std::size_t sent_ = 0;
    std::string in_;
    std::deque<std::int64_t> due_;
    std::uint32_t watched_ = 0;
    bool closed_ = false;
};

}  // namespace macp::bench
