#include "http/fixture.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <fstream>

TEST_SUITE_BEGIN("tls listener");

using namespace macp;
namespace asio = boost::asio;
using testing::get;
using testing::route;
using testing::TempDir;
using testing::TestServer;

namespace {

namespace ssl = asio::ssl;

/// Writes a fresh key and a certificate for `name` that signs itself.
void write_identity(http::TlsFiles const& files, std::string const& name) {
    auto* const key = ::EVP_EC_gen("P-256");
    auto* const certificate = ::X509_new();
    ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate), -3600);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate), 3600);
    auto* const subject = ::X509_get_subject_name(certificate);
    ::X509_NAME_add_entry_by_txt(
        subject, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(name.data()), static_cast<int>(name.size()),
        -1, 0
    );
    ::X509_set_issuer_name(certificate, subject);
    ::X509_set_pubkey(certificate, key);
    ::X509_sign(certificate, key, ::EVP_sha256());

    auto* const certificate_file = std::fopen(files.certificate.c_str(), "w");
    ::PEM_write_X509(certificate_file, certificate);
    std::fclose(certificate_file);
    auto* const key_file = std::fopen(files.key.c_str(), "w");
    ::PEM_write_PrivateKey(key_file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(key_file);
    ::X509_free(certificate);
    ::EVP_PKEY_free(key);
}

class TlsClient {
public:
    explicit TlsClient(unsigned short port, int highest_version = TLS1_3_VERSION) {
        ::SSL_set_max_proto_version(stream_.native_handle(), highest_version);
        stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
        timeval const guard{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(stream_.next_layer().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof guard);
        stream_.handshake(ssl::stream_base::client, error_);
    }

    [[nodiscard]] bool is_up() const { return !error_; }
    void send(std::string const& bytes) { asio::write(stream_, asio::buffer(bytes)); }
    /// All until the peer says goodbye; anything but a clean end shows as `error()`.
    std::string read_to_end() {
        std::string text;
        asio::read(stream_, asio::dynamic_buffer(text), error_);
        return text;
    }
    [[nodiscard]] boost::system::error_code error() const { return error_; }
    [[nodiscard]] std::string peer_name() {
        auto* const certificate = ::SSL_get1_peer_certificate(stream_.native_handle());
        std::array<char, 256> name{};
        ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
        ::X509_free(certificate);
        return name.data();
    }

private:
    asio::io_context loop_{1};
    ssl::context context_{ssl::context::tls_client};
    ssl::stream<asio::ip::tcp::socket> stream_{loop_, context_};
    boost::system::error_code error_;
};

std::vector<http::Route> routes() {
    return {
        route("GET", "/", [](auto const&) { return http::json_response("{}"); }),
        route(
            "POST", "/", [](http::Request const& request) { return http::json_response(request.body); },
            http::BodyLimit::Bulk
        ),
    };
}

}  // namespace

TEST_CASE("serves over TLS, in both directions and to a clean end") {
    TempDir const folder;
    http::TlsFiles const files{folder / "cert.pem", folder / "key.pem"};
    write_identity(files, "first");
    TestServer const server{routes(), testing::generous_limits(), {}, 1, files};
    TlsClient client{server.port()};
    REQUIRE(client.is_up());
    std::string const body(300'000, 'x');
    client.send(
        get("/") + "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n" + body
    );
    auto const text = client.read_to_end();
    CHECK(client.error() == asio::error::eof);
    CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(text.ends_with("\r\n\r\n" + body));
}

TEST_CASE("speaks TLS 1.2 and later only") {
    TempDir const folder;
    http::TlsFiles const files{folder / "cert.pem", folder / "key.pem"};
    write_identity(files, "first");
    TestServer const server{routes(), testing::generous_limits(), {}, 1, files};
    CHECK(TlsClient{server.port(), TLS1_2_VERSION}.is_up());
    CHECK_FALSE(TlsClient{server.port(), TLS1_1_VERSION}.is_up());
}

TEST_CASE("shows a new certificate once it is to be used, and keeps the old one when the file is bad") {
    TempDir const folder;
    http::TlsFiles const files{folder / "cert.pem", folder / "key.pem"};
    write_identity(files, "first");
    TestServer server{routes(), testing::generous_limits(), {}, 1, files};
    TlsClient old{server.port()};
    CHECK(old.peer_name() == "first");

    write_identity(files, "second");
    CHECK(TlsClient{server.port()}.peer_name() == "first");
    auto fresh = server.server().read_tls();
    REQUIRE(fresh);
    CHECK(TlsClient{server.port()}.peer_name() == "first");
    server.server().use_tls(*std::move(fresh));
    CHECK(TlsClient{server.port()}.peer_name() == "second");

    std::ofstream{files.certificate} << "not a certificate";
    auto const bad = server.server().read_tls();
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message.find("cert.pem") != std::string::npos);
    CHECK(TlsClient{server.port()}.peer_name() == "second");
    old.send(get("/", "Connection: close\r\n"));
    CHECK(old.read_to_end().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("refuses a key that is not the certificate's, and files that are none") {
    TempDir const folder;
    http::TlsFiles const files{folder / "cert.pem", folder / "key.pem"};
    http::TlsFiles const others{folder / "other-cert.pem", folder / "other-key.pem"};
    write_identity(files, "first");
    write_identity(others, "second");
    CHECK(http::TlsIdentity::load(files));
    CHECK_FALSE(http::TlsIdentity::load({files.certificate, others.key}));
    CHECK_FALSE(http::TlsIdentity::load({files.certificate, folder / "nothing"}));
}

TEST_CASE("closes a connection that never shakes hands") {
    TempDir const folder;
    http::TlsFiles const files{folder / "cert.pem", folder / "key.pem"};
    write_identity(files, "first");
    auto limits = testing::generous_limits();
    limits.header_timeout = std::chrono::milliseconds{150};
    TestServer const server{routes(), limits, {}, 1, files};
    CHECK(server.connect().is_closed());
    auto plain = server.connect();
    plain.send(get("/"));
    CHECK(plain.read_to_end().find("HTTP") == std::string::npos);
}

TEST_SUITE_END();
