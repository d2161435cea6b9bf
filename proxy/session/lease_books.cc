#include "proxy/session/lease_books.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace stevedore::session {
namespace {

config::SocketAddress WholeHost(config::SocketAddress address) noexcept {
  address.port = 0;
  return address;
}

}  // namespace

// Peers are the operator's, not the clients': the hash need not be keyed.
std::size_t LeaseBooks::AddressHash::operator()(
    const config::SocketAddress& address) const noexcept {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), address.ip.bytes.data(), sizeof words);
  const std::uint64_t mixed = (words[0] ^ words[1] ^ address.port) * 0x9e3779b97f4a7c15ull;
  return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

void LeaseBooks::BeginNaming() noexcept {
  for (LeaseBook& book : books_) book.named = false;
}

// Whether leases towards this address may be alive in another book: its host's, or one of its
// ports'.
bool LeaseBooks::Overlaps(const config::SocketAddress& address) const noexcept {
  if (address.port != 0) return by_address_.contains(WholeHost(address));
  return std::any_of(books_.begin(), books_.end(), [&address](const LeaseBook& book) {
    return book.in_use && book.address.ip == address.ip;
  });
}

void LeaseBooks::Name(const config::SocketAddress& address, std::uint32_t pool_size) {
  if (const auto found = Find(address)) {
    books_[*found].named = true;
    return;
  }
  auto index = static_cast<BookIndex>(books_.size());
  if (unused_.empty()) {
    books_.emplace_back();
  } else {
    index = unused_.back();
    unused_.pop_back();
  }
  LeaseBook& book = books_[index];
  book = LeaseBook(Overlaps(address) ? pool_size : 0);
  book.address = address;
  book.v4 = address.ip.is_v4();
  book.named = true;
  book.in_use = true;
  by_address_[address] = index;
}

void LeaseBooks::EndNaming(Tick now) {
  for (BookIndex index = 0; index < books_.size(); ++index) {
    LeaseBook& book = books_[index];
    if (!book.in_use || book.named || !book.Idle(now)) continue;
    by_address_.erase(book.address);
    book = LeaseBook();
    unused_.push_back(index);
  }
}

std::optional<BookIndex> LeaseBooks::Find(const config::SocketAddress& address) const noexcept {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return std::nullopt;
  return found->second;
}

SessionIndex LeaseBooks::Holder(bool v4, std::uint32_t slot,
                                const config::SocketAddress& source) const noexcept {
  for (const config::SocketAddress& address : {source, WholeHost(source)}) {
    const auto found = Find(address);
    if (!found || books_[*found].v4 != v4) continue;
    const SessionIndex holder = books_[*found].holder(slot);
    if (holder != kNoSession) return holder;
  }
  return kNoSession;
}

const SessionIndex* LeaseBooks::Place(bool v4, std::uint32_t slot,
                                      const config::SocketAddress& source) const noexcept {
  const auto found = Find(source);
  return found && books_[*found].v4 == v4 ? books_[*found].place(slot) : nullptr;
}

}  // namespace stevedore::session
