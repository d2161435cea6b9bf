#include "controller/source/directory.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "proxy/base/file.h"
#include "proxy/base/log.h"

namespace stevedore::source {
namespace {

// Editors write several times: a reload waits for this much silence, but not for ever.
constexpr int kQuietMilliseconds = 50;
constexpr auto kMaxDelay = std::chrono::milliseconds(1000);
// Network file systems and replaced directories send no events.
constexpr int kRescanMilliseconds = 2000;

}  // namespace

Result<std::unique_ptr<DirectorySource>> DirectorySource::Start(std::string directory, Sink& sink,
                                                                OnProblems on_problems) {
  auto watch = DirectoryWatch::Open(directory);
  if (!watch) return watch.error();
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return Error{Errc::kInternal, std::string("eventfd: ") + std::strerror(errno)};
  std::unique_ptr<DirectorySource> source(new DirectorySource(
      std::move(directory), sink, std::move(on_problems), std::move(*watch), std::move(stop)));
  auto loaded = source->Reload();
  if (!loaded) return loaded.error();
  source->thread_ = std::thread([raw = source.get()] { raw->Run(); });
  return source;
}

DirectorySource::DirectorySource(std::string directory, Sink& sink, OnProblems on_problems,
                                 DirectoryWatch watch, UniqueFd stop)
    : directory_(std::move(directory)),
      sink_(sink),
      on_problems_(std::move(on_problems)),
      watch_(std::move(watch)),
      stop_(std::move(stop)) {}

DirectorySource::~DirectorySource() {
  ::eventfd_write(stop_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

std::vector<SourceProblem> DirectorySource::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

void DirectorySource::Run() {
  bool readable = true;
  while (WaitForQuiet()) {
    const auto loaded = Reload();
    if (!loaded && readable)
      spdlog::warn("Kept all objects directory={} reason=\"{}\"", directory_,
                   loaded.error().detail);
    if (static_cast<bool>(loaded) != readable) Rewatch();
    readable = static_cast<bool>(loaded);
  }
}

// Waits for a change and then for silence, or for the next rescan; false when it is time to end.
bool DirectorySource::WaitForQuiet() {
  std::array<pollfd, 2> fds = {{{stop_.get(), POLLIN, 0}, {watch_.fd(), POLLIN, 0}}};
  int timeout = kRescanMilliseconds;
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kRescanMilliseconds) + kMaxDelay;
  for (;;) {
    const int ready = ::poll(fds.data(), fds.size(), timeout);
    if (ready < 0 && errno == EINTR) continue;
    if ((fds[0].revents & POLLIN) != 0) return false;
    if (ready <= 0 || std::chrono::steady_clock::now() >= end) return true;
    watch_.Drain();
    timeout = kQuietMilliseconds;
  }
}

// The directory went away or came back, perhaps as another one of the same name.
void DirectorySource::Rewatch() {
  if (auto watch = DirectoryWatch::Open(directory_)) watch_ = std::move(*watch);
}

Result<> DirectorySource::Reload() {
  const auto paths = ListManifests(directory_);
  if (!paths) return paths.error();
  for (auto& [path, file] : files_) file.seen = false;
  bool changed = !delivered_;
  for (const std::string& path : *paths) changed = ReadOne(path) || changed;
  const auto gone = std::erase_if(files_, [](const auto& entry) { return !entry.second.seen; });
  if (changed || gone > 0) Publish();
  return Ok();
}

// Whether anything about the file is new.
bool DirectorySource::ReadOne(const std::string& path) {
  auto text = ReadFile(path);
  if (!text && text.error().code == Errc::kNotFound) return false;
  const auto [entry, is_new] = files_.try_emplace(path);
  File& file = entry->second;
  file.seen = true;
  if (!text) {
    file.text.reset();
    return std::exchange(file.problem, text.error().detail) != text.error().detail;
  }
  if (!is_new && *text == file.text) return false;
  file.text = std::move(*text);
  if (file.text->empty()) {
    file.problem = "the file is empty";
    return true;
  }
  auto parsed = ParseManifests(path, *file.text);
  file.problem = parsed ? "" : parsed.error().detail;
  if (parsed) file.good = std::move(*parsed);
  return true;
}

void DirectorySource::Publish() {
  Manifests all;
  for (const auto& [path, file] : files_) {
    Merge(all, file.good);
    if (file.problem.empty()) continue;
    const bool kept = !file.good.objects.empty();
    all.problems.push_back({path, file.problem + (kept ? " (its last good objects stay)" : "")});
  }
  Deliver(all, sink_);
  delivered_ = true;
  {
    const std::lock_guard lock(mutex_);
    if (problems_ == all.problems) return;
    problems_ = all.problems;
  }
  for (const SourceProblem& problem : all.problems)
    spdlog::warn("Rejected manifest file={} reason=\"{}\"", problem.file, problem.message);
  if (on_problems_) on_problems_(all.problems);
}

}  // namespace stevedore::source
