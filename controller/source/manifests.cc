#include "controller/source/manifests.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "controller/source/yaml_json.h"
#include "proxy/base/file.h"
#include "proxy/base/log.h"

namespace stevedore::source {
namespace {

constexpr std::array<Kind, 4> kKinds = {Kind::kRoute, Kind::kService, Kind::kEndpointSlice,
                                        Kind::kEndpoints};

std::string StringMember(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

// A route of any version is ours: the decoder says what is wrong with a strange one.
std::optional<Kind> KindOf(const std::string& kind, const std::string& version) {
  if (kind == "StevedoreRoute" && version.starts_with("stevedore.io/")) return Kind::kRoute;
  if (kind == "Service" && version == "v1") return Kind::kService;
  if (kind == "EndpointSlice" && version == "discovery.k8s.io/v1") return Kind::kEndpointSlice;
  if (kind == "Endpoints" && version == "v1") return Kind::kEndpoints;
  return std::nullopt;
}

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kRoute:
      return "StevedoreRoute";
    case Kind::kService:
      return "Service";
    case Kind::kEndpointSlice:
      return "EndpointSlice";
    case Kind::kEndpoints:
      return "Endpoints";
  }
  return "";
}

bool IsObjectName(const std::string& name, std::size_t max_bytes) {
  return name.size() <= max_bytes && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

void AddObject(const std::string& file, nlohmann::json& object, Manifests& into) {
  const std::string kind_name = StringMember(object, "kind");
  const std::string version = StringMember(object, "apiVersion");
  if (kind_name.empty() || version.empty()) {
    into.problems.push_back({file, "an object without apiVersion or kind"});
    return;
  }
  if (kind_name.ends_with("List") && object.contains("items") && object["items"].is_array()) {
    for (nlohmann::json& item : object["items"]) AddObject(file, item, into);
    return;
  }
  const auto kind = KindOf(kind_name, version);
  if (!kind) {
    spdlog::debug("Ignored object file={} kind={} api_version={}", file, kind_name, version);
    return;
  }
  nlohmann::json& metadata = object["metadata"];
  const std::string name = StringMember(metadata, "name");
  if (name.empty()) {
    into.problems.push_back({file, "a " + kind_name + " without metadata.name"});
    return;
  }
  std::string ns = StringMember(metadata, "namespace");
  if (ns.empty()) ns = "default";
  if (!IsObjectName(name, 253) || !IsObjectName(ns, 63)) {
    into.problems.push_back({file, kind_name + " \"" + ns + "/" + name +
                                       "\": namespace and name must be lower case letters, "
                                       "digits, hyphens and dots"});
    return;
  }
  metadata["namespace"] = ns;
  if (!metadata.contains("generation")) metadata["generation"] = 1;
  into.objects[*kind].push_back(
      {kube::Key{ns, name}, object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
       file});
}

bool IsManifest(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  return path.filename().string().front() != '.' &&
         (extension == ".yaml" || extension == ".yml" || extension == ".json");
}

void LoadFile(const std::string& file, Manifests& into) {
  const auto text = ReadFile(file);
  if (!text) {
    into.problems.push_back({file, text.error().detail});
    return;
  }
  auto parsed = ParseManifests(file, *text);
  if (parsed)
    Merge(into, std::move(*parsed));
  else
    into.problems.push_back({file, parsed.error().detail});
}

}  // namespace

Result<Manifests> ParseManifests(const std::string& file, std::string_view text) {
  auto documents = YamlToJson(text);
  if (!documents) return documents.error();
  Manifests manifests;
  for (const std::string& document : *documents) {
    nlohmann::json object = nlohmann::json::parse(document, nullptr, false);
    AddObject(file, object, manifests);
  }
  return manifests;
}

void Merge(Manifests& manifests, Manifests more) {
  for (auto& [kind, objects] : more.objects) {
    std::vector<Object>& into = manifests.objects[kind];
    std::map<kube::Key, std::string> known;
    for (const Object& object : into) known.emplace(object.key, object.origin);
    for (Object& object : objects) {
      const auto [first, is_new] = known.emplace(object.key, object.origin);
      if (is_new)
        into.push_back(std::move(object));
      else
        manifests.problems.push_back(
            {object.origin, std::string(NameOf(kind)) + " " + object.key.ToString() +
                                " is ignored: it stands in " + first->second + " already"});
    }
  }
  manifests.problems.insert(manifests.problems.end(), more.problems.begin(), more.problems.end());
}

Result<std::vector<std::string>> ListManifests(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;  // a file that vanished meanwhile is simply none
    if (IsManifest(entry->path()) && std::filesystem::is_regular_file(entry->path(), ignored))
      files.push_back(entry->path().string());
  }
  if (error) return Error{Errc::kNotFound, "read directory " + directory + ": " + error.message()};
  std::sort(files.begin(), files.end());
  return files;
}

Manifests LoadManifests(const std::vector<std::string>& paths) {
  Manifests manifests;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
      LoadFile(path, manifests);
      continue;
    }
    const auto files = ListManifests(path);
    if (!files) {
      manifests.problems.push_back({path, files.error().detail});
      continue;
    }
    for (const std::string& file : *files) LoadFile(file, manifests);
  }
  return manifests;
}

void Deliver(const Manifests& manifests, Sink& sink) {
  for (const Kind kind : kKinds) {
    const auto found = manifests.objects.find(kind);
    sink.Replace(kind, "",
                 found == manifests.objects.end() ? std::vector<Object>{} : found->second);
  }
}

}  // namespace stevedore::source
