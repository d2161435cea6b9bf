#include "controller/convert/ingress_nginx.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "controller/convert/front_service.h"
#include "controller/convert/names.h"
#include "controller/convert/ports.h"
#include "controller/convert/reader.h"

namespace stevedore::convert {
namespace {

constexpr const char* kRight = "must be \"NAMESPACE/SERVICE:PORT\", such as \"game/server:9000\"";

// "kube-system/kube-dns:53:PROXY".
struct Target {
  kube::Key service;
  api::PortRef port;
  bool proxy_protocol = false;
};

std::optional<Target> ParseTarget(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::size_t colon = text.find(':');
  if (slash == std::string::npos || colon == std::string::npos || colon < slash)
    return std::nullopt;
  std::string port = text.substr(colon + 1);
  const std::string rest = port.substr(std::min(port.find(':'), port.size()));
  port.resize(port.size() - rest.size());
  Target target{{text.substr(0, slash), text.substr(slash + 1, colon - slash - 1)}, port, false};
  if (const auto number = ParsePort(port)) target.port = *number;
  target.proxy_protocol =
      rest.find("PROXY") != std::string::npos || rest.find("proxy") != std::string::npos;
  const bool good = api::IsLabel(target.service.ns) && api::IsServiceName(target.service.name) &&
                    api::IsLabel(port);
  return good ? std::optional(target) : std::nullopt;
}

// A text, or a number or boolean as text: values of the chart have both.
std::optional<std::string> PlainText(Reader& data, const std::string& name) {
  const auto value = data.Raw(name);
  return value ? std::optional(value->string().value_or(value->Text())) : std::nullopt;
}

// Whether every member reads like an entry of services.
bool HoldsServices(const api::Json& data) {
  const auto names = data.member_names();
  return !names.empty() && std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto value = data.member(name);
    return ParsePort(name) && value && value->string() &&
           value->string()->find('/') != std::string::npos;
  });
}

class IngressNginx {
 public:
  IngressNginx(std::vector<Document>& documents, bool certain, Conversion& into)
      : documents_(documents), certain_(certain), into_(into) {}

  void Read() {
    for (Document& document : documents_)
      if (document.kind == "ConfigMap" && document.api_version == "v1") ReadSettings(document);
    for (Document& document : documents_) {
      if (document.kind == "ConfigMap" && document.api_version == "v1") ReadServices(document);
      if (document.kind.empty()) ReadValues(document);
    }
    if (entries_.empty()) return;
    for (Document& document : documents_)
      if (FacesClients(document) && !IsTarget(document.key)) ReadFront(document);
    for (const auto& [port, entry] : entries_) AddRoutes(port, entry);
    for (const auto& [document, used] : fronts_) LoseFrontSettings(*document, used, into_);
  }

 private:
  struct Entry {
    Place place;
    Target target;
  };

  // The controller's own ConfigMap: its keys about streams.
  void ReadSettings(Document& document) {
    Reader object(document.json, document.place(), into_);
    auto data = object.Object("data");
    if (!data) return;
    const auto names = data->json().member_names();
    if (std::none_of(names.begin(), names.end(), [](const std::string& name) {
          return name.starts_with("proxy-stream-") || name == "stream-snippet";
        }))
      return;
    document.used = true;
    ReadStreams(*data);
  }

  void ReadStreams(Reader& data) {
    idle_seconds_ = data.Seconds("proxy-stream-timeout", {1, 86400});
    if (data.Raw("proxy-stream-responses"))
      data.Lose("proxy-stream-responses",
                "replies are not counted: a session ends session.idleTimeoutSeconds after its last "
                "datagram; lower that where each request comes from a new port");
    if (data.Raw("stream-snippet"))
      data.Lose("stream-snippet", "directives of nginx have no meaning in a route");
    if (data.Raw("proxy-stream-next-upstream-timeout"))
      data.Lose("proxy-stream-next-upstream-timeout",
                "further peers are tried at once, listener.maxTries of them");
    ReadTries(data);
  }

  void ReadTries(Reader& data) {
    const auto tries = PlainText(data, "proxy-stream-next-upstream-tries");
    const auto next = PlainText(data, "proxy-stream-next-upstream");
    if (next == "false" || next == "off") {
      max_tries_ = 1;
    } else if (tries) {
      std::int64_t number = 0;
      const auto [end, error] =
          std::from_chars(tries->data(), tries->data() + tries->size(), number);
      if (error != std::errc{} || end != tries->data() + tries->size())
        data.Fail("proxy-stream-next-upstream-tries", "must be a number");
      else if (number < 1 || number > 16)
        data.Lose("proxy-stream-next-upstream-tries",
                  "16 is used: the most peers that are tried for one datagram");
      max_tries_ = number < 1 ? 16 : std::min<std::int64_t>(number, 16);
    }
  }

  void ReadServices(Document& document) {
    Reader object(document.json, document.place(), into_);
    auto data = object.Object("data");
    const std::string& name = document.key.name;
    const bool udp = name.find("udp") != std::string::npos;
    const bool named = name.ends_with("udp-services") || name.ends_with("ingress-nginx-udp");
    if (!(data && HoldsServices(data->json())) && !named) return;
    document.used = true;
    if (!data) return;
    if (name.find("tcp") != std::string::npos) {
      data->LoseOthers("TCP: it stays with ingress-nginx");
    } else if (!udp && !certain_) {
      object.Fail("metadata",
                  "may hold TCP or UDP services, its name does not tell: say --from ingress-nginx "
                  "if they are UDP services, leave the file out if not");
    } else {
      ReadEntries(*data);
    }
  }

  void ReadValues(Document& document) {
    const auto udp = document.json.member("udp");
    if (!udp || !HoldsServices(*udp)) return;
    document.used = true;
    Reader values(document.json, document.place(), into_);
    if (auto entries = values.Object("udp")) ReadEntries(*entries);
    auto controller = values.Object("controller");
    if (auto config = controller ? controller->Object("config") : std::nullopt)
      ReadStreams(*config);
    if (auto tcp = values.Object("tcp")) tcp->LoseOthers("TCP: it stays with ingress-nginx");
  }

  void ReadEntries(Reader& data) {
    for (const std::string& name : data.json().member_names()) {
      const auto text = data.Text(name);
      const auto port = ParsePort(name);
      const auto target = text ? ParseTarget(*text) : std::nullopt;
      const Place place = data.place().Field(name);
      const std::string value = data.Raw(name) ? data.Raw(name)->Text() : "";
      if (!port)
        into_.errors.push_back({place, value, "the key must be a port, 1 to 65535"});
      else if (text && !target)
        into_.errors.push_back({place, value, kRight});
      if (!port || !target) continue;
      entries_.emplace(*port, Entry{place, *target});
      if (target->proxy_protocol)
        into_.losses.push_back(
            {place, value,
             "the PROXY protocol is not spoken over UDP, nor does ingress-nginx: the pods see the "
             "proxy's address"});
    }
  }

  bool IsTarget(const kube::Key& service) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const auto& e) { return e.second.target.service == service; });
  }

  // The chart names a target port "53-udp".
  static std::int64_t TargetOf(const FrontPort& port) {
    if (port.target != 0) return port.target;
    const std::string_view name = port.target_name;
    return name.ends_with("-udp") ? ParsePort(name.substr(0, name.size() - 4)).value_or(port.port)
                                  : port.port;
  }

  void ReadFront(Document& document) {
    FrontService front = ReadFrontService(document, into_);
    std::vector<FrontPort> used;
    for (const FrontPort& port : front.ports)
      if (entries_.contains(TargetOf(port))) used.push_back(port);
    if (used.empty()) return;
    document.used = true;
    for (const FrontPort& port : used) front_ports_.emplace(TargetOf(port), port);
    fronts_.emplace_back(&document, used);
  }

  void AddRoutes(std::int64_t port, const Entry& entry) {
    const auto [first, last] = front_ports_.equal_range(port);
    if (first == last) {
      AddRoute(port, entry);
      if (!fronts_.empty())
        into_.routes.back().decisions.push_back(
            "No given Service of ingress-nginx has this UDP port, so clients came some other way.");
    }
    for (auto at = first; at != last; ++at) {
      AddRoute(at->second.port, entry);
      if (at->second.port != port)
        into_.routes.back().decisions.push_back("Port " + std::to_string(at->second.port) +
                                                " is the one that clients use; the Service "
                                                "led it to port " +
                                                std::to_string(port) + " of ingress-nginx.");
    }
  }

  void AddRoute(std::int64_t port, const Entry& entry) {
    const kube::Key& service = entry.target.service;
    Draft draft{entry.place, {service.ns, service.name + "-" + std::to_string(port)}, {}, {}};
    draft.spec.listener.port = port;
    draft.spec.listener.max_tries = max_tries_;
    draft.spec.session.idle_timeout_seconds = idle_seconds_;
    api::UpstreamSpec& upstream = draft.spec.upstreams.emplace_back();
    upstream.name = UpstreamLabel(service.name);
    upstream.primary.service = api::ServiceRef{service.name, entry.target.port};
    draft.spec.default_upstream = upstream.name;
    draft.decisions.push_back(
        "In the namespace of the Service: a route names Services of its own namespace.");
    draft.decisions.push_back(
        "A client keeps its pod while it is active. ingress-nginx chooses anew after a reply "
        "(proxy-stream-responses); affinity: None in the upstream chooses for each datagram.");
    into_.routes.push_back(std::move(draft));
  }

  std::vector<Document>& documents_;
  const bool certain_;
  Conversion& into_;
  std::optional<std::int64_t> idle_seconds_;
  std::optional<std::int64_t> max_tries_;
  std::multimap<std::int64_t, Entry> entries_;
  std::multimap<std::int64_t, FrontPort> front_ports_;  // by target
  std::vector<std::pair<const Document*, std::vector<FrontPort>>> fronts_;
};

}  // namespace

void ReadIngressNginx(std::vector<Document>& documents, bool certain, Conversion& into) {
  IngressNginx(documents, certain, into).Read();
}

}  // namespace stevedore::convert
