#include "bench/net/fd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace macp::bench {
namespace {

[[noreturn]] void fail(char const* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

sockaddr_in to_sockaddr(Address const& address) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(address.port);
    if (inet_pton(AF_INET, address.host.c_str(), &out.sin_addr) != 1)
        throw std::invalid_argument{"not an IPv4 address: " + address.host};
    return out;
}

Fd stream_socket() {
    Fd fd{socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd.open()) fail("socket");
    int const on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

}  // namespace

Fd::~Fd() {
    if (fd_ >= 0) close(fd_);
}

Address parse_address(std::string const& text) {
    auto const colon = text.rfind(':');
    if (colon == std::string::npos) throw std::invalid_argument{"expected host:port, got " + text};
    Address address{.host = text.substr(0, colon)};
    auto const* const end = text.data() + text.size();
    auto const [rest, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error != std::errc{} || rest != end) throw std::invalid_argument{"bad port in " + text};
    return address;
}

Fd begin_connect(Address const& address, int receive_buffer) {
    auto const to = to_sockaddr(address);
    Fd fd = stream_socket();
    if (receive_buffer > 0) setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(fd.get(), reinterpret_cast<sockaddr const*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
        fail("connect");
    return fd;
}

Fd listen_on(Address const& address) {
    auto const at = to_sockaddr(address);
    Fd fd = stream_socket();
    int const on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd.get(), reinterpret_cast<sockaddr const*>(&at), sizeof at) != 0) fail("bind");
    if (listen(fd.get(), SOMAXCONN) != 0) fail("listen");
    return fd;
}

void reset_on_close(Fd const& fd) {
    linger const option{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &option, sizeof option);
}

void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace macp::bench
