#include "controller/kube/rest_client.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace stevedore::kube {
namespace {

namespace http = web::http;
namespace ssl = boost::asio::ssl;

// A failure here is caught by the library and becomes that of the request.
std::string Read(const Material& material, const char* what) {
  Result<std::string> content = material.Read();
  if (!content) throw std::runtime_error(std::string(what) + ": " + content.error().detail);
  return *std::move(content);
}

// Runs for each new connection, on threads of the library.
void SetUpTls(const ClusterAccess& access, ssl::context& context) {
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  if (!access.ca.empty()) {
    const std::string ca = Read(access.ca, "certificate authority");
    X509_STORE* const store = X509_STORE_new();
    if (store == nullptr) throw std::runtime_error("no memory for a trust store");
    SSL_CTX_set_cert_store(native, store);
    // The cluster's CA may be an intermediate one: it is trusted as it is.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    context.add_certificate_authority(boost::asio::buffer(ca));
  }
  if (!access.client_certificate.empty()) {
    const std::string chain = Read(access.client_certificate, "client certificate");
    const std::string key = Read(access.client_key, "client key");
    context.use_certificate_chain(boost::asio::buffer(chain));
    context.use_private_key(boost::asio::buffer(key), ssl::context::pem);
  }
}

// The API server wants the bare word "gzip": a weight beyond the scale leaves out ";q=".
std::shared_ptr<http::compression::decompress_factory> Gunzip() {
  namespace compression = http::compression;
  const std::string name = compression::builtin::algorithm::GZIP;
  return compression::make_decompress_factory(
      name, 1001, [name] { return compression::builtin::make_decompressor(name); });
}

// The library writes header values as they are: a line break would start another header.
Result<> AddHeader(http::http_request& request, const std::string& name, std::string value) {
  const std::size_t first = value.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return Ok();
  value = value.substr(first, value.find_last_not_of(" \t\r\n") - first + 1);
  const bool clean = std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
  if (!clean) {
    return Error{Errc::kInvalid, "the value of header " + name + " holds control characters"};
  }
  request.headers().add(name, value);
  return Ok();
}

}  // namespace

Result<std::shared_ptr<http::client::http_client>> MakeRestClient(
    const ClusterAccess& access, std::chrono::milliseconds inactivity, bool gzip) {
  http::client::http_client_config config;
  config.set_request_compressed_response(gzip);
  config.set_timeout(inactivity);
  config.set_max_redirects(0);
  config.set_validate_certificates(!access.insecure_skip_tls_verify);
  config.set_tlsext_sni_enabled(!access.tls_server_name.empty() ||
                                !IsIpAddress(access.server.host));
  config.set_ssl_context_callback([access](ssl::context& context) { SetUpTls(access, context); });
  try {
    // An IPv6 address goes in without brackets: with them it would be looked up as a name.
    const web::uri base = web::uri_builder()
                              .set_scheme(access.server.tls ? "https" : "http")
                              .set_host(access.server.host)
                              .set_port(access.server.port)
                              .to_uri();
    return std::make_shared<http::client::http_client>(base, config);
  } catch (const std::exception& error) {
    return Error{Errc::kInvalid, "server " + access.server.host + ": " + error.what()};
  }
}

Result<http::http_request> MakeRestRequest(const ClusterAccess& access, const Request& request,
                                           const std::string& user_agent,
                                           const std::string& token) {
  try {
    web::uri_builder target;
    target.set_path(access.server.path + request.path, true);
    for (const auto& [name, value] : request.query) target.append_query(name, value);
    http::http_request result(request.method);
    if (request.gzip) result.set_decompress_factories({Gunzip()});
    result.set_request_uri(target.to_uri());
    // Bytes, not text: the library's stream over a string casts between unrelated types.
    if (!request.body.empty()) {
      result.set_body(std::vector<unsigned char>(request.body.begin(), request.body.end()));
      result.headers().remove("Content-Type");
    }

    std::vector<std::pair<std::string, std::string>> headers = {
        {"Accept", "application/json"},
        {"User-Agent", user_agent},
        // The library takes this one for the name to send as SNI and to verify.
        {"Host", access.tls_server_name},
        {"Content-Type", request.content_type},
    };
    if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
    for (auto& [name, value] : headers) {
      if (Result<> ok = AddHeader(result, name, std::move(value)); !ok) return ok.error();
    }
    return result;
  } catch (const std::exception& error) {
    return Error{Errc::kInvalid, "request " + request.path + ": " + error.what()};
  }
}

}  // namespace stevedore::kube
