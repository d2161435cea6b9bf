// Fuzz target: the proxy's status file, as the controller reads it.
// Property: a text that is accepted is written as a text that reads back equal and is written as
// itself again; counts are not negative. So nothing that a proxy says changes by being passed on.
#include "proxy/config/status.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  const auto status = config::DecodeStatus(fuzz::Text(data, size));
  if (!status) {
    fuzz::Require(!status.error().detail.empty(), "a refusal says why");
    return 0;
  }
  for (const config::UpstreamStatus& upstream : status->upstreams)
    for (const int count :
         {upstream.total, upstream.ready, upstream.healthy, upstream.draining, upstream.usable})
      fuzz::Require(count >= 0, "no count is negative", upstream.name);
  const std::string text = config::EncodeStatus(*status);
  const auto again = config::DecodeStatus(text);
  fuzz::Require(static_cast<bool>(again), "what was read and written reads again", text);
  fuzz::Require(*again == *status, "it reads back equal", text);
  fuzz::Require(config::EncodeStatus(*again) == text, "it is written the same", text);
  return 0;
}
