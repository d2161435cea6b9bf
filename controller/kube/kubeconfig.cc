#include "controller/kube/kubeconfig.h"

#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "proxy/base/file.h"

namespace stevedore::kube {
namespace {

constexpr std::size_t kMaxFileBytes = 16u << 20;

// A cluster, user or context, and where it was read.
struct Entry {
  YAML::Node body;
  std::string file;
};
using Entries = std::map<std::string, Entry>;

struct Merged {
  Entries clusters;
  Entries users;
  Entries contexts;
  std::string current_context;
};

Error Bad(const std::string& file, const std::string& what) {
  return Error{Errc::kInvalid, file + ": " + what};
}

// A field's text, "" when absent or null. Throws YAML::Exception when it is not a scalar.
std::string Text(const YAML::Node& node, const char* field) {
  const YAML::Node value = node[field];
  return value && !value.IsNull() ? value.as<std::string>() : std::string();
}

void MergeList(const YAML::Node& list, const char* body, const std::string& file, Entries& into) {
  if (!list || list.IsNull()) return;
  for (const YAML::Node& item : list) {
    const std::string name = Text(item, "name");
    into.emplace(name, Entry{item[body], file});
  }
}

Result<> MergeFile(const std::string& file, const std::string& content, Merged& merged) {
  try {
    const YAML::Node root = YAML::Load(content);
    if (!root || root.IsNull()) return Ok();
    if (!root.IsMap()) return Bad(file, "is not a kubeconfig: the document is not a map");
    MergeList(root["clusters"], "cluster", file, merged.clusters);
    MergeList(root["users"], "user", file, merged.users);
    MergeList(root["contexts"], "context", file, merged.contexts);
    if (merged.current_context.empty()) merged.current_context = Text(root, "current-context");
    return Ok();
  } catch (const YAML::Exception& error) {
    return Bad(file, std::string("is not a kubeconfig: ") + error.what());
  }
}

Result<const Entry*> Find(const Entries& entries, const std::string& kind,
                          const std::string& name) {
  const auto found = entries.find(name);
  if (found == entries.end() || !found->second.body.IsMap()) {
    return Error{Errc::kNotFound, "the kubeconfig has no " + kind + " \"" + name + "\""};
  }
  return &found->second;
}

Result<> RefuseFields(const Entry& entry, const std::string& kind, const std::string& name,
                      std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    const YAML::Node value = entry.body[field];
    if (!value || value.IsNull()) continue;
    if (value.IsScalar() && value.Scalar().empty()) continue;
    return Bad(entry.file, kind + " \"" + name + "\": field \"" + field +
                               "\" is not supported; use a token, a token file or a client "
                               "certificate, and a server that is reached directly");
  }
  return Ok();
}

std::optional<std::string> DecodeBase64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  // EVP_DecodeBlock counts the padding as zero bytes.
  const auto padding = static_cast<std::size_t>(std::count(text.end() - 2, text.end(), '='));
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

std::string Resolve(const std::string& file, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

// `field` as a path, or `field`-data as base64, which wins.
Result<Material> ReadMaterial(const Entry& entry, const std::string& field) {
  Material material;
  const std::string data_field = field + "-data";
  if (const std::string data = Text(entry.body, data_field.c_str()); !data.empty()) {
    std::optional<std::string> decoded = DecodeBase64(data);
    if (!decoded) return Bad(entry.file, "field \"" + data_field + "\" is not base64");
    material.text = *std::move(decoded);
    return material;
  }
  material.path = Resolve(entry.file, Text(entry.body, field.c_str()));
  if (!material.path.empty()) {
    if (const Result<std::string> content = material.Read(); !content) {
      return Bad(entry.file, "field \"" + field + "\": " + content.error().detail);
    }
  }
  return material;
}

Result<> ReadCluster(const Entry& entry, const std::string& name, ClusterAccess& access) {
  if (Result<> ok = RefuseFields(entry, "cluster", name, {"proxy-url"}); !ok) return ok;
  Result<ServerUrl> server = ParseServerUrl(Text(entry.body, "server"));
  if (!server) return Bad(entry.file, "cluster \"" + name + "\": " + server.error().detail);
  access.server = *std::move(server);
  access.tls_server_name = Text(entry.body, "tls-server-name");
  if (const YAML::Node skip = entry.body["insecure-skip-tls-verify"]; skip && !skip.IsNull()) {
    access.insecure_skip_tls_verify = skip.as<bool>();
  }
  Result<Material> ca = ReadMaterial(entry, "certificate-authority");
  if (!ca) return ca.error();
  access.ca = *std::move(ca);
  if (access.insecure_skip_tls_verify && !access.ca.empty()) {
    return Bad(entry.file, "cluster \"" + name +
                               "\": insecure-skip-tls-verify and a certificate-authority exclude "
                               "each other");
  }
  return Ok();
}

Result<> ReadUser(const Entry& entry, const std::string& name, ClusterAccess& access) {
  Result<> ok = RefuseFields(entry, "user", name,
                             {"exec", "auth-provider", "username", "password", "as", "as-uid",
                              "as-groups", "as-user-extra"});
  if (!ok) return ok;
  access.token.path = Resolve(entry.file, Text(entry.body, "tokenFile"));
  if (access.token.path.empty()) access.token.text = Text(entry.body, "token");
  Result<Material> certificate = ReadMaterial(entry, "client-certificate");
  if (!certificate) return certificate.error();
  Result<Material> key = ReadMaterial(entry, "client-key");
  if (!key) return key.error();
  if (certificate->empty() != key->empty()) {
    return Bad(entry.file,
               "user \"" + name + "\": client-certificate and client-key must be set together");
  }
  access.client_certificate = *std::move(certificate);
  access.client_key = *std::move(key);
  return Ok();
}

Result<ClusterAccess> ResolveContext(const Merged& merged, const std::string& name) {
  Result<const Entry*> context = Find(merged.contexts, "context", name);
  if (!context) return context.error();
  ClusterAccess access;
  access.name = name;
  access.ns = Text((*context)->body, "namespace");
  if (access.ns.empty()) access.ns = "default";

  const std::string cluster_name = Text((*context)->body, "cluster");
  Result<const Entry*> cluster = Find(merged.clusters, "cluster", cluster_name);
  if (!cluster) return cluster.error();
  if (Result<> ok = ReadCluster(**cluster, cluster_name, access); !ok) return ok.error();

  const std::string user_name = Text((*context)->body, "user");
  if (user_name.empty()) return access;
  Result<const Entry*> user = Find(merged.users, "user", user_name);
  if (!user) return user.error();
  if (Result<> ok = ReadUser(**user, user_name, access); !ok) return ok.error();
  return access;
}

}  // namespace

KubeconfigList KubeconfigFiles(
    const std::string& flag,
    const std::function<std::string(const std::string& name)>& environment) {
  if (!flag.empty()) return KubeconfigList{{flag}, true};
  KubeconfigList list;
  const std::string variable = environment("KUBECONFIG");
  for (std::size_t start = 0; start < variable.size();) {
    const std::size_t end = std::min(variable.find(':', start), variable.size());
    if (end > start) list.paths.push_back(variable.substr(start, end - start));
    start = end + 1;
  }
  const std::string home = environment("HOME");
  if (variable.empty() && !home.empty()) list.paths.push_back(home + "/.kube/config");
  return list;
}

Result<ClusterAccess> LoadKubeconfig(const KubeconfigList& files, const std::string& context) {
  Merged merged;
  std::string tried;
  bool any = false;
  for (const std::string& path : files.paths) {
    tried += (tried.empty() ? "" : ", ") + path;
    const Result<std::string> content = ReadFile(path, kMaxFileBytes);
    if (!content && content.error().code == Errc::kNotFound && !files.all_required) continue;
    if (!content) return content.error();
    if (Result<> ok = MergeFile(path, *content, merged); !ok) return ok.error();
    any = true;
  }
  if (!any) {
    return Error{Errc::kNotFound, "no kubeconfig: none of these exists: [" + tried + "]"};
  }
  const std::string& name = context.empty() ? merged.current_context : context;
  if (name.empty()) {
    return Error{Errc::kInvalid, "the kubeconfig has no current-context; name one with --context"};
  }
  try {
    return ResolveContext(merged, name);
  } catch (const YAML::Exception& error) {
    return Bad(tried, "context \"" + name + "\": " + error.what());
  }
}

}  // namespace stevedore::kube
