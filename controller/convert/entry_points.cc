#include "controller/convert/entry_points.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "controller/convert/front_service.h"
#include "controller/convert/names.h"
#include "controller/convert/reader.h"
#include "proxy/config/address.h"

namespace stevedore::convert {
namespace {

constexpr api::IntRange kIdle{1, 86400};
constexpr const char* kAddressRight = "must be [HOST]:PORT/udp, such as \":9000/udp\"";

class EntryPointReader {
 public:
  EntryPointReader(EntryPoints& out, Conversion& into) : out_(out), into_(into) {}

  // ports: of the chart's values.
  void ReadValues(Reader values) {
    auto ports = values.Object("ports");
    for (const std::string& name :
         ports ? ports->json().member_names() : std::vector<std::string>{}) {
      auto entry = ports->Object(name);
      if (entry) ReadValue(name, *entry);
    }
    for (const std::string& argument : values.Texts("additionalArguments"))
      ReadArgument(argument, values.place());
  }

  // entryPoints: of the static configuration.
  void ReadStatic(Reader root) {
    auto entry_points = root.Object("entryPoints");
    if (!entry_points) return;
    for (const std::string& name : entry_points->json().member_names()) {
      auto entry = entry_points->Object(name);
      if (!entry) continue;
      EntryPoint point;
      const auto where = ParseAddress(entry->Text("address").value_or(""));
      if (!where) {
        entry->Fail("address", kAddressRight);
        continue;
      }
      point.where = *where;
      point.where.origin = entry->place().file + ": " + entry->place().Field("address").field;
      if (auto udp = entry->Object("udp"); udp && where->udp)
        point.idle_seconds = udp->Seconds("timeout", kIdle);
      Add(name, std::move(point));
    }
  }

  // "--entryPoints.NAME.address=VALUE" and "--entryPoints.NAME.udp.timeout=VALUE".
  void ReadArgument(std::string_view argument, const Place& place) {
    constexpr std::string_view kPrefix = "--entrypoints.";
    const std::size_t equals = argument.find('=');
    const std::string key = Lower(argument.substr(0, equals));
    if (equals == std::string_view::npos || !key.starts_with(kPrefix)) return;
    const std::string rest = key.substr(kPrefix.size());
    const std::size_t dot = rest.find('.');
    if (dot == std::string::npos) return;
    const std::string name = rest.substr(0, dot);
    const std::string_view value = argument.substr(equals + 1);
    if (rest.substr(dot) == ".address")
      ReadAddress(name, argument, value, place);
    else if (rest.substr(dot) == ".udp.timeout")
      ReadTimeout(name, argument, value, place);
  }

  // Timeouts may stand before the addresses that they belong to: call it last.
  void Finish() {
    for (const auto& [name, seconds] : timeouts_)
      if (const auto found = out_.find(name); found != out_.end() && !found->second.idle_seconds)
        found->second.idle_seconds = seconds;
  }

 private:
  void Add(const std::string& name, EntryPoint point) {
    const auto [entry, is_new] = out_.try_emplace(Lower(name), point);
    if (!is_new && !entry->second.idle_seconds) entry->second.idle_seconds = point.idle_seconds;
  }

  void ReadValue(const std::string& name, Reader& entry) {
    EntryPoint point;
    point.where.udp = Lower(entry.Text("protocol").value_or("TCP")) == "udp";
    if (!point.where.udp) {
      Add(name, std::move(point));
      return;
    }
    const auto host = entry.Number("hostPort", api::kPortRange);
    const auto exposed = entry.Number("exposedPort", api::kPortRange);
    const auto own = entry.Number("port", api::kPortRange);
    const bool shown = IsExposed(entry);
    const char* field = shown && exposed ? "exposedPort" : host ? "hostPort" : "port";
    point.where.port = (shown && exposed ? exposed : host ? host : own).value_or(0);
    if (point.where.port == 0) entry.Fail("port", "must be set, 1 to 65535");
    point.where.origin = entry.place().file + ": " + entry.place().Field(field).field;
    if (const auto host_ip = config::IpAddress::Parse(entry.Text("hostIP").value_or(""));
        host_ip && !host_ip->is_unspecified())
      point.where.address = host_ip->ToString();
    if (entry.Raw("nodePort"))
      entry.Lose("nodePort",
                 "clients that use it need the same one: set the chart's value "
                 "service.ports once Traefik's Service has let go of it");
    Add(name, std::move(point));
  }

  // `expose` is a boolean in older charts, and a map by Service in newer ones.
  static bool IsExposed(Reader& entry) {
    const auto expose = entry.Raw("expose");
    if (!expose) return false;
    if (const auto flag = expose->boolean()) return *flag;
    for (const std::string& name : expose->member_names())
      if (const auto flag = expose->member(name); flag && flag->boolean() == true) return true;
    return false;
  }

  void ReadAddress(const std::string& name, std::string_view argument, std::string_view value,
                   const Place& place) {
    const auto where = ParseAddress(value);
    if (!where) {
      into_.errors.push_back({place, std::string(argument), kAddressRight});
      return;
    }
    EntryPoint point{*where, std::nullopt, false};
    point.where.origin = place.file + ": " + std::string(argument);
    Add(name, std::move(point));
  }

  void ReadTimeout(const std::string& name, std::string_view argument, std::string_view value,
                   const Place& place) {
    const auto seconds = ParseDuration(value);
    if (!seconds || *seconds <= 0 || *seconds > static_cast<double>(kIdle.max)) {
      into_.errors.push_back({place, std::string(argument), "must be a duration such as \"30s\""});
      return;
    }
    timeouts_[name] = static_cast<std::int64_t>(std::ceil(*seconds));
  }

  EntryPoints& out_;
  Conversion& into_;
  std::map<std::string, std::int64_t> timeouts_;
};

bool IsWorkload(const Document& document) {
  return document.kind == "Deployment" || document.kind == "DaemonSet" ||
         document.kind == "StatefulSet";
}

// Arguments of the containers of a workload that mention entry points.
std::vector<std::string> ArgumentsOf(const Document& workload) {
  std::vector<std::string> found;
  std::optional<api::Json> node = workload.json;
  for (const char* name : {"spec", "template", "spec", "containers"})
    node = node ? node->member(name) : std::nullopt;
  for (const api::Json& container : node ? node->elements() : std::vector<api::Json>{})
    for (const char* list : {"command", "args"})
      if (const auto arguments = container.member(list))
        for (const api::Json& argument : arguments->elements())
          if (const auto text = argument.string();
              text && Lower(*text).starts_with("--entrypoints."))
            found.push_back(*text);
  return found;
}

// Static configuration in a ConfigMap, as a text under the file's name.
void ReadConfigMap(Document& document, EntryPointReader& reader, Conversion& into) {
  const auto data = document.json.member("data");
  for (const char* name : {"traefik.yml", "traefik.yaml"}) {
    const auto text = data ? data->member(name) : std::nullopt;
    if (!text || !text->string()) continue;
    document.used = true;
    const std::string file = document.file + ": " + document.place().object + ": " + name;
    for (const Document& inner : ParseDocuments({file, *text->string()}, "", into))
      reader.ReadStatic(Reader(inner.json, inner.place(), into));
  }
}

}  // namespace

std::optional<NamedPort> ParseAddress(std::string_view text) {
  NamedPort where;
  const std::size_t slash = text.rfind('/');
  const std::string protocol =
      slash == std::string_view::npos ? "tcp" : Lower(text.substr(slash + 1));
  if (protocol != "tcp" && protocol != "udp") return std::nullopt;
  where.udp = protocol == "udp";
  text = text.substr(0, slash);
  const std::size_t colon = text.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : ParsePort(text.substr(colon + 1));
  if (!port) return std::nullopt;
  where.port = *port;
  std::string host(text.substr(0, colon));
  std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
  const auto ip = config::IpAddress::Parse(host);
  if (!host.empty() && !ip) return std::nullopt;
  if (ip && !ip->is_unspecified()) where.address = ip->ToString();
  return where;
}

EntryPoints ReadEntryPoints(std::vector<Document>& documents, const std::vector<Input>& arguments,
                            const NamedPorts& given, Conversion& into) {
  EntryPoints entry_points;
  for (const auto& [name, port] : given) entry_points[Lower(name)] = {port, std::nullopt, true};
  EntryPointReader reader(entry_points, into);
  for (Document& document : documents) {
    if (!document.kind.empty() || !document.json.member("ports")) continue;
    document.used = true;
    reader.ReadValues(Reader(document.json, document.place(), into));
  }
  for (Document& document : documents) {
    if (document.kind == "ConfigMap") ReadConfigMap(document, reader, into);
    if (!document.kind.empty() || !document.json.member("entryPoints")) continue;
    document.used = true;
    reader.ReadStatic(Reader(document.json, document.place(), into));
  }
  for (Document& document : documents) {
    if (!IsWorkload(document)) continue;
    for (const std::string& argument : ArgumentsOf(document)) {
      document.used = true;
      reader.ReadArgument(argument, document.place());
    }
  }
  for (const Input& input : arguments) {
    std::istringstream words(input.text);
    for (std::string word; words >> word;) {
      std::erase_if(word, [](char c) { return c == '"' || c == '\''; });
      reader.ReadArgument(word, {input.file, "", ""});
    }
  }
  reader.Finish();
  return entry_points;
}

void ApplyFrontServices(std::vector<Document>& documents, const std::vector<kube::Key>& targets,
                        EntryPoints& entry_points, Conversion& into) {
  for (Document& document : documents) {
    if (!FacesClients(document) ||
        std::find(targets.begin(), targets.end(), document.key) != targets.end())
      continue;
    std::vector<FrontPort> used;
    for (const FrontPort& port : ReadFrontService(document, into).ports) {
      for (auto& [name, point] : entry_points) {
        if (!point.where.udp || (Lower(port.target_name) != name &&
                                 (port.target == 0 || port.target != point.where.port)))
          continue;
        used.push_back(port);
        if (point.given || point.where.port == port.port) continue;
        point.where.port = port.port;
        point.where.origin = port.place.file + ": " + port.place.object + ", which leads it to " +
                             "entry point \"" + name + "\"";
      }
    }
    if (used.empty()) continue;
    document.used = true;
    LoseFrontSettings(document, used, into);
  }
}

}  // namespace stevedore::convert
