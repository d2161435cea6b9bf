// Kernel: stands in for the operating system in the measurement of a worker without input and
// output. system_calls.cc sends the worker's calls here: they find 64 B datagrams at once and take
// what is sent at once, so that what is left is the worker's own work.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <vector>

namespace stevedore::bench {

// Datagrams that the worker is given.
struct Job {
  enum class Way { kUp, kDown };
  Way way = Way::kUp;
  std::uint64_t left = 0;             // how many, without `state`
  benchmark::State* state = nullptr;  // counts and times them
  std::uint32_t clients = 1;          // kUp: of how many clients
  bool random = false;                // kUp: of any of them; else of one after the other
  bool learn = false;                 // kUp: where each leaves is where replies will come
};

// Thread: Do() and Listen() on one that is not the worker's; the rest on the worker's.
class Kernel {
 public:
  static Kernel& The();

  // The socket that clients send to.
  void Listen(int fd) { listener_ = fd; }
  // Forgets where replies come.
  void Forget();
  // Gives the worker what the job says and waits until it is done.
  void Do(Job job);

  void Watch(int fd, std::uint64_t tag);
  int Wait(epoll_event* events, int most) noexcept;
  int Receive(int fd, mmsghdr* messages, unsigned most) noexcept;
  void Sent(int fd, const sockaddr_in* to) noexcept;

 private:
  static constexpr unsigned kStep = 256;  // datagrams between two waits
  // A session as the peer sees it.
  struct Lease {
    int fd;
    sockaddr_in peer;
  };
  // False when the job is over.
  bool NextStep(Job& job) noexcept;
  int ReadyPools(epoll_event* events, int most) noexcept;
  std::uint32_t NextClient(const Job& job) noexcept;

  std::atomic<Job*> job_{nullptr};
  int listener_ = -1;
  std::vector<std::uint64_t> tags_;                // by descriptor
  std::vector<std::vector<std::uint32_t>> ready_;  // leases with a reply, by descriptor
  std::vector<int> ready_fds_;
  std::vector<Lease> leases_;
  std::size_t next_lease_ = 0;
  std::uint32_t next_client_ = 0;
  std::uint64_t random_ = 88172645463325252u;
  unsigned pending_ = 0;  // datagrams of this step that the worker has not taken
};

}  // namespace stevedore::bench
