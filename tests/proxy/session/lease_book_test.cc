#include "proxy/session/lease_book.h"

#include <gtest/gtest.h>

#include <deque>

namespace stevedore::session {
namespace {

using Slot = std::optional<std::uint32_t>;

TEST(Ring, IsFirstInFirstOutWhileItGrows) {
  Ring<int> ring;
  std::deque<int> model;
  int next = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < round % 7 + 1; ++i) ring.push(next), model.push_back(next++);
    for (int i = 0; i < round % 5 && !model.empty(); ++i) {
      ASSERT_EQ(ring.front(), model.front());
      ring.pop(), model.pop_front();
    }
    ASSERT_EQ(ring.size(), model.size());
  }
  EXPECT_FALSE(ring.empty());
}

TEST(LeaseBook, FreshSlotsAscendUpToTheLimit) {
  LeaseBook book;
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    ASSERT_EQ(book.Take(100, 3), slot);
    book.Hold(slot, 70 + slot);
    EXPECT_EQ(book.holder(slot), 70 + slot);
  }
  EXPECT_EQ(book.Take(100, 3), std::nullopt);
  EXPECT_EQ(book.held(), 3u);
  EXPECT_EQ(book.holder(3), kNoSession);
}

TEST(LeaseBook, ASlotRestsForItsTime) {
  LeaseBook book;
  book.Hold(*book.Take(100, 1), 5);
  book.Release(0, 110, true);
  EXPECT_EQ(book.held(), 0u);
  EXPECT_EQ(book.holder(0), kNoSession);
  EXPECT_EQ(book.Take(109, 1), std::nullopt) << "never early";
  ASSERT_EQ(book.Take(110, 1), Slot{0});
  book.Hold(0, 6);
  book.Release(0, 700, false);
  EXPECT_EQ(book.Take(699, 1), std::nullopt);
  EXPECT_EQ(book.Take(700, 1), Slot{0});
}

TEST(LeaseBook, ALongRestDoesNotHoldUpAShortOne) {
  LeaseBook book;
  for (int i = 0; i < 2; ++i) book.Hold(*book.Take(100, 2), 5);
  book.Release(0, 700, false);
  book.Release(1, 110, true);
  EXPECT_EQ(book.Take(110, 2), Slot{1});
  EXPECT_EQ(book.Take(699, 2), std::nullopt);
  EXPECT_EQ(book.Take(700, 2), Slot{0});
}

TEST(LeaseBook, WhatIsGivenBackIsFreeAtOnce) {
  LeaseBook book;
  ASSERT_EQ(book.Take(100, 1), Slot{0});
  book.GiveBack(0, 100);
  EXPECT_EQ(book.held(), 0u);
  EXPECT_EQ(book.Take(100, 1), Slot{0});
}

TEST(LeaseBook, TheOldestRestIsTakenFirst) {
  LeaseBook book;
  for (int i = 0; i < 3; ++i) book.Hold(*book.Take(100, 3), 5);
  for (const std::uint32_t slot : {2u, 0u, 1u}) book.Release(slot, 200 + slot, false);
  EXPECT_EQ(book.Take(1000, 3), Slot{2});
  EXPECT_EQ(book.Take(1000, 3), Slot{0});
  EXPECT_EQ(book.Take(1000, 3), Slot{1});
}

}  // namespace
}  // namespace stevedore::session
