#include "http/tls.hpp"

#include <openssl/ssl.h>

#include <utility>

namespace macp::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

core::Result<TlsIdentity::Context> read_files(TlsFiles const& files) {
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
    auto context = read_files(files);
    if (!context) return core::pass_on(context);
    return std::unique_ptr<TlsIdentity>{new TlsIdentity{std::move(files), *std::move(context)}};
}

core::Result<TlsIdentity::Context> TlsIdentity::read() const {
    return read_files(files_);
}

void TlsIdentity::use(Context context) {
    std::lock_guard const lock{mutex_};
    context_ = std::move(context);
}

TlsIdentity::Context TlsIdentity::context() const {
    std::lock_guard const lock{mutex_};
    return context_;
}

}  // namespace macp::http
