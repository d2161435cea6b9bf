#include "controller/publish/ack_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "proxy/base/log.h"

namespace stevedore::publish {
namespace {

constexpr std::size_t kMaxStatusBytes = 16u << 20;
constexpr int kLookMilliseconds = 2000;  // for a directory that was replaced: no event tells

std::string DirectoryOf(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

}  // namespace

AckReader::AckReader(std::string path, const Clock& clock, DirectoryWatch watch, UniqueFd stop,
                     std::function<void()> changed)
    : path_(std::move(path)),
      clock_(clock),
      watch_(std::move(watch)),
      watched_(IdentifyFile(DirectoryOf(path_))),
      stop_(std::move(stop)),
      changed_(std::move(changed)) {}

Result<std::unique_ptr<AckReader>> AckReader::Start(const std::string& path, const Clock& clock,
                                                    std::function<void()> changed) {
  auto watch = DirectoryWatch::Open(DirectoryOf(path));
  if (!watch) return watch.error();
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) return Error{Errc::kUnavailable, std::string("eventfd: ") + std::strerror(errno)};
  std::unique_ptr<AckReader> reader(
      new AckReader(path, clock, std::move(*watch), std::move(stop), std::move(changed)));
  reader->Read();
  reader->thread_ = std::thread([self = reader.get()] { self->Run(); });
  return reader;
}

AckReader::~AckReader() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

void AckReader::Run() {
  const std::string name = std::filesystem::path(path_).filename().string();
  for (;;) {
    pollfd fds[] = {{watch_.fd(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    const int ready = ::poll(fds, 2, kLookMilliseconds);
    if (ready < 0 && errno != EINTR) return;
    if ((fds[1].revents & POLLIN) != 0) return;
    const bool replaced = ready == 0 && Rewatch();
    if ((watch_.Drain(name) || replaced) && Read()) changed_();
  }
}

bool AckReader::Rewatch() {
  const auto now = IdentifyFile(DirectoryOf(path_));
  if (!now || (watched_ && now->device == watched_->device && now->inode == watched_->inode))
    return false;
  auto watch = DirectoryWatch::Open(DirectoryOf(path_));
  if (!watch) return false;
  watch_ = std::move(*watch);
  watched_ = now;
  return true;
}

bool AckReader::Read() {
  auto text = ReadFile(path_, kMaxStatusBytes);
  if (!text || *text == text_) return false;  // not there yet, being replaced, or as before
  text_ = std::move(*text);
  auto status = config::DecodeStatus(text_);
  if (!status) {
    spdlog::warn("Ignored proxy status file={} error=\"{}\"", path_, status.error().detail);
    return false;
  }
  status->time.clear();
  const std::lock_guard lock(mutex_);
  latest_.changed_at = clock_.Now();
  if (latest_.status && *latest_.status == *status) return false;
  latest_.status = std::make_shared<const config::ProxyStatus>(std::move(*status));
  return true;
}

Ack AckReader::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

}  // namespace stevedore::publish
