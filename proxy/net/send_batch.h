// SendBatch: datagrams to send, grouped by socket, order kept within a socket, sent by sendmmsg;
// short sends handled.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "proxy/config/address.h"

namespace stevedore::net {

// Thread: one. No allocation after the first use of a descriptor number.
class SendBatch {
 public:
  static constexpr unsigned kItems = 64;

  // Queues one datagram on `fd`, a socket of `family`. `from` (unspecified = the kernel's choice)
  // is the address that it leaves from. `bytes` must stay valid until Flush(). Returns its item
  // number. REQUIRES: size() < kItems.
  unsigned Add(int fd, int family, const config::SocketAddress& to, const config::IpAddress& from,
               std::span<const std::uint8_t> bytes) noexcept;
  unsigned size() const noexcept { return size_; }

  // Sends everything; afterwards error(item) is 0 or the errno that the item met. A failing item
  // never stops those behind it. Empties the batch.
  void Flush() noexcept;
  int error(unsigned item) const noexcept { return errors_[item]; }
  std::uint64_t system_calls() const noexcept { return system_calls_; }

 private:
  static constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(in6_pktinfo));
  static constexpr std::uint8_t kNone = 0xff;

  struct Item {
    sockaddr_storage to;
    iovec vector;
    msghdr header;
    alignas(cmsghdr) std::array<std::uint8_t, kControlBytes> control;
    std::uint8_t next;  // item of the same socket, or kNone
  };
  struct Group {
    int fd;
    std::uint8_t first;
    std::uint8_t last;
  };
  void SetSource(Item& item, int family, const config::SocketAddress& to,
                 const config::IpAddress& from) noexcept;
  void SendGroup(const Group& group) noexcept;

  std::array<Item, kItems> items_{};
  std::array<Group, kItems> groups_{};
  std::array<int, kItems> errors_{};
  std::array<mmsghdr, kItems> messages_{};
  std::vector<std::uint8_t> group_of_fd_;  // by descriptor; kNone outside a batch
  unsigned size_ = 0;
  unsigned group_count_ = 0;
  std::uint64_t system_calls_ = 0;
};

}  // namespace stevedore::net
