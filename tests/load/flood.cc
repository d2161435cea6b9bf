// flood: datagrams from many loopback addresses by one socket. Each datagram names the address that
// it comes from, so that a reply at another one is seen.
#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "tests/load/net.h"

namespace stevedore::load {
namespace {

struct Counts {
  unsigned long long sent = 0, refused = 0, replies = 0, foreign = 0;
};

void Take(int fd, Batch& batch, Counts& counts) {
  while (const unsigned n = batch.Receive(fd)) {
    for (unsigned i = 0; i < n; ++i) {
      Reply reply{};
      std::memcpy(&reply, batch.data(i), std::min(sizeof reply, batch.size(i)));
      ++counts.replies;
      if (reply.request.id != batch.local(i).s_addr) ++counts.foreign;
    }
  }
}

}  // namespace

int Flood(const Flags& flags) {
  const Address target = MakeAddress(flags.Text("host", "127.0.0.1"),
                                     static_cast<std::uint16_t>(flags.Number("port", 0)));
  const auto sources = static_cast<std::uint32_t>(flags.Number("sources", 100'000));
  const auto limit = static_cast<unsigned long long>(flags.Number("datagrams", 1'000'000));
  const auto size = static_cast<std::size_t>(flags.Number("size", 64));
  const double linger = static_cast<double>(flags.Number("linger-ms", 500)) / 1000;
  const int fd = BoundSocket(MakeAddress("0.0.0.0", 0));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  const auto out = std::make_unique<Batch>();
  const auto in = std::make_unique<Batch>();
  for (unsigned i = 0; i < Batch::kSlots; ++i) {
    std::memset(out->data(i), 0, Batch::kBytes);
    out->size(i) = size;
    out->peer(i) = target;
  }

  Counts counts;
  Pacer pacer(flags.Number("rate", 10'000));
  while (counts.sent < limit && !ToldToEnd()) {
    const auto left = static_cast<unsigned>(std::min<unsigned long long>(64, limit - counts.sent));
    const unsigned due = pacer.Due(left);
    for (unsigned i = 0; i < due; ++i) {
      const auto nth = static_cast<std::uint32_t>(counts.sent++);
      const Request request{htonl(kFirstFloodSource + nth % sources), htonl(nth / sources)};
      std::memcpy(out->data(i), &request, sizeof request);
      out->SetSource(i, {request.id});
    }
    counts.refused += out->Send(fd, due);
    Take(fd, *in, counts);
    if (due < left) ::usleep(500);
  }
  for (const double end = Now() + linger; Now() < end; ::usleep(1000)) Take(fd, *in, counts);
  std::printf("{\"sent\": %llu, \"refused\": %llu, \"replies\": %llu, \"foreign\": %llu}\n",
              counts.sent, counts.refused, counts.replies, counts.foreign);
  return 0;
}

}  // namespace stevedore::load
