// flows: clients with a port each, assured before the count begins, that check every reply: whose
// it is, which peer sent it, which port of the proxy that peer saw, and each of its bytes.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>

#include "tests/load/net.h"

namespace stevedore::load {
namespace {

constexpr double kWarmSeconds = 20;
constexpr double kStragglerSeconds = 5;

constexpr std::uint32_t kSeen = std::numeric_limits<std::uint32_t>::max();

struct Flow {
  int fd = -1;
  std::uint32_t peer = 0;
  std::uint32_t port = 0;           // that the peer saw; 0 = no reply yet
  std::vector<std::uint32_t> sent;  // by sequence: when, in ms since the start; kSeen = answered
};

// Well mixed bits of what names a datagram: its size and its bytes are made of them.
std::uint64_t Mixed(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}
std::uint64_t NameOf(std::uint32_t number, std::uint32_t sequence) {
  return Mixed(std::uint64_t{number} << 32 | sequence) | 1;
}

// The bytes behind the request's head: none like those of another datagram, none a constant.
void Fill(std::uint8_t* at, std::size_t size, std::uint64_t name) {
  for (std::size_t done = 0; done < size; done += sizeof name) {
    name = Mixed(name);
    std::memcpy(at + done, &name, std::min(sizeof name, size - done));
  }
}

class Clients {
 public:
  explicit Clients(const Flags& flags)
      : target_(MakeAddress(flags.Text("host", "127.0.0.1"),
                            static_cast<std::uint16_t>(flags.Number("port", 0)))),
        least_(std::max(static_cast<std::size_t>(flags.Number("size", 64)), sizeof(Request))),
        most_(std::max(static_cast<std::size_t>(flags.Number("size-to", 64)), least_)),
        flows_(static_cast<std::size_t>(flags.Number("clients", 1))),
        poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    const bool v4 = target_.storage.ss_family == AF_INET;
    for (std::uint32_t i = 0; i < flows_.size(); ++i) {
      flows_[i].fd = BoundSocket(MakeAddress(v4 ? "0.0.0.0" : "::", 0));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = i;
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, flows_[i].fd, &event);
    }
  }

  // Gives each flow two answered datagrams: the second makes its session assured.
  bool Warm() {
    for (std::uint32_t round = 1; round <= 2; ++round) {
      const double end = Now() + kWarmSeconds;
      while (received_ < round * flows_.size() && Now() < end) {
        const std::uint64_t before = received_;
        unsigned in_flight = 0;
        for (std::uint32_t i = 0; i < flows_.size() && in_flight < 100; ++i) {
          if (flows_[i].sent.size() >= round) continue;
          Send(i);
          ++in_flight;
        }
        do {
          Receive(100);
        } while (received_ < before + in_flight && Now() < end);
      }
    }
    return received_ == 2 * flows_.size();
  }

  void Run(std::int64_t rate, std::uint64_t limit, double seconds) {
    Pacer pacer(rate);
    const double end = Now() + seconds;
    for (std::uint64_t total = 0; total < limit && Now() < end && !ToldToEnd();) {
      for (unsigned due = pacer.Due(64); due != 0 && total < limit; --due) {
        Send(static_cast<std::uint32_t>(total % flows_.size()));
        ++total;
      }
      Receive(1);
    }
    const double last = Now() + kStragglerSeconds;
    while (received_ < sent_ && Now() < last) Receive(10);
  }

  void Report() const {
    std::printf(
        "{\"sent\": %llu, \"received\": %llu, \"lost\": %llu, \"foreign\": %llu, \"duplicates\": "
        "%llu, \"moved\": %llu, \"refused\": %llu, \"corrupt\": %llu, \"lost_at\": [",
        Long(sent_), Long(received_), Long(sent_ - received_), Long(foreign_), Long(duplicates_),
        Long(moved_), Long(refused_), Long(corrupt_));
    std::map<std::uint32_t, unsigned> lost;  // by tenths of a second
    for (const Flow& flow : flows_)
      for (const std::uint32_t at : flow.sent)
        if (at != kSeen) ++lost[at / 100];
    const char* comma = "";
    for (const auto& [tenth, count] : lost) {
      std::printf("%s[%.1f, %u]", comma, start_ + tenth / 10.0, count);
      comma = ", ";
    }
    std::puts("]}");
  }

 private:
  static unsigned long long Long(std::uint64_t n) { return n; }

  void Send(std::uint32_t number) {
    Flow& flow = flows_[number];
    const auto sequence = static_cast<std::uint32_t>(flow.sent.size());
    const Request request{htonl(number), htonl(sequence)};
    const std::size_t size = SizeOf(number, sequence);
    std::memcpy(out_.data(), &request, sizeof request);
    Fill(out_.data() + sizeof request, size - sizeof request, NameOf(number, sequence));
    flow.sent.push_back(static_cast<std::uint32_t>((Now() - start_) * 1000));
    ++sent_;
    const auto* to = reinterpret_cast<const sockaddr*>(&target_.storage);
    if (::sendto(flow.fd, out_.data(), size, 0, to, target_.length) < 0) ++refused_;
  }

  std::size_t SizeOf(std::uint32_t number, std::uint32_t sequence) const {
    return least_ + NameOf(number, sequence) % (most_ - least_ + 1);
  }

  // True when something came.
  bool Receive(int timeout_ms) {
    std::array<epoll_event, 256> events;
    const int n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < n; ++i) {
      const std::uint32_t number = events[static_cast<std::size_t>(i)].data.u32;
      for (;;) {
        const ssize_t size = ::recv(flows_[number].fd, in_.data(), in_.size(), MSG_DONTWAIT);
        if (size < 0) break;
        Take(number, static_cast<std::size_t>(size));
      }
    }
    return n > 0;
  }

  void Take(std::uint32_t number, std::size_t size) {
    Reply reply;
    if (size < sizeof reply) {
      ++foreign_;
      return;
    }
    std::memcpy(&reply, in_.data(), sizeof reply);
    Flow& flow = flows_[number];
    const std::uint32_t sequence = ntohl(reply.request.sequence);
    if (ntohl(reply.request.id) != number || sequence >= flow.sent.size()) {
      ++foreign_;
      return;
    }
    if (flow.sent[sequence] == kSeen) {
      ++duplicates_;
      return;
    }
    const std::size_t filled = SizeOf(number, sequence) - sizeof(Request);
    Fill(out_.data(), filled, NameOf(number, sequence));
    if (size != sizeof reply + filled ||
        std::memcmp(in_.data() + sizeof reply, out_.data(), filled) != 0) {
      ++corrupt_;
      return;
    }
    flow.sent[sequence] = kSeen;
    ++received_;
    if (flow.port != 0 && (flow.port != reply.port || flow.peer != reply.peer)) ++moved_;
    flow.port = reply.port;
    flow.peer = reply.peer;
  }

  const Address target_;
  const std::size_t least_, most_;  // bytes of a datagram
  const double start_ = Now();
  std::vector<Flow> flows_;
  const int poll_;
  std::array<std::uint8_t, 65536> out_{};
  std::array<std::uint8_t, 65536> in_{};
  std::uint64_t sent_ = 0, received_ = 0, foreign_ = 0, duplicates_ = 0, moved_ = 0, refused_ = 0,
                corrupt_ = 0;
};

}  // namespace

int Flows(const Flags& flags) {
  Clients clients(flags);
  if (!clients.Warm()) {
    std::fputs("not every flow was answered twice\n", stderr);
    return 1;
  }
  std::puts("warm");
  std::fflush(stdout);
  clients.Run(flags.Number("rate", 1000),
              static_cast<std::uint64_t>(flags.Number("datagrams", std::int64_t{1} << 62)),
              static_cast<double>(flags.Number("seconds", 300)));
  clients.Report();
  return 0;
}

}  // namespace stevedore::load
