#pragma once

#include "core/result.hpp"

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace macp::io {

/// What may be reached beside the public internet. The settings are named as in messages: table `outgoing`.
struct AddressPolicy {
    bool allow_loopback = false;
    bool allow_private = false;        ///< Not link-local and not metadata: those must be listed in `allow`.
    std::vector<std::string> allow{};  ///< Addresses, CIDR blocks, host names, names under one (`*.internal`).
};

/// Why an address is special: null for one of the public internet, else the rule's name, which is stable: `loopback`,
/// `private`, `link-local`, `metadata` (a cloud's credentials), `unspecified`, `multicast`, `broadcast`,
/// `documentation`, `benchmark` or `reserved`. An IPv4 address inside an IPv6 one (mapped, compatible, translated,
/// NAT64, 6to4, Teredo) is judged as itself.
[[nodiscard]] char const* rule_of(boost::asio::ip::address const& address);

/// Decides which addresses a request may go to, after its name has been looked up: what a name stands for is known only
/// then, and may be another thing the next time (DNS rebinding).
/// Threads: immutable, safe from anywhere.
class AddressGuard {
public:
    /// Errors: InvalidField with `outgoing.allow` for an entry that is neither address, block nor name.
    [[nodiscard]] static core::Result<AddressGuard> make(AddressPolicy const& policy);

    /// Errors: Forbidden, with the name of the rule that refuses and the setting that would allow it. `host`: the name
    /// as the URL has it, in lower case.
    [[nodiscard]] core::Result<void> check(std::string_view host, boost::asio::ip::address const& address) const;

private:
    struct Block {
        boost::asio::ip::address_v6::bytes_type bytes{};  ///< IPv4 as mapped into IPv6.
        unsigned bits = 0;
    };

    AddressGuard() = default;
    [[nodiscard]] bool listed(std::string_view host, boost::asio::ip::address const& address) const;

    bool allow_loopback_ = false;
    bool allow_private_ = false;
    std::vector<Block> blocks_;
    std::vector<std::string> hosts_;  ///< Names and globs, in lower case.
};

}  // namespace macp::io
