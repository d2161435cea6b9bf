#include "controller/persist.h"

#include <algorithm>
#include <string>

#include "proxy/base/backoff.h"
#include "proxy/base/log.h"

namespace stevedore {
namespace {

constexpr std::chrono::seconds kDeniedLimit{5};

// How long a step may fail like this.
Nanos LimitOf(Errc code, Nanos limit) {
  if (code == Errc::kUnavailable || code == Errc::kConflict) return limit;
  return code == Errc::kDenied ? std::min<Nanos>(kDeniedLimit, limit) : Nanos(0);
}

}  // namespace

Result<> Persist(const std::function<Result<>()>& step, const Clock& clock, Nanos limit,
                 const Pause& pause) {
  const Nanos began = clock.Now();
  Backoff backoff(std::chrono::milliseconds(200), std::chrono::seconds(2));
  std::string told;
  for (;;) {
    Result<> done = step();
    if (done) return done;
    const Error& error = done.error();
    const Nanos most = LimitOf(error.code, limit);
    const Nanos wait = backoff.Next(0);
    const Nanos passed = clock.Now() - began;
    if (most == Nanos(0)) return error;
    if (passed + wait > most) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(passed).count();
      return Error{error.code, error.detail + " (tried for " + std::to_string(seconds) + " s)"};
    }
    if (error.detail != told) spdlog::info("Trying again reason=\"{}\"", error.detail);
    told = error.detail;
    if (!pause(wait)) return Error{error.code, error.detail + " (told to end)"};
  }
}

}  // namespace stevedore
