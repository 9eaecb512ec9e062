#pragma once

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <string>

namespace macp::testing {

/// A fresh self-signed certificate: its own authority. Throws std::runtime_error when OpenSSL will not.
struct Certificate {
    /// `names` as in OpenSSL's subjectAltName, e.g. `IP:127.0.0.1,DNS:localhost`.
    explicit Certificate(std::string const& names);

    /// A server's context with this certificate.
    [[nodiscard]] boost::asio::ssl::context server_context() const;
    /// Writes the certificate (and nothing secret).
    void write_certificate(std::filesystem::path const& file) const;
    void write_key(std::filesystem::path const& file) const;

    std::string certificate_pem{};
    std::string key_pem{};
};

}  // namespace macp::testing
