#pragma once

#include "async/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace macp::testing {

/// Runs `task` to completion on `loop` and returns its value. Throws what the task throws, or std::runtime_error when
/// it has not finished within `guard`, so that a hung test fails instead of hanging.
template <class T>
T run_on(boost::asio::io_context& loop, async::Task<T> task, std::chrono::seconds guard = std::chrono::seconds{20}) {
    std::optional<T> value;
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T result) {
        thrown = error;
        value = std::move(result);
        loop.stop();
    });
    loop.restart();
    loop.run_for(guard);
    if (thrown) std::rethrow_exception(thrown);
    if (!value) throw std::runtime_error{"the task did not finish in time"};
    return std::move(*value);
}

template <class T>
T run(async::Task<T> task) {
    boost::asio::io_context loop{1};
    return run_on(loop, std::move(task));
}

}  // namespace macp::testing
