// Fuzz target: kubeconfig files.
// Property: what is accepted is complete (a server with host and port, a client certificate with
// its key, nothing in the host that could end a line of a request), is the same when the file is
// named twice or behind an empty one, and is the same again when it is written as a kubeconfig of
// its own and read from there. No refusal shows the token that the file holds.
#include "controller/kube/kubeconfig.h"

#include <stdlib.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <fstream>

#include "proxy/config/json_text.h"
#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {
namespace {

using kube::ClusterAccess;
using kube::Material;

// Stands in the seeds: wherever a file says it as its token, it is secret.
constexpr std::string_view kToken = "t0k3n-0f-th3-s33ds";

// A directory in memory for the files of this process.
class Folder {
 public:
  Folder() {
    char name[] = "/dev/shm/stevedore-fuzz-XXXXXX";
    Require(::mkdtemp(name) != nullptr, "there is a directory to write to");
    path_ = name;
    ::atexit([] { The().Remove(); });
  }
  static Folder& The() {
    static Folder& folder = *new Folder();  // for the whole process: removed at its exit
    return folder;
  }
  std::string Write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ + name, std::ios::binary | std::ios::trunc) << text;
    return path_ + name;
  }

 private:
  void Remove() const {
    for (const char* name : {"/config", "/empty", "/again"}) ::unlink((path_ + name).c_str());
    ::rmdir(path_.c_str());
  }
  std::string path_;
};

std::string Base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned word = 0;
    for (std::size_t j = i; j < i + 3; ++j)
      word = word << 8 | (j < bytes.size() ? static_cast<std::uint8_t>(bytes[j]) : 0u);
    for (unsigned digit = 0; digit < 4; ++digit)
      text += i + digit <= bytes.size() ? kDigits[word >> (18 - 6 * digit) & 63] : '=';
  }
  return text;
}

void WriteMaterial(config::JsonText& json, const std::string& field, const Material& material) {
  if (!material.text.empty()) json.Name(field + "-data").Value(Base64(material.text));
  if (!material.path.empty()) json.Name(field).Value(material.path);
}

// Whether the token is what some user's field `token` says, and stands nowhere else in the file.
class TokenFinder {
 public:
  explicit TokenFinder(const YAML::Node& root) { Look(root, ""); }
  bool IsSecret() const { return as_token_ && !elsewhere_; }

 private:
  void Look(const YAML::Node& node, const std::string& at) {
    // Aliases make more nodes than there are bytes: what takes too long is not decided.
    if (nodes_left_ == 0 || --nodes_left_ == 0) elsewhere_ = true;
    if (elsewhere_) return;
    if (node.IsScalar() && node.Scalar().find(kToken) != std::string::npos)
      (at == "/users/-/user/token" ? as_token_ : elsewhere_) = true;
    if (node.IsSequence())
      for (const YAML::Node& item : node) Look(item, at + "/-");
    if (!node.IsMap()) return;
    for (const auto& entry : node) {
      Look(entry.first, at + "/?");
      Look(entry.second, at + "/" + (entry.first.IsScalar() ? entry.first.Scalar() : "?"));
    }
  }
  unsigned nodes_left_ = 10'000;
  bool as_token_ = false;
  bool elsewhere_ = false;
};

// A file that is no YAML holds no token.
bool HoldsSecret(std::string_view text) {
  try {
    return TokenFinder(YAML::Load(std::string(text))).IsSecret();
  } catch (const YAML::Exception&) {
    return false;
  }
}

// A kubeconfig of one context that means this access.
std::string Written(const ClusterAccess& access) {
  const bool v6 = access.server.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + access.server.host + "]" : access.server.host;
  const std::string url = (access.server.tls ? "https://" : "http://") + host + ":" +
                          std::to_string(access.server.port) + access.server.path;
  config::JsonText json;
  const auto open = [&](const char* list, const char* body) {
    json.Name(list).OpenArray();
    json.OpenObject();
    json.Name("name").Value(list[1] == 'o' ? access.name : "x");
    json.Name(body).OpenObject();
  };
  const auto close = [&] {
    json.CloseObject();
    json.CloseObject();
    json.CloseArray();
  };
  json.OpenObject();
  json.Name("current-context").Value(access.name);
  open("clusters", "cluster");
  json.Name("server").Value(url);
  json.Name("tls-server-name").Value(access.tls_server_name);
  json.Name("insecure-skip-tls-verify").Value(access.insecure_skip_tls_verify);
  WriteMaterial(json, "certificate-authority", access.ca);
  close();
  open("users", "user");
  if (!access.token.text.empty()) json.Name("token").Value(access.token.text);
  if (!access.token.path.empty()) json.Name("tokenFile").Value(access.token.path);
  WriteMaterial(json, "client-certificate", access.client_certificate);
  WriteMaterial(json, "client-key", access.client_key);
  close();
  open("contexts", "context");
  json.Name("cluster").Value("x");
  json.Name("user").Value("x");
  json.Name("namespace").Value(access.ns);
  close();
  json.CloseObject();
  return std::move(json).Take();
}

bool Same(const Material& a, const Material& b) { return a.text == b.text && a.path == b.path; }

bool Same(const ClusterAccess& a, const ClusterAccess& b) {
  return a.server == b.server && a.tls_server_name == b.tls_server_name &&
         a.insecure_skip_tls_verify == b.insecure_skip_tls_verify && Same(a.ca, b.ca) &&
         Same(a.client_certificate, b.client_certificate) && Same(a.client_key, b.client_key) &&
         Same(a.token, b.token) && a.ns == b.ns && a.name == b.name;
}

void RequireComplete(const ClusterAccess& access) {
  Require(!access.server.host.empty() && access.server.port != 0, "a server has host and port");
  for (const std::string& text : {access.server.host, access.server.path})
    Require(IsPlain(text) && text.find(' ') == std::string::npos,
            "host and path hold no blanks and no control characters", text);
  Require(access.client_certificate.empty() == access.client_key.empty(),
          "a certificate has its key");
  Require(!access.insecure_skip_tls_verify || access.ca.empty(), "verified, or not");
  Require(!access.ns.empty() && !access.name.empty(), "a context has a name and a namespace");
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  using namespace stevedore::fuzz;
  const std::string_view text = Text(data, size);
  // A path that is not below our directory would be read from the machine that fuzzes.
  if (text.find("/dev") != std::string_view::npos || text.find("/proc") != std::string_view::npos)
    return 0;
  const std::string file = Folder::The().Write("/config", text);
  const auto access = kube::LoadKubeconfig({{file}, true}, "");
  if (!access) {
    Require(!access.error().detail.empty(), "a refusal says why");
    Require(access.error().detail.find(kToken) == std::string::npos || !HoldsSecret(text),
            "a refusal does not show the token", access.error().detail);
    return 0;
  }
  RequireComplete(*access);
  const std::string empty = Folder::The().Write("/empty", "");
  for (const auto& files : {std::vector{file, file}, std::vector{empty, file}}) {
    const auto merged = kube::LoadKubeconfig({files, true}, "");
    Require(merged && Same(*merged, *access), "merging adds nothing to what is there");
  }
  const std::string written = Written(*access);
  // Bytes that are no UTF-8 cannot be written in JSON.
  if (written.find("\xef\xbf\xbd") != std::string::npos) return 0;
  const auto again = kube::LoadKubeconfig({{Folder::The().Write("/again", written)}, true}, "");
  Require(static_cast<bool>(again), "what was accepted is accepted when written anew",
          again ? "" : again.error().detail + "\n" + written);
  Require(Same(*again, *access), "and means the same", written);
  return 0;
}
