#include "http/tls.hpp"

#include <openssl/ssl.h>

#include <utility>

namespace macp::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

core::Result<std::shared_ptr<ssl::context>> read_files(TlsFiles const& files) {
    auto const refused = [](std::string const& file, std::string const& why) {
        return core::fail(core::ErrorCode::InvalidField, "cannot use " + file + ": " + why);
    };
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    error_code ignored;
    context->set_options(ssl::context::default_workarounds | ssl::context::no_compression, ignored);
    ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    ::SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
    ::SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // idle connections hold no buffers

    error_code error;
    context->use_certificate_chain_file(files.certificate, error);
    if (error) return refused(files.certificate, error.message());
    context->use_private_key_file(files.key, ssl::context::pem, error);
    if (error) return refused(files.key, error.message());
    if (::SSL_CTX_check_private_key(context->native_handle()) != 1)
        return refused(files.key, "not the certificate's key");
    return context;
}

}  // namespace

core::Result<std::unique_ptr<TlsIdentity>> TlsIdentity::load(TlsFiles files) {
    std::unique_ptr<TlsIdentity> identity{new TlsIdentity{std::move(files)}};
    auto const loaded = identity->reload();
    if (!loaded) return core::pass_on(loaded);
    return identity;
}

core::Result<void> TlsIdentity::reload() {
    auto context = read_files(files_);
    if (!context) return core::pass_on(context);
    std::lock_guard const lock{mutex_};
    context_ = *std::move(context);
    return {};
}

std::shared_ptr<ssl::context> TlsIdentity::context() const {
    std::lock_guard const lock{mutex_};
    return context_;
}

}  // namespace macp::http
