#include "controller/run.h"

#include <signal.h>

#include <cstdio>
#include <utility>

#include "controller/app.h"
#include "controller/compile/compiler.h"
#include "controller/compile/report_text.h"
#include "controller/source/manifests.h"
#include "proxy/base/log.h"
#include "proxy/base/version.h"
#include "proxy/config/json_codec.h"

namespace stevedore {

int RunController(ControllerOptions options) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread, so that all inherit it
  ::signal(SIGPIPE, SIG_IGN);
  spdlog::info("Starting stevedore-controller version={} revision={}", Version(), Revision());
  const auto app = App::Start(std::move(options));
  if (!app) {
    spdlog::error("Could not start error=\"{}\"", app.error().detail);
    return 1;
  }
  int signal = 0;
  ::sigwait(&signals, &signal);
  spdlog::info("Stopping signal={}", signal);
  return 0;
}

int RunCompile(const std::vector<std::string>& paths, const compile::CompileOptions& options) {
  const source::Manifests manifests = source::LoadManifests(paths);
  store::Store store;
  source::Deliver(manifests, store);
  const compile::CompileOutput output = compile::Compile(*store.View(), options);
  std::fputs(config::Encode(output.config).c_str(), stdout);
  for (const source::SourceProblem& problem : manifests.problems)
    std::fprintf(stderr, "%s: %s\n", problem.file.c_str(), problem.message.c_str());
  for (const std::string& line : compile::ProblemLines(output))
    std::fprintf(stderr, "%s\n", line.c_str());
  return manifests.problems.empty() && !compile::HasErrors(output) ? 0 : 1;
}

}  // namespace stevedore
