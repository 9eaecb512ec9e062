#include "support/certificate.hpp"

#include <boost/asio/buffer.hpp>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <memory>
#include <stdexcept>

namespace macp::testing {
namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

void require(bool done) {
    if (!done) throw std::runtime_error{"cannot make a certificate"};
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    auto const size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, int kind, std::string const& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    Extension const extension{X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

Certificate::Certificate(std::string const& names) {
    Key const key{EVP_EC_gen("P-256")};
    X509Ptr const certificate{X509_new()};
    require(key != nullptr && certificate != nullptr);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    auto* const name = X509_get_subject_name(certificate.get());
    auto const* const title = reinterpret_cast<unsigned char const*>("macp test");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, title, -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), NID_subject_alt_name, names);
    require(X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0);

    BioPtr const certificate_out{BIO_new(BIO_s_mem())};
    BioPtr const key_out{BIO_new(BIO_s_mem())};
    require(PEM_write_bio_X509(certificate_out.get(), certificate.get()) == 1);
    require(PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    certificate_pem = text_of(certificate_out.get());
    key_pem = text_of(key_out.get());
}

boost::asio::ssl::context Certificate::server_context() const {
    boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
    context.use_certificate_chain(boost::asio::buffer(certificate_pem));
    context.use_private_key(boost::asio::buffer(key_pem), boost::asio::ssl::context::pem);
    return context;
}

void Certificate::write_certificate(std::filesystem::path const& file) const {
    std::ofstream{file} << certificate_pem;
}
void Certificate::write_key(std::filesystem::path const& file) const {
    std::ofstream{file} << key_pem;
}

}  // namespace macp::testing
