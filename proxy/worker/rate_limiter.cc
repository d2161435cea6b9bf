#include "proxy/worker/rate_limiter.h"

#include <algorithm>
#include <cstring>

namespace stevedore::worker {

bool RateLimiter::Take(runtime::ListenerId listener, const config::IpAddress& source,
                       const runtime::TokenRate& rate, Nanos now) noexcept {
  if (sets_.empty()) return true;
  std::array<std::uint64_t, 3> words{};
  std::memcpy(words.data(), source.bytes.data(), source.bytes.size());
  if (!source.is_v4()) words[1] = 0;
  words[2] = runtime::Raw(listener);
  const std::uint64_t hash = session::SipHash13(secret_, words);

  Set& set = sets_[hash % kSets];
  Bucket* bucket = set.data();
  for (Bucket& other : set) {
    if (other.source == hash) {
      bucket = &other;
      break;
    }
    if (other.full_at < bucket->full_at) bucket = &other;
  }
  if (bucket->source != hash) *bucket = {hash, 0};
  // A bucket may have been filled under another limit, before a reload: it is at worst empty now.
  const std::int64_t full_at =
      std::clamp(bucket->full_at, now.count(), now.count() + rate.depth) + rate.interval;
  const bool granted = full_at <= now.count() + rate.depth;
  bucket->full_at = granted ? full_at : full_at - rate.interval;
  return granted;
}

}  // namespace stevedore::worker
