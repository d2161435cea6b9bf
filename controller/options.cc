#include "controller/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "controller/convert/convert.h"
#include "controller/crd_command.h"
#include "controller/probe.h"
#include "controller/run.h"
#include "controller/supervise.h"
#include "proxy/base/log.h"
#include "proxy/base/version.h"

namespace stevedore {
namespace {

// Flags as they are typed; Resolve() makes values of them.
struct Flags {
  std::string source = "kubernetes";
  std::vector<std::string> listener_ports;
  std::string static_peers;
  std::string publish_service;
  std::string log_level = "info";
  std::string log_format = "text";
  std::vector<std::string> compile_paths;
  bool supervise = false;
  pid_t probe_pid = 1;
  convert::ConvertOptions convert;
  CrdOptions crd;
  ControllerOptions options;
};

void AddCompileFlags(CLI::App& app, Flags& flags) {
  compile::CompileOptions& compile = flags.options.compile;
  app.add_option("--class", compile.class_name, "Routes of this className are ours")
      ->envname("STEVEDORE_CLASS")
      ->capture_default_str();
  app.add_option("--hash-seed", compile.hash_seed,
                 "Seed of consistent hashing; the same on every replica")
      ->envname("STEVEDORE_HASH_SEED")
      ->capture_default_str();
  app.add_flag("--share-ports-across-namespaces", compile.share_ports_across_namespaces,
               "Let routes of several namespaces share a port; means full trust among them")
      ->envname("STEVEDORE_SHARE_PORTS_ACROSS_NAMESPACES");
  app.add_option(
         "--listener-ports", flags.listener_ports,
         "Ports that routes may claim: RANGES[@NAMESPACE], for example 2000-2999,7000@game; "
         "repeatable; default all")
      ->envname("STEVEDORE_LISTENER_PORTS");
  app.add_option("--max-listeners", compile.max_listeners, "Most listeners of all routes together")
      ->envname("STEVEDORE_MAX_LISTENERS")
      ->capture_default_str();
  app.add_option(
         "--publish-service", flags.publish_service,
         "NS/NAME of the Service in front of the proxies: it gets the listeners' UDP ports, "
         "and its addresses are never a peer")
      ->envname("STEVEDORE_PUBLISH_SERVICE");
  app.add_option(
         "--static-peers", flags.static_peers,
         "Where peers listed in routes may be: deny, any, or CIDRs with commas; default deny "
         "in a cluster, any in directory mode")
      ->envname("STEVEDORE_STATIC_PEERS");
}

void AddAccessFlags(CLI::App& app, std::string& kubeconfig, std::string& context) {
  app.add_option("--kubeconfig", kubeconfig,
                 "Kubeconfig file; default in-cluster credentials where they are mounted, else "
                 "$KUBECONFIG, else ~/.kube/config")
      ->envname("STEVEDORE_KUBECONFIG");
  app.add_option("--context", context, "Context of the kubeconfig; default its current one")
      ->envname("STEVEDORE_CONTEXT");
}

// `crd apply` and `crd delete`. Returns the command that stands before both.
CLI::App* AddCrdCommands(CLI::App& app, CrdOptions& options) {
  CLI::App* crd = app.add_subcommand("crd",
                                     "Bring the StevedoreRoute CRD into a cluster, or take "
                                     "it out; the chart's Jobs do so");
  crd->require_subcommand(1);
  const auto add = [&](CrdAction action, const char* name, const char* text) {
    CLI::App* command = crd->add_subcommand(name, text);
    command->add_option("-f,--file", options.file, "The CRD, as in crds/")->required();
    command->add_option("--timeout", options.timeout_seconds, "Seconds to keep trying")
        ->capture_default_str();
    AddAccessFlags(*command, options.kubeconfig, options.context);
    command->callback([&options, action] { options.action = action; });
  };
  add(CrdAction::kApply, "apply",
      "Install the CRD, or raise it to this schema; a newer one is left alone. Waits until it is "
      "served; exit 0 or 1");
  add(CrdAction::kDelete, "delete",
      "Delete the CRD and every StevedoreRoute of the cluster, unless it is newer than this one; "
      "exit 0 or 1");
  return crd;
}

void AddRunFlags(CLI::App& app, Flags& flags) {
  ControllerOptions& options = flags.options;
  app.add_flag("--supervise", flags.supervise,
               "Run the controller as a child and start it again whenever it ends")
      ->envname("STEVEDORE_SUPERVISE");
  app.add_option("--source", flags.source, "Where objects come from: kubernetes or directory:PATH")
      ->envname("STEVEDORE_SOURCE")
      ->capture_default_str();
  AddAccessFlags(app, options.kubeconfig, options.context);
  app.add_option("--watch-namespace", options.watch_namespaces,
                 "Namespace to watch; repeatable; default all")
      ->envname("STEVEDORE_WATCH_NAMESPACE");
  app.add_option("--proxy-config", options.proxy_config, "Config file to write for the proxy")
      ->envname("STEVEDORE_PROXY_CONFIG");
  app.add_option("--proxy-status", options.proxy_status, "Status file that the proxy answers in")
      ->envname("STEVEDORE_PROXY_STATUS");
  app.add_option("--metrics-address", options.metrics_address,
                 "ADDR:PORT of /metrics, /healthz and /readyz")
      ->envname("STEVEDORE_METRICS_ADDRESS")
      ->capture_default_str();
  app.add_flag("--leader-elect", options.leader_elect,
               "Write to the API server only while this replica holds the Lease; needed with "
               "several replicas")
      ->envname("STEVEDORE_LEADER_ELECT");
  app.add_option("--leader-election-id", options.leader_election_id,
                 "Name of the Lease, in $POD_NAMESPACE or the kubeconfig's namespace; default "
                 "stevedore-CLASS")
      ->envname("STEVEDORE_LEADER_ELECTION_ID");
  app.add_option("--status-dir", options.status_dir,
                 "Directory mode: write each route's status to a file here")
      ->envname("STEVEDORE_STATUS_DIR");
}

CLI::App* AddConvert(CLI::App& app, convert::ConvertOptions& options) {
  CLI::App* convert = app.add_subcommand(
      "convert",
      "Turn UDP configuration of other programs into StevedoreRoutes: YAML on stdout, ready for "
      "kubectl apply; on stderr a line per thing that is not carried over (FILE: OBJECT: FIELD: "
      "VALUE: why, and what to do instead). Exit 0 when all is carried over, 3 when something is "
      "not, 1 when the input is wrong: then nothing is printed on stdout");
  convert->add_option("files", options.files, "YAML or JSON files; - is standard input")
      ->required();
  convert->add_option(
      "--from", options.from,
      "What the input is: ingress-nginx (ConfigMap of UDP services), nginx-transportserver "
      "(TransportServer, GlobalConfiguration), traefik (IngressRouteUDP, static configuration, "
      "values of its chart) or ancestor (the file of the older stevedore); default: told by the "
      "input itself");
  convert
      ->add_option("--namespace", options.default_ns, "Namespace of routes whose source names none")
      ->capture_default_str();
  convert->add_option("--class", options.class_name, "className of the routes")
      ->capture_default_str();
  convert
      ->add_option("--entry-point", options.entry_points,
                   "NAME=PORT of an entry point of Traefik, or of a listener of NGINX Ingress "
                   "Controller; repeatable, stronger than what files say")
      ->allow_extra_args(false);
  return convert;
}

// Turns the texts into values; a wrong one is named with what would be right.
Result<> Resolve(Flags& flags) {
  compile::CompileOptions& compile = flags.options.compile;
  constexpr std::string_view kDirectory = "directory:";
  if (flags.source.starts_with(kDirectory))
    flags.options.directory = flags.source.substr(kDirectory.size());
  else if (flags.source != "kubernetes")
    return Error{Errc::kInvalid,
                 "--source \"" + flags.source + "\": must be kubernetes or directory:PATH"};
  for (const std::string& text : flags.listener_ports) {
    auto grant = compile::ParsePortGrant(text);
    if (!grant) return grant.error();
    compile.listener_ports.push_back(std::move(*grant));
  }
  if (!flags.publish_service.empty()) {
    auto service = compile::ParseServiceName(flags.publish_service);
    if (!service) return service.error();
    compile.published_service = std::move(*service);
  }
  const bool local = !flags.options.directory.empty() || !flags.compile_paths.empty();
  if (flags.static_peers.empty()) flags.static_peers = local ? "any" : "deny";
  auto peers = compile::ParseStaticPeers(flags.static_peers);
  if (!peers) return peers.error();
  compile.static_peers = std::move(*peers);
  compile.directory_mode = local;
  return SetUpLogging(flags.log_level, flags.log_format);
}

int Run(Flags& flags, int argc, char** argv) {
  if (flags.options.proxy_config.empty() || flags.options.proxy_status.empty()) {
    std::fputs("stevedore-controller: --proxy-config and --proxy-status are needed\n", stderr);
    return 1;
  }
  if (flags.supervise) return Supervise(ChildOfOurselves(argc, argv));
  return RunController(std::move(flags.options));
}

}  // namespace

int ControllerMain(int argc, char** argv) {
  Flags flags;
  CLI::App app(
      "Watches StevedoreRoutes, Services and EndpointSlices, compiles them into the proxy's "
      "config file and reports status.");
  app.name("stevedore-controller");
  app.set_version_flag("--version", std::string(Version()) + " " + Revision());
  app.add_option("--log-level", flags.log_level, "trace, debug, info, warn, error or off")
      ->envname("STEVEDORE_LOG_LEVEL")
      ->capture_default_str();
  app.add_option("--log-format", flags.log_format, "text or json")
      ->envname("STEVEDORE_LOG_FORMAT")
      ->capture_default_str();
  AddRunFlags(app, flags);
  AddCompileFlags(app, flags);
  CLI::App* compile = app.add_subcommand(
      "compile", "Compile manifests: config on stdout, a line per problem on stderr, exit 0 or 1");
  compile->add_option("-f,--file", flags.compile_paths, "Manifest files or directories")
      ->required();
  AddCompileFlags(*compile, flags);
  CLI::App* probe = app.add_subcommand(
      "probe", "For start-up and liveness probes: exit 0 while the supervising process is well");
  probe->add_option("--pid", flags.probe_pid, "The process to look at")->capture_default_str();
  CLI::App* crd = AddCrdCommands(app, flags.crd);
  CLI::App* convert = AddConvert(app, flags.convert);
  CLI11_PARSE(app, argc, argv);
  if (convert->parsed()) return convert::RunConvert(flags.convert);
  if (probe->parsed()) return IsRunning(flags.probe_pid) ? 0 : 1;
  if (auto resolved = Resolve(flags); !resolved) {
    std::fprintf(stderr, "stevedore-controller: %s\n", resolved.error().detail.c_str());
    return 1;
  }
  if (compile->parsed()) return RunCompile(flags.compile_paths, flags.options.compile);
  if (crd->parsed()) return RunCrd(flags.crd, kube::ProcessEnvironment());
  return Run(flags, argc, argv);
}

}  // namespace stevedore
