// peers: sockets that echo, stay silent (to all, or to floods alone), answer late or many times,
// and count what they get.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <unordered_set>

#include "tests/load/net.h"

namespace stevedore::load {
namespace {

struct Peer {
  int fd = -1;
  std::uint32_t number = 0;
  unsigned long long received = 0;
};

// A reply that waits for its time.
struct Late {
  double due;
  const Peer* peer;
  Address to;
  std::vector<std::uint8_t> bytes;
};

class Hosts {
 public:
  explicit Hosts(const Flags& flags)
      : echo_(flags.Text("mode", "echo") != "silent"),
        silent_to_floods_(flags.Text("mode", "echo") == "selective"),
        copies_(static_cast<unsigned>(flags.Number("copies", 1))),
        delay_(static_cast<double>(flags.Number("delay-ms", 0)) / 1000),
        poll_(::epoll_create1(EPOLL_CLOEXEC)),
        peers_(static_cast<std::size_t>(flags.Number("count", 1))) {
    const auto first = static_cast<std::uint32_t>(flags.Number("first", 0));
    for (std::uint32_t i = 0; i < peers_.size(); ++i) {
      peers_[i].number = first + i;
      peers_[i].fd = BoundSocket(MakeAddress(flags.Text("host", "127.0.0.1"),
                                             static_cast<std::uint16_t>(flags.Number("port", 0))));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = i;
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, peers_[i].fd, &event);
    }
  }

  void PrintPorts() const {
    std::string ports;
    for (const Peer& peer : peers_)
      ports += (ports.empty() ? "" : ", ") + std::to_string(LocalAddress(peer.fd).port());
    std::printf("[%s]\n", ports.c_str());
    std::fflush(stdout);
  }

  void Serve() {
    std::array<epoll_event, 64> events;
    for (double look = 0; Now() < look || !ToldToEnd();) {
      if (Now() >= look) look = Now() + 0.05;
      const int n = ::epoll_wait(poll_, events.data(), 64, late_.empty() ? 50 : 1);
      for (int i = 0; i < n; ++i) Take(peers_[events[static_cast<std::size_t>(i)].data.u32]);
      SendLate();
    }
  }

  void Report() const {
    std::string received;
    for (const Peer& peer : peers_)
      received += (received.empty() ? "" : ", ") + std::to_string(peer.received);
    std::printf("{\"received\": [%s], \"sources\": %zu}\n", received.c_str(), sources_.size());
  }

 private:
  void Take(Peer& peer) {
    for (unsigned rounds = 0; rounds < 16; ++rounds) {
      const unsigned n = batch_->Receive(peer.fd);
      if (n == 0) return;
      peer.received += n;
      unsigned answers = 0;
      for (unsigned i = 0; i < n; ++i) {
        sources_.insert(std::uint64_t{peer.number} << 16 | batch_->peer(i).port());
        if (Answers(i)) MakeAnswer(peer, i, answers++);
      }
      if (delay_ <= 0) {
        for (unsigned copy = 0; copy < copies_; ++copy) batch_->Send(peer.fd, answers);
        continue;
      }
      for (unsigned i = 0; i < answers; ++i)
        late_.push_back({Now() + delay_,
                         &peer,
                         batch_->peer(i),
                         {batch_->data(i), batch_->data(i) + batch_->size(i)}});
    }
  }

  bool Answers(unsigned slot) {
    Request request{};
    std::memcpy(&request, batch_->data(slot), std::min(sizeof request, batch_->size(slot)));
    return echo_ && !(silent_to_floods_ && ntohl(request.id) >= kFirstFloodSource);
  }

  // From the request in slot `from` to its answer in `to`, which is not beyond it.
  void MakeAnswer(const Peer& peer, unsigned from, unsigned to) {
    const std::uint32_t head[] = {htonl(peer.number), htonl(batch_->peer(from).port())};
    const std::size_t size = std::min(batch_->size(from), Batch::kBytes - kReplyHead);
    batch_->peer(to) = batch_->peer(from);
    std::memmove(batch_->data(to) + kReplyHead, batch_->data(from), size);
    std::memcpy(batch_->data(to), head, kReplyHead);
    batch_->size(to) = size + kReplyHead;
  }

  void SendLate() {
    for (; !late_.empty() && late_.front().due <= Now(); late_.pop_front()) {
      const Late& late = late_.front();
      const auto* to = reinterpret_cast<const sockaddr*>(&late.to.storage);
      ::sendto(late.peer->fd, late.bytes.data(), late.bytes.size(), 0, to, late.to.length);
    }
  }

  const bool echo_;
  const bool silent_to_floods_;
  const unsigned copies_;  // of each answer
  const double delay_;
  const int poll_;
  std::vector<Peer> peers_;
  std::unordered_set<std::uint64_t> sources_;
  std::deque<Late> late_;
  std::unique_ptr<Batch> batch_ = std::make_unique<Batch>();
};

}  // namespace

int Peers(const Flags& flags) {
  Hosts hosts(flags);
  hosts.PrintPorts();
  hosts.Serve();
  hosts.Report();
  return 0;
}

}  // namespace stevedore::load
