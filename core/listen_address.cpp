#include "core/listen_address.hpp"

#include "core/number.hpp"

namespace macp::core {

bool ListenAddress::loopback() const {
    if (host == "localhost" || host == "::1") return true;
    // A name such as `127.evil.example` is not an address.
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

std::string ListenAddress::url(bool tls) const {
    std::string name = host;
    if (host == "0.0.0.0") name = "127.0.0.1";
    if (host == "::") name = "::1";
    if (name.find(':') != std::string::npos) name = '[' + name + ']';
    return (tls ? "https://" : "http://") + name + ':' + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
    auto const refuse = [text] {
        return fail(
            ErrorCode::InvalidField,
            "an address is `host:port` or `[v6 address]:port` with a port from 0 to 65535, got `" +
                std::string{text.substr(0, 64)} + "`"
        );
    };
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return refuse();
    auto host = text.substr(0, colon);
    auto const port = text.substr(colon + 1);
    bool const bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!bracketed && host.find(':') != std::string_view::npos) return refuse();
    if (host.find_first_of(" \t[]/") != std::string_view::npos) return refuse();

    ListenAddress address{.host = std::string{host}, .port = 0};
    auto const number = parse_number<decltype(address.port)>(port);
    if (!number) return refuse();
    address.port = *number;
    return address;
}

}  // namespace macp::core
