#include "proxy/options.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "proxy/base/log.h"
#include "proxy/base/version.h"
#include "proxy/control/commands.h"
#include "proxy/control/control_loop.h"
#include "proxy/control/cpu_count.h"
#include "proxy/control/pool_workers.h"
#include "proxy/net/capabilities.h"
#include "proxy/net/segmentation.h"

namespace stevedore {
namespace {

struct Flags {
  control::ControlOptions control;
  std::uint64_t drain_seconds = 30;
  std::string log_level = "info";
  std::string log_format = "text";
  std::string segments = "auto";
  control::ExplainFlags explain;
};

void AddConfigFlag(CLI::App& app, std::string& path) {
  app.add_option("-c,--config", path, "Config file: native or the ancestor's form")
      ->envname("STEVEDORE_CONFIG");
}

void AddRunFlags(CLI::App& app, Flags& flags) {
  control::ControlOptions& control = flags.control;
  app.add_option("--workers", control.workers.workers,
                 "Threads of the packet path; default the processors that this process may use")
      ->envname("STEVEDORE_WORKERS")
      ->check(CLI::Range(1u, 256u));
  app.add_option(
         "--max-sessions", control.workers.max_sessions,
         "Sessions of all workers together; memory is reserved, 128 bytes each, and used as "
         "they come")
      ->envname("STEVEDORE_MAX_SESSIONS")
      ->check(CLI::Range(1u, 100'000'000u))
      ->capture_default_str();
  app.add_option("--key-table-size", control.workers.key_table_size,
                 "Conversations that affinity Key remembers, 8 bytes each")
      ->envname("STEVEDORE_KEY_TABLE_SIZE")
      ->check(CLI::Range(4u, 100'000'000u))
      ->capture_default_str();
  app.add_option("--status-file", control.status_path, "File in which the proxy says what it runs")
      ->envname("STEVEDORE_STATUS_FILE");
  app.add_option("--metrics-address", control.metrics_address,
                 "ADDR:PORT of /metrics, /healthz, /readyz and the live page")
      ->envname("STEVEDORE_METRICS_ADDRESS")
      ->capture_default_str();
  app.add_flag("--live-page,!--no-live-page", control.live_page,
               "Show people at /, /state.json and /explain what runs; on unless switched off")
      ->envname("STEVEDORE_LIVE_PAGE");
  app.add_option(
         "--drain-timeout", flags.drain_seconds,
         "Seconds to keep serving after SIGTERM, not ready; a second signal ends it at once")
      ->envname("STEVEDORE_DRAIN_TIMEOUT")
      ->check(CLI::Range(0u, 86'400u))
      ->capture_default_str();
  app.add_flag("--wait-for-config", control.wait_for_config,
               "Wait, not ready, for a missing or wrong config instead of ending")
      ->envname("STEVEDORE_WAIT_FOR_CONFIG");
  app.add_option(
         "--segmented-sends", flags.segments,
         "Datagrams of one size to one peer as one system call: on, off, or auto: unless this "
         "kernel is known or found to spoil them")
      ->envname("STEVEDORE_SEGMENTED_SENDS")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "trace, debug, info, warn, error or off")
      ->envname("STEVEDORE_LOG_LEVEL")
      ->capture_default_str();
  app.add_option("--log-format", flags.log_format, "text or json")
      ->envname("STEVEDORE_LOG_FORMAT")
      ->capture_default_str();
}

// Every socket is a descriptor: take all that the hard limit gives.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool WantsSegments(const std::string& wish) {
  if (wish != "auto") return wish == "on";
  const std::string reason = net::WhyNoSegments();
  if (!reason.empty()) spdlog::warn("Not using segmented sends reason=\"{}\"", reason);
  return reason.empty();
}

int Run(Flags& flags) {
  if (flags.control.config_path.empty()) {
    std::fputs("stevedore-proxy: -c FILE is needed\n", stderr);
    return 1;
  }
  if (auto logging = SetUpLogging(flags.log_level, flags.log_format); !logging) {
    std::fprintf(stderr, "stevedore-proxy: %s\n", logging.error().detail.c_str());
    return 1;
  }
  RaiseDescriptorLimit();
  net::RaiseNetBindService();
  flags.control.drain_timeout = std::chrono::seconds(flags.drain_seconds);
  flags.control.workers.segments = WantsSegments(flags.segments);
  spdlog::info("Starting stevedore-proxy version={} revision={} workers={}", Version(), Revision(),
               flags.control.workers.workers);
  auto control = control::ControlLoop::Start(std::move(flags.control), control::StartPool);
  if (!control) {
    spdlog::error("Could not start error=\"{}\"", control.error().detail);
    return 1;
  }
  (*control)->Run();
  return 0;
}

}  // namespace

int ProxyMain(int argc, char** argv) {
  Flags flags;
  flags.control.workers.workers = control::DefaultWorkers();
  CLI::App app("Forwards UDP datagrams by the bytes of their payload.");
  app.name("stevedore-proxy");
  app.set_version_flag("--version", std::string(Version()) + " " + Revision());
  AddConfigFlag(app, flags.control.config_path);
  AddRunFlags(app, flags);

  std::string path;
  CLI::App* check = app.add_subcommand("check", "Tell every error of a config; exit 0 or 1");
  AddConfigFlag(*check, path);
  CLI::App* dump = app.add_subcommand("dump", "Print the effective config in native form");
  AddConfigFlag(*dump, path);
  CLI::App* explain =
      app.add_subcommand("explain", "Tell what would become of one datagram, and why");
  AddConfigFlag(*explain, path);
  explain->add_option("--listener", flags.explain.port, "Port of the listener")->required();
  explain->add_option("--hex", flags.explain.hex, "The datagram's payload as hex digits")
      ->required();
  explain->add_option("--client", flags.explain.client, "ADDR:PORT that it comes from")
      ->capture_default_str();
  for (CLI::Option* option : app.get_options()) option->take_last();
  CLI11_PARSE(app, argc, argv);

  if (path.empty()) path = flags.control.config_path;
  if (check->parsed()) return control::Check(path);
  if (dump->parsed()) return control::Dump(path);
  if (explain->parsed()) return control::ExplainCommand(path, flags.explain);
  return Run(flags);
}

}  // namespace stevedore
