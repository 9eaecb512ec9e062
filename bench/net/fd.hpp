#pragma once

#include <string>
#include <utility>

namespace macp::bench {

/// Owns a file descriptor and closes it.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_{fd} {}
    Fd(Fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Fd(Fd const&) = delete;
    Fd& operator=(Fd const&) = delete;
    ~Fd();

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool open() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// An IPv4 address and port, as in `127.0.0.1:25294`.
struct Address {
    std::string host{};
    unsigned short port = 0;

    [[nodiscard]] std::string text() const { return host + ':' + std::to_string(port); }
};

/// Reads `host:port`. Throws std::invalid_argument.
[[nodiscard]] Address parse_address(std::string const& text);

/// Begins a non-blocking connection; a failure shows at the first read or write. `receive_buffer`: bytes, 0: the
/// kernel's choice.
[[nodiscard]] Fd begin_connect(Address const& address, int receive_buffer = 0);

/// A non-blocking listening socket on `address`. Throws std::system_error.
[[nodiscard]] Fd listen_on(Address const& address);

/// Makes the coming close() send a reset, so that thousands of sockets leave no TIME_WAIT behind.
void reset_on_close(Fd const& fd);

/// Raises the soft limit of open files to the hard one.
void raise_file_limit();

}  // namespace macp::bench
