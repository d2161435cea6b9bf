// LeaseBooks: the lease books of all peers, by peer or by its whole address.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proxy/session/lease_book.h"

namespace stevedore::session {

// Position of a book; good while the book holds a lease, or a snapshot names its peer.
using BookIndex = std::uint32_t;

// Thread: one. Find() allocates nothing.
class LeaseBooks {
 public:
  // A new snapshot: Name() every peer's book between these two. Books that nobody names go when
  // they are idle.
  void BeginNaming() noexcept;
  // Makes the book of `address` (port 0: of every port there) unless there is one. `pool_size` is
  // the number of slots that its pool has: a book that begins while others hold leases towards the
  // same address keeps clear of them.
  void Name(const config::SocketAddress& address, std::uint32_t pool_size);
  void EndNaming(Tick now);

  std::optional<BookIndex> Find(const config::SocketAddress& address) const noexcept;
  // The session that holds `slot` of the pool of that family towards `source`, or towards its whole
  // address, or kNoSession.
  SessionIndex Holder(bool v4, std::uint32_t slot,
                      const config::SocketAddress& source) const noexcept;
  // Where Holder() probably looks, to be prefetched; nullptr when there is no such lease.
  const SessionIndex* Place(bool v4, std::uint32_t slot,
                            const config::SocketAddress& source) const noexcept;

  LeaseBook& operator[](BookIndex index) noexcept { return books_[index]; }
  const LeaseBook& operator[](BookIndex index) const noexcept { return books_[index]; }
  std::vector<LeaseBook>& all() noexcept { return books_; }

 private:
  struct AddressHash {
    std::size_t operator()(const config::SocketAddress& address) const noexcept;
  };
  struct SameAddress {
    bool operator()(const config::SocketAddress& a, const config::SocketAddress& b) const noexcept {
      return Same(a, b);
    }
  };
  bool Overlaps(const config::SocketAddress& address) const noexcept;

  std::vector<LeaseBook> books_;
  std::vector<BookIndex> unused_;
  std::unordered_map<config::SocketAddress, BookIndex, AddressHash, SameAddress> by_address_;
};

}  // namespace stevedore::session
