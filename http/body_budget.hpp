#pragma once

#include <atomic>
#include <cstddef>

namespace macp::http {

/// Memory for the bodies of all requests that are being read or handled. Threads: safe from anywhere.
class BodyBudget {
public:
    /// `limit`: bytes of all bodies together.
    explicit BodyBudget(std::size_t limit) : limit_{limit} {}
    BodyBudget(BodyBudget const&) = delete;
    BodyBudget& operator=(BodyBudget const&) = delete;

    [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

    /// What one body takes of it; given back at the end. Threads: one at a time. Lifetime: the budget outlives it.
    class Share {
    public:
        explicit Share(BodyBudget& budget) : budget_{budget} {}
        Share(Share const&) = delete;
        Share& operator=(Share const&) = delete;
        ~Share() { give_back(); }

        /// Takes what is missing to `bytes`. False, with nothing taken, when there is not so much left.
        [[nodiscard]] bool grow_to(std::size_t bytes) noexcept {
            if (bytes <= bytes_) return true;
            auto const more = bytes - bytes_;
            if (budget_.used_.fetch_add(more, std::memory_order_relaxed) + more > budget_.limit_) {
                budget_.used_.fetch_sub(more, std::memory_order_relaxed);
                return false;
            }
            bytes_ = bytes;
            return true;
        }
        void give_back() noexcept {
            if (bytes_ != 0) budget_.used_.fetch_sub(bytes_, std::memory_order_relaxed);
            bytes_ = 0;
        }

    private:
        BodyBudget& budget_;
        std::size_t bytes_ = 0;
    };

private:
    std::size_t limit_;
    std::atomic<std::size_t> used_{0};
};

}  // namespace macp::http
