#include "controller/crd_command.h"

#include <signal.h>

#include <memory>
#include <utility>

#include "controller/api/crd.h"
#include "controller/kube/rest_transport.h"
#include "controller/persist.h"
#include "controller/publish/crd_installer.h"
#include "controller/publish/crd_remover.h"
#include "controller/source/yaml_json.h"
#include "proxy/base/file.h"
#include "proxy/base/log.h"

namespace stevedore {
namespace {

struct CrdFile {
  api::Crd crd;
  std::string json;
};

Result<CrdFile> ReadCrd(const std::string& path) {
  const auto wrong = [&path](const std::string& what) {
    return Error{Errc::kInvalid, path + ": " + what};
  };
  const auto text = ReadFile(path);
  if (!text) return text.error();
  auto documents = source::YamlToJson(*text);
  if (!documents) return wrong(documents.error().detail);
  if (documents->size() != 1)
    return wrong("must hold one document, holds " + std::to_string(documents->size()));
  auto crd = api::DecodeCrd(documents->front());
  if (!crd) return wrong(crd.error().detail);
  if (!crd->schema)
    return wrong(std::string("annotation ") + api::kSchemaAnnotation + " is missing");
  return CrdFile{std::move(*crd), std::move(documents->front())};
}

// Signals that end us, held back so that only Sleep() takes them; given back at the end.
class EndSignals {
 public:
  EndSignals() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~EndSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  // False when one of them came.
  bool Sleep(Nanos time) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timespec limit{seconds.count(), (time - seconds).count()};
    return ::sigtimedwait(&signals_, nullptr, &limit) < 0;
  }

 private:
  sigset_t signals_;
  sigset_t before_;
};

Result<> Run(const CrdOptions& options, const kube::Environment& environment,
             const EndSignals& signals) {
  auto file = ReadCrd(options.file);
  if (!file) return file.error();
  auto access = kube::FindClusterAccess(options.kubeconfig, options.context,
                                        kube::kServiceAccountDirectory, environment);
  if (!access) return access.error();
  const MonotonicClock clock;
  kube::Credentials credentials(std::move(*access), clock);
  kube::RestOptions rest;
  rest.user_agent = kube::UserAgent("crd");
  kube::RestTransport transport(credentials, clock, rest);
  const auto persist = [&](auto task) {
    return Persist([&task] { return task.Step(); }, clock,
                   std::chrono::seconds(options.timeout_seconds),
                   [&signals](Nanos time) { return signals.Sleep(time); });
  };
  if (options.action == CrdAction::kDelete)
    return persist(publish::CrdRemover(transport, std::move(file->crd)));
  return persist(publish::CrdInstaller(transport, std::move(file->crd), std::move(file->json)));
}

}  // namespace

int RunCrd(const CrdOptions& options, const kube::Environment& environment) {
  ::signal(SIGPIPE, SIG_IGN);
  const EndSignals signals;
  const auto done = Run(options, environment, signals);
  if (done) return 0;
  spdlog::error("Could not {} the CRD error=\"{}\"",
                options.action == CrdAction::kApply ? "apply" : "delete", done.error().detail);
  return 1;
}

}  // namespace stevedore
