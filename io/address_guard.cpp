#include "io/address_guard.hpp"

#include "core/ascii.hpp"
#include "core/filter.hpp"
#include "core/number.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace macp::io {
namespace {

namespace ip = boost::asio::ip;
using Bytes = ip::address_v6::bytes_type;

constexpr std::string_view loopback_rule = "loopback";
constexpr std::string_view private_rule = "private";

struct Rule4 {
    std::uint32_t network;
    unsigned bits;
    char const* name;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) {
    return a << 24U | b << 16U | c << 8U | d;
}

/// The first that holds counts, so that a cloud's metadata service is never just `private`.
constexpr std::array<Rule4, 23> rules4{{
    {v4(169, 254, 169, 254), 32, "metadata"},
    {v4(169, 254, 170, 2), 32, "metadata"},    // container credentials
    {v4(100, 100, 100, 200), 32, "metadata"},  // Alibaba
    {v4(192, 0, 0, 192), 32, "metadata"},      // Oracle
    {v4(168, 63, 129, 16), 32, "metadata"},    // Azure
    {v4(0, 0, 0, 0), 8, "unspecified"},
    {v4(127, 0, 0, 0), 8, "loopback"},
    {v4(10, 0, 0, 0), 8, "private"},
    {v4(172, 16, 0, 0), 12, "private"},
    {v4(192, 168, 0, 0), 16, "private"},
    {v4(100, 64, 0, 0), 10, "private"},
    {v4(169, 254, 0, 0), 16, "link-local"},
    {v4(192, 0, 2, 0), 24, "documentation"},
    {v4(198, 51, 100, 0), 24, "documentation"},
    {v4(203, 0, 113, 0), 24, "documentation"},
    {v4(233, 252, 0, 0), 24, "documentation"},
    {v4(198, 18, 0, 0), 15, "benchmark"},
    {v4(192, 0, 0, 0), 24, "reserved"},
    {v4(192, 88, 99, 0), 24, "reserved"},
    {v4(192, 31, 196, 0), 24, "reserved"},
    {v4(224, 0, 0, 0), 4, "multicast"},
    {v4(255, 255, 255, 255), 32, "broadcast"},
    {v4(240, 0, 0, 0), 4, "reserved"},
}};

struct Rule6 {
    char const* network;
    unsigned bits;
    char const* name;
};

constexpr std::array<Rule6, 13> rules6{{
    {"fd00:ec2::254", 128, "metadata"},  // AWS
    {"fd20:ce::254", 128, "metadata"},   // Google
    {"::", 128, "unspecified"},
    {"::1", 128, "loopback"},
    {"fc00::", 7, "private"},
    {"fec0::", 10, "private"},  // site-local, as it once was
    {"fe80::", 10, "link-local"},
    {"ff00::", 8, "multicast"},
    {"2001:db8::", 32, "documentation"},
    {"3fff::", 20, "documentation"},
    {"2001:2::", 48, "benchmark"},
    {"64:ff9b:1::", 48, "reserved"},  // NAT64 of a network's own
    {"100::", 64, "reserved"},        // discard
}};

/// Prefixes that carry an IPv4 address, and the byte where it begins.
struct Embedding {
    char const* network;
    unsigned bits;
    std::size_t at;
    unsigned char inverted;
};

constexpr std::array<Embedding, 6> embeddings{{
    {"::ffff:0:0", 96, 12, 0},    // mapped
    {"::ffff:0:0:0", 96, 12, 0},  // translated
    {"64:ff9b::", 96, 12, 0},     // NAT64
    {"2002::", 16, 2, 0},         // 6to4
    {"2001::", 32, 12, 0xff},     // Teredo: the client's, inverted
    {"::", 96, 12, 0},            // compatible
}};

bool in_block(Bytes const& address, Bytes const& network, unsigned bits) {
    auto const whole = static_cast<std::ptrdiff_t>(bits / 8);
    if (!std::equal(address.begin(), address.begin() + whole, network.begin())) return false;
    auto const rest = bits % 8;
    if (rest == 0) return true;
    auto const at = static_cast<std::size_t>(whole);
    auto const mask = static_cast<unsigned>(0xff00U >> rest) & 0xffU;
    return ((address[at] ^ network[at]) & mask) == 0;
}

bool in_block(Bytes const& address, char const* network, unsigned bits) {
    return in_block(address, ip::make_address_v6(network).to_bytes(), bits);
}

/// The IPv4 address that an IPv6 one stands for. `::` and `::1` are themselves.
std::optional<ip::address_v4> embedded(ip::address_v6 const& address) {
    if (address.is_unspecified() || address.is_loopback()) return std::nullopt;
    auto const bytes = address.to_bytes();
    auto const fits = [&](Embedding const& one) { return in_block(bytes, one.network, one.bits); };
    auto const* const found = std::ranges::find_if(embeddings, fits);
    if (found == embeddings.end()) return std::nullopt;
    ip::address_v4::bytes_type inner{};
    for (std::size_t i = 0; i < inner.size(); ++i) inner[i] = bytes[found->at + i] ^ found->inverted;
    return ip::make_address_v4(inner);
}

char const* rule_of_v4(ip::address_v4 const& address) {
    auto const holds = [number = address.to_uint()](Rule4 const& rule) {
        return ((number ^ rule.network) >> (32U - rule.bits)) == 0;
    };
    auto const* const found = std::ranges::find_if(rules4, holds);
    return found == rules4.end() ? nullptr : found->name;
}

char const* rule_of_v6(ip::address_v6 const& address) {
    if (auto const inner = embedded(address)) return rule_of_v4(*inner);
    auto const holds = [bytes = address.to_bytes()](Rule6 const& rule) {
        return in_block(bytes, rule.network, rule.bits);
    };
    auto const* const found = std::ranges::find_if(rules6, holds);
    return found == rules6.end() ? nullptr : found->name;
}

Bytes as_v6(ip::address const& address) {
    if (address.is_v6()) return address.to_v6().to_bytes();
    return ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

/// A star stands for whole labels in front only: `10.*` would look like addresses and match names.
bool is_name(std::string_view text) {
    if (text.starts_with("*.")) text.remove_prefix(2);
    auto const part_of_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    return !text.empty() && std::ranges::all_of(text, part_of_name);
}

/// How the setting that lifts a rule is told to people.
std::string remedy(std::string_view rule, std::string const& address) {
    std::string out = "allow it with ";
    if (rule == loopback_rule || rule == private_rule) out += "`outgoing.allow_" + std::string{rule} + " = true` or ";
    return out + "`outgoing.allow = [\"" + address + "\"]`";
}

}  // namespace

char const* rule_of(ip::address const& address) {
    return address.is_v4() ? rule_of_v4(address.to_v4()) : rule_of_v6(address.to_v6());
}

core::Result<AddressGuard> AddressGuard::make(AddressPolicy const& policy) {
    AddressGuard guard;
    guard.allow_loopback_ = policy.allow_loopback;
    guard.allow_private_ = policy.allow_private;
    for (auto const& entry : policy.allow) {
        auto const text = core::lower_case(entry);
        auto const slash = text.find('/');
        boost::system::error_code no_address;
        auto const address = ip::make_address(text.substr(0, slash), no_address);
        auto const most = no_address || address.is_v6() ? 128U : 32U;
        auto bits = most;
        auto bad = no_address && (slash != std::string::npos || !is_name(text));
        if (slash != std::string::npos) {
            auto const number = core::parse_number<unsigned>(std::string_view{text}.substr(slash + 1));
            bits = number.value_or(most);
            bad = bad || !number || bits > most;
        }
        if (bad) {
            return core::fail(
                core::ErrorCode::InvalidField,
                "`" + entry + "` is neither an address, a block such as 10.0.0.0/8, nor a host name", "outgoing.allow"
            );
        }
        if (no_address) {
            guard.hosts_.push_back(text);
        } else {
            guard.blocks_.push_back({.bytes = as_v6(address), .bits = bits + 128 - most});
        }
    }
    return guard;
}

core::Result<void> AddressGuard::check(std::string_view host, ip::address const& address) const {
    auto const* const name = rule_of(address);
    if (name == nullptr) return {};
    std::string_view const rule{name};
    if ((rule == loopback_rule && allow_loopback_) || (rule == private_rule && allow_private_)) return {};
    if (listed(host, address)) return {};
    auto const text = address.to_string();
    auto const asked = host == text ? std::string{} : " of `" + std::string{host} + "`";
    return core::fail(
        core::ErrorCode::Forbidden,
        std::string{rule} + " address " + text + asked + " is refused: rule `" + std::string{rule} + "`; " +
            remedy(rule, text),
        "url"
    );
}

bool AddressGuard::listed(std::string_view host, ip::address const& address) const {
    if (std::ranges::any_of(hosts_, [host](auto const& glob) { return core::glob_match(glob, host); })) return true;
    auto const inside = [this](Bytes const& bytes) {
        return std::ranges::any_of(blocks_, [&](Block const& block) {
            return in_block(bytes, block.bytes, block.bits);
        });
    };
    if (inside(as_v6(address))) return true;
    auto const inner = address.is_v6() ? embedded(address.to_v6()) : std::nullopt;
    return inner && inside(as_v6(*inner));
}

}  // namespace macp::io
