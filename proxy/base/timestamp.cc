#include "proxy/base/timestamp.h"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace stevedore {
namespace {

// Date and time of day, without fraction and zone.
std::string Format(std::time_t time) {
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  return text;
}

}  // namespace

std::string TimestampNow() { return Format(std::time(nullptr)) + "Z"; }

std::string MicroTimestampNow() {
  using std::chrono::microseconds;
  const auto now =
      std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch());
  const long long whole = now.count() / 1'000'000;
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06uZ",
                static_cast<unsigned>(now.count() - whole * 1'000'000) % 1'000'000u);
  return Format(static_cast<std::time_t>(whole)) + fraction;
}

}  // namespace stevedore
