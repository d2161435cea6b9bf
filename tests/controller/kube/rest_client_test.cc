#include "controller/kube/rest_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/kube/rest_transport.h"
#include "tests/controller/kube/scripted_server.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore::kube {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class RestClientTest : public ::testing::Test {
 protected:
  // One GET over TLS: the body, which is the SNI that the server saw, or the error.
  static std::string Fetch(const ClusterAccess& access) {
    MonotonicClock clock;
    Credentials credentials(access, clock);
    RestOptions options;
    options.unary_timeout = std::chrono::seconds(5);
    RestTransport transport(credentials, clock, options);
    const Result<Response> response = transport.Do({.path = "/"});
    return response ? "sni=" + response->body : response.error().detail;
  }
  static bool TellSni(ServerConnection& connection, const std::string&) {
    return connection.Write(Answer(200, connection.Sni()));
  }
  static ClusterAccess Access(const ScriptedServer& server, const std::string& host,
                              const std::string& ca) {
    ClusterAccess access;
    access.server = {true, host, server.port(), ""};
    access.ca.text = ca;
    return access;
  }

  const TestCert ca_ = MakeCa("cluster");
  const TestCert other_ca_ = MakeCa("other");
  const TestCert cert_ = MakeCert(ca_, "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc");
};

TEST_F(RestClientTest, TrustsTheClustersCaAndNoOther) {
  const ServerTls tls{cert_, "", 0};
  ScriptedServer server(TellSni, &tls);
  // An address is verified, but is no server name.
  EXPECT_EQ(Fetch(Access(server, "127.0.0.1", ca_.cert)), "sni=");
  EXPECT_EQ(Fetch(Access(server, "localhost", ca_.cert)), "sni=localhost");
  EXPECT_THAT(Fetch(Access(server, "127.0.0.1", other_ca_.cert)),
              HasSubstr("certificate verify failed"));
  EXPECT_THAT(Fetch(Access(server, "127.0.0.1", "")), HasSubstr("certificate verify failed"));
  // The certificate alone as trust anchor.
  EXPECT_EQ(Fetch(Access(server, "127.0.0.1", cert_.cert)), "sni=");

  ClusterAccess insecure = Access(server, "127.0.0.1", "");
  insecure.insecure_skip_tls_verify = true;
  EXPECT_EQ(Fetch(insecure), "sni=");
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST_F(RestClientTest, VerifiesTheServersName) {
  const ServerTls tls{MakeCert(ca_, "DNS:api.example,DNS:kubernetes.default.svc"), "", 0};
  ScriptedServer server(TellSni, &tls);
  ClusterAccess access = Access(server, "127.0.0.1", ca_.cert);
  EXPECT_THAT(Fetch(access), HasSubstr("certificate verify failed"));
  access.tls_server_name = "kubernetes.default.svc";
  EXPECT_EQ(Fetch(access), "sni=kubernetes.default.svc");
  EXPECT_THAT(server.requests().at(0), HasSubstr("Host:kubernetes.default.svc\r\n"));
  access.tls_server_name = "wrong.example";
  EXPECT_THAT(Fetch(access), HasSubstr("certificate verify failed"));
}

TEST_F(RestClientTest, RefusesExpiredCertificatesAndOldProtocols) {
  const ServerTls expired{MakeCert(ca_, "IP:127.0.0.1", -60), "", 0};
  ScriptedServer expired_server(TellSni, &expired);
  EXPECT_THAT(Fetch(Access(expired_server, "127.0.0.1", ca_.cert)),
              HasSubstr("certificate verify failed"));
  const ServerTls old{cert_, "", TLS1_1_VERSION};
  ScriptedServer old_server(TellSni, &old);
  EXPECT_THAT(Fetch(Access(old_server, "127.0.0.1", ca_.cert)),
              AnyOf(HasSubstr("protocol version"), HasSubstr("unsupported protocol")));
}

TEST_F(RestClientTest, ShowsItsClientCertificate) {
  const ServerTls tls{cert_, ca_.cert, 0};
  ScriptedServer server(TellSni, &tls);
  ClusterAccess access = Access(server, "127.0.0.1", ca_.cert);
  EXPECT_THAT(Fetch(access), Not(HasSubstr("sni=")));
  const TestCert client = MakeCert(ca_, "");
  access.client_certificate.text = client.cert;
  access.client_key.text = client.key;
  EXPECT_EQ(Fetch(access), "sni=");
  const TestCert stranger = MakeCert(other_ca_, "");
  access.client_certificate.text = stranger.cert;
  access.client_key.text = stranger.key;
  EXPECT_THAT(Fetch(access), Not(HasSubstr("sni=")));
  access.client_key.text = "no key";
  EXPECT_THAT(Fetch(access), Not(HasSubstr("sni=")));
}

TEST_F(RestClientTest, ReadsTheCaForEachConnection) {
  const ServerTls tls{cert_, "", 0};
  ScriptedServer server(
      [](ServerConnection& connection, const std::string&) {
        connection.Write(Answer(200, "ok", "Connection: close\r\n"));
        return false;
      },
      &tls);
  TempDir dir;
  ClusterAccess access = Access(server, "127.0.0.1", "");
  access.ca.path = dir.path() + "/ca.crt";
  MonotonicClock clock;
  Credentials credentials(access, clock);
  RestTransport transport(credentials, clock, {});
  const Result<Response> missing = transport.Do({.path = "/"});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().detail, HasSubstr("certificate authority: "));
  dir.Write("ca.crt", other_ca_.cert);
  EXPECT_FALSE(transport.Do({.path = "/"}));
  dir.Write("ca.crt", ca_.cert);
  EXPECT_TRUE(transport.Do({.path = "/"}));
}

TEST_F(RestClientTest, Ipv6AddressIsVerified) {
  const ServerTls tls{MakeCert(ca_, "IP:::1"), "", 0};
  ScriptedServer server(TellSni, &tls, true);
  if (server.port() == 0) GTEST_SKIP() << "no IPv6 on loopback";
  EXPECT_EQ(Fetch(Access(server, "::1", ca_.cert)), "sni=");
}

TEST(MakeRestRequest, ATokenCannotAddAHeader) {
  ClusterAccess access;
  const auto split = MakeRestRequest(access, {.path = "/"}, "agent", "abc\r\nX-Evil: 1");
  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().code, Errc::kInvalid);
  EXPECT_THAT(split.error().detail, HasSubstr("header Authorization"));
  EXPECT_THAT(split.error().detail, Not(HasSubstr("abc")));

  const auto trimmed = MakeRestRequest(access, {.path = "/"}, "agent \n", "abc\n");
  ASSERT_TRUE(trimmed);
  EXPECT_EQ(trimmed->headers().find("Authorization")->second, "Bearer abc");
  EXPECT_EQ(trimmed->headers().find("User-Agent")->second, "agent");
  EXPECT_FALSE(trimmed->headers().has("Host"));
}

}  // namespace
}  // namespace stevedore::kube
