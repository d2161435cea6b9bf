#include "controller/sync_meter.h"

namespace stevedore {
namespace {

double Seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void SyncMeter::Begin(Nanos now, std::optional<Nanos> since) {
  const std::lock_guard lock(mutex_);
  began_ = now;
  failed_ = false;
  if (!since) return;
  ++numbers_.adds;
  numbers_.queued.Observe(Seconds(now - *since));
  if (!unwritten_since_) unwritten_since_ = since;
}

void SyncMeter::Wrote(Write how, std::size_t bytes, Nanos now, double wall) {
  const std::lock_guard lock(mutex_);
  numbers_.config_bytes = bytes;
  failed_ = how == Write::kFailed;
  ++(failed_ ? numbers_.sync_errors : numbers_.syncs);
  if (failed_) {
    ++numbers_.config_write_errors;
    return;
  }
  if (how == Write::kWritten) {
    const bool first = numbers_.config_writes == 0;
    ++numbers_.config_writes;
    numbers_.config_written_at = wall;
    if (unwritten_since_ && !first) numbers_.propagation.Observe(Seconds(now - *unwritten_since_));
  }
  unwritten_since_.reset();
}

void SyncMeter::End(Nanos now, const Turn& turn) {
  const std::lock_guard lock(mutex_);
  const double took = Seconds(now - began_.value_or(now));
  began_.reset();
  if (turn.retry) ++numbers_.retries;
  if (!turn.wrote) return;
  numbers_.reconcile.Observe(took);
  numbers_.work.Observe(took);
  if (turn.again && !failed_) ++numbers_.requeues;
}

void SyncMeter::Routes(std::map<std::pair<std::string, std::string>, int> routes) {
  const std::lock_guard lock(mutex_);
  numbers_.routes = std::move(routes);
}

SyncNumbers SyncMeter::numbers(Nanos now) const {
  const std::lock_guard lock(mutex_);
  SyncNumbers numbers = numbers_;
  if (began_) numbers.running = Seconds(now - *began_);
  return numbers;
}

}  // namespace stevedore
