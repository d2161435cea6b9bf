// SessionList: a first-in first-out list threaded through the session table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proxy/session/session.h"

namespace stevedore::session {

// `link(i)` gives the Links of session i that this list uses. Thread: one. All operations O(1).
struct SessionList {
  SessionIndex first = kNoSession;
  SessionIndex last = kNoSession;

  template <class Link>
  void PushBack(SessionIndex index, Link link) noexcept {
    link(index) = {kNoSession, last};
    (last == kNoSession ? first : link(last).next) = index;
    last = index;
  }
  // REQUIRES: `index` is in this list.
  template <class Link>
  void Remove(SessionIndex index, Link link) noexcept {
    const Links links = link(index);
    (links.previous == kNoSession ? first : link(links.previous).next) = links.next;
    (links.next == kNoSession ? last : link(links.next).previous) = links.previous;
    link(index) = {};
  }
};

}  // namespace stevedore::session
