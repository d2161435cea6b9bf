// RecvBatch: what one recvmmsg brings, up to 64 slots. Owns its buffers; every slot holds the
// largest datagram there is, or several of one sender that the kernel had coalesced (UDP_GRO).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "proxy/config/address.h"

namespace stevedore::net {

// One received datagram. `bytes` points into the batch: valid until its slot is filled again.
struct Datagram {
  std::span<const std::uint8_t> bytes;
  config::SocketAddress source;
  config::IpAddress local;  // the address it was sent to; unspecified without PKTINFO
};

// Thread: one. 4 MiB of address space, pages touched on use.
class RecvBatch {
 public:
  static constexpr unsigned kSlots = 64;

  RecvBatch();
  RecvBatch(const RecvBatch&) = delete;
  RecvBatch& operator=(const RecvBatch&) = delete;

  // Fills slots `first`.. by one system call and returns how many; 0 when there is nothing to read,
  // -errno when the socket has an error to tell (another call goes on behind it). `most`: how many
  // at the most; for one, recvmsg is cheaper than recvmmsg, which looks for a second. REQUIRES:
  // first < kSlots, most > 0.
  int Receive(int fd, unsigned first = 0, unsigned most = kSlots) noexcept;
  // What the slot holds, as one piece. REQUIRES: `slot` was filled by the last Receive() that
  // covered it.
  Datagram At(unsigned slot) const noexcept { return Read(slot).first; }
  config::SocketAddress Source(unsigned slot) const noexcept;
  // Calls `take(datagram)` for each datagram that the slot holds, in order.
  template <class Take>
  void Each(unsigned slot, Take&& take) const noexcept {
    auto [datagram, segment] = Read(slot);
    if (segment == 0) return take(std::as_const(datagram));
    for (auto rest = datagram.bytes; !rest.empty(); rest = rest.subspan(datagram.bytes.size())) {
      datagram.bytes = rest.first(std::min(segment, rest.size()));
      take(std::as_const(datagram));
    }
  }

 private:
  static constexpr std::size_t kSlotBytes = 65536;
  // From slot to slot. At a power of two the first bytes of all slots would share a few lines of
  // the processor's caches; so 20 lines, a datagram of a full Ethernet frame, stay apart.
  static constexpr std::size_t kStride = kSlotBytes + 20 * std::size_t{64};
  static constexpr std::size_t kControlBytes =
      CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(int));

  // And the size of its segments; 0 for a datagram that came alone.
  std::pair<Datagram, std::size_t> Read(unsigned slot) const noexcept;

  std::uint8_t* SlotBytes(unsigned slot) const noexcept { return buffer_.get() + slot * kStride; }

  std::unique_ptr<std::uint8_t[]> buffer_;  // not cleared: untouched pages cost nothing
  unsigned used_ = 0;                       // headers from here on are as the kernel wants them
  std::array<mmsghdr, kSlots> headers_{};
  std::array<iovec, kSlots> vectors_{};
  std::array<sockaddr_storage, kSlots> sources_{};
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlBytes>, kSlots> controls_{};
};

}  // namespace stevedore::net
