#pragma once

#include "core/result.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace macp::http {

struct TlsFiles {
    std::string certificate{};  ///< PEM, the chain.
    std::string key{};          ///< PEM.
};

/// The certificate of a listener, exchangeable while it runs. Threads: safe from anywhere.
class TlsIdentity {
public:
    /// Errors: InvalidField, naming the file.
    [[nodiscard]] static core::Result<std::unique_ptr<TlsIdentity>> load(TlsFiles files);

    /// Reads both files again, for connections to come. On failure the old ones stay. Errors: as `load`.
    [[nodiscard]] core::Result<void> reload();

    [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> context() const;

private:
    explicit TlsIdentity(TlsFiles files) : files_{std::move(files)} {}

    TlsFiles files_;
    mutable std::mutex mutex_;
    std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace macp::http
