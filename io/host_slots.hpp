#pragma once

#include "async/task.hpp"
#include "async/timer.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace macp::io {

/// Bounds how many requests use connections to one host at once; the others wait their turn, first come, first served.
/// Threads: its loop only. Lifetime: shared, so that whoever still holds a slot may outlive the client.
class HostSlots : public std::enable_shared_from_this<HostSlots> {
public:
    /// The right to use one connection; given back when it goes.
    class Slot {
    public:
        Slot(std::shared_ptr<HostSlots> slots, std::string host) : slots_{std::move(slots)}, host_{std::move(host)} {}
        Slot(Slot&&) noexcept = default;
        Slot& operator=(Slot&& other) noexcept {
            std::swap(slots_, other.slots_);
            std::swap(host_, other.host_);
            return *this;
        }
        ~Slot() {
            if (slots_) slots_->give_back(host_);
        }

    private:
        std::shared_ptr<HostSlots> slots_;
        std::string host_;
    };

    /// `most`: at least 1, for each host.
    HostSlots(async::Executor executor, std::size_t most) : executor_{std::move(executor)}, most_{most} {}

    /// Waits for a slot until `deadline`; nothing when it passed first.
    [[nodiscard]] async::Task<std::optional<Slot>> take(
        std::string host, std::chrono::steady_clock::time_point deadline
    );

private:
    struct Waiter;
    struct Host {
        std::size_t in_use = 0;
        std::deque<Waiter*> waiting{};
    };

    void give_back(std::string const& host);
    void forget(Waiter& waiter);

    async::Executor executor_;
    std::size_t most_;
    std::map<std::string, Host> hosts_;
};

}  // namespace macp::io
