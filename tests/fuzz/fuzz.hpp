#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace macp::fuzz {

/// Ends the run with the promise that was broken; libFuzzer keeps the input.
inline void require(bool holds, char const* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", promise);
    std::abort();
}

inline std::string_view text_of(std::uint8_t const* data, std::size_t size) {
    return {reinterpret_cast<char const*>(data), size};
}

/// Sizes to cut an input at, drawn from the input itself, so that a finding can be replayed.
class Cuts {
public:
    explicit Cuts(std::uint64_t seed) : state_{seed | 1} {}

    /// From 1 to `most`; small ones more often.
    std::size_t next(std::size_t most) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        auto const draw = static_cast<std::size_t>(state_ >> 33U);
        auto const bound = (draw & 3U) != 0 && most > 8 ? std::size_t{8} : most;
        return 1 + (draw >> 2U) % bound;
    }

private:
    std::uint64_t state_;
};

}  // namespace macp::fuzz
