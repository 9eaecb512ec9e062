#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace macp::async {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

/// The executor of every loop of ours, by its own type: type erasure costs 5 % on the request path.
using Executor = asio::io_context::executor_type;

/// A lazy coroutine: it starts when awaited or spawned, and runs on its spawner's executor.
template <class T = void>
using Task = asio::awaitable<T, Executor>;

/// Completion token of every awaited operation: `auto const [ec, n] = co_await socket.async_read_some(buffer,
/// nothrow);`
inline constexpr auto nothrow = asio::as_tuple(asio::use_awaitable_t<Executor>{});

}  // namespace macp::async
