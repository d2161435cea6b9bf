#include "proxy/session/lease_books.h"

#include <gtest/gtest.h>

namespace stevedore::session {
namespace {

const config::SocketAddress kTftp{config::IpAddress::V4(0x0a000001), 69};
const config::SocketAddress kOther{config::IpAddress::V4(0x0a000001), 5000};
const config::SocketAddress kHost{config::IpAddress::V4(0x0a000001), 0};

class LeaseBooksTest : public testing::Test {
 protected:
  void Name(std::initializer_list<config::SocketAddress> addresses, Tick now = 0) {
    books_.BeginNaming();
    for (const auto& address : addresses) books_.Name(address, kPoolSize);
    books_.EndNaming(now);
  }
  std::uint32_t Hold(const config::SocketAddress& address, SessionIndex session) {
    LeaseBook& book = books_[*books_.Find(address)];
    const auto slot = book.Take(0, 100);
    book.Hold(*slot, session);
    return *slot;
  }

  static constexpr std::uint32_t kPoolSize = 7;
  LeaseBooks books_;
};

TEST_F(LeaseBooksTest, ABookOfOnePortHearsThatPortAlone) {
  Name({kTftp});
  const std::uint32_t slot = Hold(kTftp, 5);
  EXPECT_EQ(slot, 0u);
  EXPECT_EQ(books_.Holder(true, slot, kTftp), 5u);
  EXPECT_EQ(books_.Holder(true, slot, kOther), kNoSession);
  EXPECT_EQ(books_.Holder(false, slot, kTftp), kNoSession) << "the other family's pool";
  EXPECT_EQ(books_.Holder(true, slot + 1, kTftp), kNoSession);
}

TEST_F(LeaseBooksTest, ABookOfAHostHearsEveryPort) {
  Name({kHost});
  const std::uint32_t slot = Hold(kHost, 5);
  EXPECT_EQ(books_.Holder(true, slot, kTftp), 5u);
  EXPECT_EQ(books_.Holder(true, slot, kOther), 5u);
}

TEST_F(LeaseBooksTest, ABookThatBeginsBesideOthersKeepsClearOfTheirSlots) {
  Name({kTftp});
  EXPECT_LT(Hold(kTftp, 5), kPoolSize);
  Name({kHost});
  EXPECT_GE(Hold(kHost, 6), kPoolSize);
  EXPECT_EQ(books_.Holder(true, 0, kTftp), 5u) << "the old conversation still gets its replies";
  Name({kOther});
  EXPECT_GE(Hold(kOther, 7), kPoolSize) << "and the other way round";
}

TEST_F(LeaseBooksTest, BooksGoWhenNobodyNamesThemAndAllRestIsOver) {
  Name({kTftp});
  const std::uint32_t slot = Hold(kTftp, 5);
  Name({});
  ASSERT_TRUE(books_.Find(kTftp)) << "a lease is held";
  books_[*books_.Find(kTftp)].Release(slot, 600, false);
  Name({}, 599);
  ASSERT_TRUE(books_.Find(kTftp)) << "a lease rests";
  Name({}, 600);
  EXPECT_FALSE(books_.Find(kTftp));
  Name({kTftp, kOther});
  EXPECT_EQ(books_.all().size(), 2u) << "the place is used again";
}

}  // namespace
}  // namespace stevedore::session
