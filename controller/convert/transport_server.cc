#include "controller/convert/transport_server.h"

#include <algorithm>
#include <map>
#include <optional>

#include "controller/convert/names.h"
#include "controller/convert/nginx_upstream.h"
#include "controller/convert/reader.h"
#include "proxy/config/address.h"

namespace stevedore::convert {
namespace {

constexpr std::int64_t kDefaultIdleSeconds = 600;

// A listener of a GlobalConfiguration: at most one address of each family, none is all addresses.
struct Listener {
  std::int64_t port = 0;
  std::vector<std::string> addresses;
  std::string origin;
};

bool IsNginx(const Document& document) {
  return document.api_version.starts_with("k8s.nginx.org/");
}

class TransportServers {
 public:
  TransportServers(std::vector<Document>& documents, const NamedPorts& given, Conversion& into)
      : documents_(documents), into_(into) {
    for (const auto& [name, port] : given) listeners_[name] = {port.port, {}, port.origin};
  }

  void Read() {
    for (Document& document : documents_)
      if (IsNginx(document) && document.kind == "GlobalConfiguration") ReadGlobal(document);
    for (Document& document : documents_)
      if (IsNginx(document) && document.kind == "TransportServer") ReadServer(document);
    for (Document& document : documents_) {
      if (!IsNginx(document) || document.used) continue;
      document.used = true;
      into_.losses.push_back(
          {document.place(), "", "HTTP or a part of it: it stays with NGINX Ingress Controller"});
    }
  }

 private:
  void ReadGlobal(Document& document) {
    document.used = true;
    Reader object(document.json, document.place(), into_);
    auto spec = object.Object("spec");
    if (!spec) return;
    for (Reader& entry : spec->List("listeners")) {
      const std::string name = entry.Text("name").value_or("");
      const std::string protocol = entry.Text("protocol").value_or("");
      if (protocol != "UDP") {
        entry.Lose("protocol", "listener \"" + name + "\" is not UDP: it stays with NGINX");
        continue;
      }
      Listener listener{entry.Number("port", api::kPortRange).value_or(0),
                        {},
                        document.place().object + " " + entry.place().field};
      for (const char* family : {"ipv4", "ipv6"}) AddAddress(entry, family, listener);
      listeners_.try_emplace(name, std::move(listener));
    }
  }

  static void AddAddress(Reader& entry, const std::string& family, Listener& listener) {
    const auto text = entry.Text(family);
    if (!text) return;
    const auto ip = config::IpAddress::Parse(*text);
    if (!ip)
      entry.Fail(family, "must be an IP address");
    else if (!ip->is_unspecified())
      listener.addresses.push_back(ip->ToString());
  }

  void ReadServer(Document& document) {
    document.used = true;
    Reader object(document.json, document.place(), into_);
    auto spec = object.Object("spec");
    if (!spec) {
      object.Fail("spec", "must be set");
      return;
    }
    auto listener = spec->Object("listener");
    const auto protocol = listener ? listener->Text("protocol") : std::nullopt;
    if (!protocol) {
      spec->Fail("listener", "must have a name and a protocol");
    } else if (*protocol != "UDP") {
      listener->Lose("protocol", "only UDP is carried over: it stays with NGINX");
    } else {
      ReadUdp(document, *spec, *listener);
    }
  }

  void ReadUdp(const Document& document, Reader& spec, Reader& listener) {
    const std::string name = listener.Text("name").value_or("");
    const auto found = listeners_.find(name);
    if (found == listeners_.end()) {
      listener.Fail("name",
                    "no UDP listener of that name is known: add the GlobalConfiguration to the "
                    "inputs, or say --entry-point " +
                        name + "=PORT");
      return;
    }
    Draft draft{document.place(), document.key, {}, {}};
    draft.decisions.push_back("Port " + std::to_string(found->second.port) + ": listener \"" +
                              name + "\" (" + found->second.origin + ").");
    draft.spec.listener.port = found->second.port;
    ReadSessions(spec, draft);
    ReadUpstreams(document, spec, draft);
    spec.Skip({"ingressClassName"});
    for (const char* field : {"serverSnippets", "streamSnippets"}) LoseSnippets(spec, field);
    if (spec.Raw("tls"))
      spec.Lose("tls", "datagrams are passed on as they are: let the pods end DTLS");
    spec.LoseOthers("not known to convert: look it up in NGINX's documentation");
    AddAtAddresses(std::move(draft), found->second);
  }

  static void LoseSnippets(Reader& spec, const std::string& field) {
    const auto text = spec.Text(field);
    if (!text) return;
    const bool access =
        text->find("allow ") != std::string::npos || text->find("deny ") != std::string::npos;
    spec.Lose(field,
              access ? "its access rules are lost and everyone is let in: write them as "
                       "listener.allow and listener.deny of the route before clients come"
                     : "directives of nginx have no meaning in a route: see what each does, and "
                       "whether a field of the route does it");
  }

  // A route listens at one address or at all of them.
  void AddAtAddresses(Draft draft, const Listener& listener) {
    for (std::size_t i = 0; i < listener.addresses.size(); ++i) {
      Draft copy = draft;
      if (i > 0) copy.key.name += "-ipv6";
      copy.ListenAt(listener.addresses[i]);
      into_.routes.push_back(std::move(copy));
    }
    if (listener.addresses.empty()) into_.routes.push_back(std::move(draft));
  }

  void ReadSessions(Reader& spec, Draft& draft) {
    auto parameters = spec.Object("upstreamParameters");
    const auto requests =
        parameters ? parameters->Number("udpRequests", {0, INT32_MAX}) : std::nullopt;
    sessions_ = requests == 1 ? NginxSessions::kPerDatagram : NginxSessions::kPerClient;
    if (parameters) ReadParameters(*parameters, requests, draft);
    auto session = spec.Object("sessionParameters");
    const auto idle = session ? session->Seconds("timeout", {1, 86400}) : std::nullopt;
    if (session) session->LoseOthers("not known to convert: look it up in NGINX's documentation");
    draft.spec.session.idle_timeout_seconds = idle;
    if (idle || sessions_ == NginxSessions::kPerDatagram) return;
    draft.spec.session.idle_timeout_seconds = kDefaultIdleSeconds;
    draft.decisions.push_back(
        "Sessions end after 10 minutes without a datagram, NGINX's default; Stevedore's is one "
        "minute.");
  }

  void ReadParameters(Reader& parameters, std::optional<std::int64_t> requests, Draft& draft) {
    if (requests && *requests == 1)
      draft.decisions.push_back("Each datagram is a choice of its own (udpRequests: 1).");
    if (requests && *requests > 1)
      parameters.Lose("udpRequests",
                      "datagrams are not counted: a client keeps its pod while it is active; "
                      "affinity: None in the upstream chooses for each datagram");
    if (const auto responses = parameters.Number("udpResponses", {0, INT32_MAX}))
      LoseResponses(parameters, *responses, draft);
    const auto next = parameters.Flag("nextUpstream");
    if (next == false) draft.spec.listener.max_tries = 1;
    if (const auto tries = parameters.Number("nextUpstreamTries", {0, INT32_MAX});
        tries && *tries > 0 && next == true)
      draft.spec.listener.max_tries = parameters.Fitting("nextUpstreamTries", {1, 16});
    if (const auto limit = parameters.Text("nextUpstreamTimeout");
        limit && ParseDuration(*limit).value_or(1) > 0)
      parameters.Lose("nextUpstreamTimeout",
                      "further pods are tried at once, listener.maxTries of them");
    if (parameters.Flag("proxyProtocol").value_or(false))
      parameters.Lose("proxyProtocol",
                      "the PROXY protocol is not spoken: the pods see the proxy's address");
    parameters.Skip({"connectTimeout"});  // of TCP alone
    parameters.LoseOthers("not known to convert: look it up in NGINX's documentation");
  }

  static void LoseResponses(Reader& parameters, std::int64_t responses, Draft& draft) {
    if (responses == 0)
      draft.decisions.push_back(
          "No reply is expected (udpResponses: 0): a session without one ends after 10 s.");
    else
      parameters.Lose(
          "udpResponses",
          "replies are not counted: a session ends session.idleTimeoutSeconds after its "
          "last datagram; lower that where each request comes from a new port");
  }

  void ReadUpstreams(const Document& document, Reader& spec, Draft& draft) {
    auto action = spec.Object("action");
    const auto pass = action ? action->Text("pass") : std::nullopt;
    if (!pass) {
      spec.Fail("action", "must be {pass: NAME}, the name of an entry of upstreams");
      return;
    }
    for (Reader& upstream : spec.List("upstreams")) {
      const auto name = upstream.json().member("name");
      if (!name || name->string() != *pass) {
        if (name)
          draft.decisions.push_back("Upstream " + name->Text() +
                                    " is left out: no action passes to it.");
        continue;
      }
      draft.spec.upstreams.push_back(
          ReadNginxUpstream(upstream, sessions_, PlainServices(document.key.ns), draft.decisions));
      draft.spec.default_upstream = draft.spec.upstreams.back().name;
    }
    if (draft.spec.upstreams.empty())
      action->Fail("pass", "must be the name of an entry of upstreams");
  }

  std::vector<std::string> PlainServices(const std::string& ns) const {
    std::vector<std::string> names;
    for (const Document& document : documents_) {
      if (document.kind != "Service" || document.key.ns != ns) continue;
      const auto spec = document.json.member("spec");
      const auto type = spec ? spec->member("type") : std::nullopt;
      if (!type || type->string() != "ExternalName") names.push_back(document.key.name);
    }
    return names;
  }

  std::vector<Document>& documents_;
  Conversion& into_;
  std::map<std::string, Listener> listeners_;
  NginxSessions sessions_ = NginxSessions::kPerClient;  // of the one that is being read
};

}  // namespace

void ReadTransportServers(std::vector<Document>& documents, const NamedPorts& given,
                          Conversion& into) {
  TransportServers(documents, given, into).Read();
}

}  // namespace stevedore::convert
