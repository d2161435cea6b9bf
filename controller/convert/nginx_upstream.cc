#include "controller/convert/nginx_upstream.h"

#include <algorithm>

#include "controller/convert/names.h"
#include "controller/convert/nginx_probe.h"

namespace stevedore::convert {
namespace {

// "$remote_addr" and "${remote_addr}" alike.
std::string WithoutBraces(std::string text) {
  std::erase_if(text, [](char c) { return c == '{' || c == '}'; });
  return text;
}

void ReadHash(Reader& upstream, std::string method, api::UpstreamSpec& spec,
              std::vector<std::string>& decisions) {
  method = WithoutBraces(method.substr(std::string_view("hash ").size()));
  constexpr std::string_view kConsistent = " consistent";
  const bool consistent = method.ends_with(kConsistent);
  if (consistent) method.resize(method.size() - kConsistent.size());
  const bool port = method == "$remote_addr$remote_port" || method == "$remote_addr:$remote_port";
  if (!port && method != "$remote_addr" && method != "$binary_remote_addr") {
    upstream.Lose("loadBalancingMethod",
                  "RoundRobin is used: what can be hashed is the client's address, or bytes of the "
                  "payload (hashKey)");
    return;
  }
  spec.algorithm = config::Algorithm::kConsistentHash;
  spec.hash_key.emplace();
  spec.hash_key->source =
      port ? config::KeySource::kClientAddressPort : config::KeySource::kClientAddress;
  if (!consistent)
    decisions.push_back(
        "Hashing is consistent here: when a pod comes or goes, only its clients move.");
}

void ReadMethod(Reader& upstream, api::UpstreamSpec& spec, std::vector<std::string>& decisions) {
  const auto method = upstream.Text("loadBalancingMethod");
  if (!method) {
    decisions.push_back("Pods are chosen in turn (NGINX: random two least_conn, its default).");
  } else if (method->starts_with("hash ")) {
    ReadHash(upstream, *method, spec, decisions);
  } else if (*method != "round_robin") {
    upstream.Lose("loadBalancingMethod",
                  "RoundRobin is used: how busy a pod is, is not known for UDP");
  }
}

void ReadPassiveChecks(Reader& upstream) {
  if (const auto fails = upstream.Raw("maxFails"); fails && fails->integer() != 0)
    upstream.Lose("maxFails",
                  "a failed datagram never marks a pod as down: set healthCheck in the upstream");
  if (upstream.Raw("failTimeout"))
    upstream.Lose("failTimeout",
                  "a failed datagram never marks a pod as down: set healthCheck in the upstream");
  if (const auto connections = upstream.Raw("maxConns"); connections && connections->integer() != 0)
    upstream.Lose("maxConns",
                  "clients of a single pod are not limited: session.maxSessions limits those of "
                  "the listener");
}

void ReadBackup(Reader& upstream, const std::vector<std::string>& plain_services,
                api::UpstreamSpec& spec) {
  const auto backup = upstream.Text("backup");
  const auto port = upstream.Number("backupPort", api::kPortRange);
  if (!backup) return;
  const bool plain =
      std::find(plain_services.begin(), plain_services.end(), *backup) != plain_services.end();
  if (!port) {
    upstream.Fail("backup", "needs backupPort, the port of that Service");
  } else if (plain) {
    spec.backup.emplace().service = api::ServiceRef{*backup, *port};
  } else {
    upstream.Lose("backup",
                  "NGINX wants a Service of type ExternalName, which has no pods: make one without "
                  "selector, with an EndpointSlice of the addresses, and set backup.serviceRef");
  }
}

}  // namespace

api::UpstreamSpec ReadNginxUpstream(Reader& upstream, NginxSessions sessions,
                                    const std::vector<std::string>& plain_services,
                                    std::vector<std::string>& decisions) {
  api::UpstreamSpec spec;
  spec.name = UpstreamLabel(upstream.Text("name").value_or(""));
  const auto service = upstream.Text("service");
  const auto port = upstream.Number("port", api::kPortRange);
  if (!service) upstream.Fail("service", "must be set: the name of a Service");
  if (!upstream.Raw("port")) upstream.Fail("port", "must be set: a port of the Service");
  spec.primary.service = api::ServiceRef{service.value_or(""), port.value_or(0)};
  ReadMethod(upstream, spec, decisions);
  // NGINX keeps a session on its server whatever happens to the group: so does Flow.
  const bool hashes = spec.algorithm == config::Algorithm::kConsistentHash;
  if (sessions == NginxSessions::kPerDatagram && !hashes) spec.affinity = config::Affinity::kNone;
  if (sessions == NginxSessions::kPerClient && hashes) spec.affinity = config::Affinity::kFlow;
  ReadPassiveChecks(upstream);
  ReadBackup(upstream, plain_services, spec);
  if (auto check = upstream.Object("healthCheck")) spec.health_check = ReadNginxProbe(*check);
  upstream.LoseOthers("not known to convert: look it up in NGINX's documentation");
  return spec;
}

}  // namespace stevedore::convert
