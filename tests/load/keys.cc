// keys: asks once for each key and writes which peer answered: one byte per key into --out.
#include <arpa/inet.h>
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "tests/load/net.h"

namespace stevedore::load {
namespace {

constexpr std::uint8_t kUnanswered = 0xff;
constexpr unsigned kRounds = 10;  // of asking again for what was not answered

}  // namespace

int Keys(const Flags& flags) {
  const Address target = MakeAddress(flags.Text("host", "127.0.0.1"),
                                     static_cast<std::uint16_t>(flags.Number("port", 0)));
  std::vector<std::uint8_t> owner(static_cast<std::size_t>(flags.Number("keys", 100'000)),
                                  kUnanswered);
  const int fd = BoundSocket(MakeAddress("0.0.0.0", 0));
  const auto batch = std::make_unique<Batch>();
  unsigned long long answered = 0, conflicts = 0;
  const auto take = [&](int timeout_ms) {
    pollfd in{fd, POLLIN, 0};
    if (::poll(&in, 1, timeout_ms) <= 0) return false;
    const unsigned n = batch->Receive(fd);
    for (unsigned i = 0; i < n; ++i) {
      Reply reply{};
      std::memcpy(&reply, batch->data(i), std::min(sizeof reply, batch->size(i)));
      const std::uint32_t key = ntohl(reply.request.id);
      if (key >= owner.size()) continue;
      const auto peer = static_cast<std::uint8_t>(ntohl(reply.peer));
      if (owner[key] == kUnanswered) {
        owner[key] = peer;
        ++answered;
      } else if (owner[key] != peer) {
        ++conflicts;
      }
    }
    return true;
  };
  for (unsigned round = 0; round < kRounds && answered < owner.size(); ++round) {
    for (std::uint32_t next = 0; next < owner.size();) {
      unsigned count = 0;
      for (; next < owner.size() && count < Batch::kSlots; ++next) {
        if (owner[next] != kUnanswered) continue;
        const Request request{htonl(next), htonl(round)};
        std::memcpy(batch->data(count), &request, sizeof request);
        batch->size(count) = sizeof request;
        batch->peer(count++) = target;
      }
      batch->Send(fd, count);
      const unsigned long long wanted = answered + count;
      while (answered < wanted && take(20)) {
      }
    }
  }
  std::FILE* out = std::fopen(flags.Text("out", "keys.out").c_str(), "wb");
  if (out == nullptr) return 1;
  std::fwrite(owner.data(), 1, owner.size(), out);
  std::fclose(out);
  std::printf("{\"answered\": %llu, \"conflicts\": %llu}\n", answered, conflicts);
  return 0;
}

}  // namespace stevedore::load
