#include "proxy/control/status_file.h"

#include "proxy/base/file.h"
#include "proxy/base/log.h"
#include "proxy/base/timestamp.h"

namespace stevedore::control {
namespace {

constexpr std::chrono::seconds kInterval{1};
constexpr std::chrono::seconds kRetry{5};
constexpr std::chrono::seconds kSignOfLife{10};

}  // namespace

void StatusFile::Set(config::ProxyStatus status) {
  wanted_ = std::move(status);
  wanted_.time.clear();
}

bool StatusFile::IsNews() const {
  return !written_ || written_->digest != wanted_.digest ||
         written_->listeners != wanted_.listeners || written_->last_attempt != wanted_.last_attempt;
}

void StatusFile::Flush(Nanos now) {
  if (path_.empty()) return;
  if (written_ && *written_ == wanted_ && now - *written_at_ < kSignOfLife) return;
  if (failed_at_ && now - *failed_at_ < kRetry) return;
  if (!IsNews() && written_at_ && now - *written_at_ < kInterval) return;
  config::ProxyStatus stamped = wanted_;
  stamped.time = TimestampNow();
  const auto result = WriteFileAtomically(path_, config::EncodeStatus(stamped));
  if (!result) {
    failed_at_ = now;
    spdlog::warn("Could not write status file={} error=\"{}\"", path_, result.error().detail);
    return;
  }
  failed_at_.reset();
  written_ = wanted_;
  written_at_ = now;
}

}  // namespace stevedore::control
