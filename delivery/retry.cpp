#include "delivery/retry.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace macp::delivery {
namespace {

constexpr double jitter = 0.2;
constexpr std::size_t most_doublings = 40;

}  // namespace

std::chrono::milliseconds retry_delay(RetryPolicy const& policy, std::size_t failures, double random) {
    auto const doublings = static_cast<int>(std::min(failures == 0 ? 0 : failures - 1, most_doublings));
    auto const seconds = std::min(std::ldexp(policy.base_seconds, doublings), policy.cap_seconds);
    auto const spread = 1 - jitter + 2 * jitter * random;
    return std::chrono::milliseconds{std::llround(seconds * spread * 1000)};
}

double random_fraction() {
    thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>{}(generator);
}

}  // namespace macp::delivery
