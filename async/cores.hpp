#pragma once

#include <cstddef>

namespace macp::async {

/// Cores that this process may run on (taskset, cpuset of a container), at least one. Two loops on one core only
/// switch between each other. A quota of processor time (`docker --cpus`) does not count: loops may sleep through it.
[[nodiscard]] std::size_t usable_cores() noexcept;

}  // namespace macp::async
