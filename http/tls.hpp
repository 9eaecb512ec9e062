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
    using Context = std::shared_ptr<boost::asio::ssl::context>;

    /// Errors: InvalidField, naming the file.
    [[nodiscard]] static core::Result<std::unique_ptr<TlsIdentity>> load(TlsFiles files);

    /// Reads both files again; nothing changes before `use`. Errors: as `load`.
    [[nodiscard]] core::Result<Context> read() const;
    /// For connections to come.
    void use(Context context);

    [[nodiscard]] Context context() const;

private:
    TlsIdentity(TlsFiles files, Context context) : files_{std::move(files)}, context_{std::move(context)} {}

    TlsFiles const files_;
    mutable std::mutex mutex_;
    Context context_;
};

}  // namespace macp::http
