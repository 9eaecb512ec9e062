#include "client/backoff.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace macp::client {
namespace {

double random_part() {
    thread_local std::minstd_rand generator{std::random_device{}()};
    return std::generate_canonical<double, 32>(generator);
}

}  // namespace

Backoff::Backoff(BackoffOptions options) : options_{std::move(options)}, ceiling_{options_.base} {
    if (!options_.random) options_.random = random_part;
}

std::chrono::milliseconds Backoff::next() {
    auto const ceiling = std::min(ceiling_, options_.cap);
    ceiling_ = std::min(ceiling * 2, options_.cap);
    return std::chrono::duration_cast<std::chrono::milliseconds>(ceiling * options_.random());
}

}  // namespace macp::client
