#include "proxy/net/capabilities.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <thread>

namespace stevedore::net {
namespace {

constexpr std::uint32_t kBind = 1u << CAP_NET_BIND_SERVICE;
constexpr std::uint32_t kOther = 1u << CAP_CHOWN;

struct Sets {
  std::uint32_t effective, permitted;
};

// Capabilities belong to a thread: what a test drops, it drops for its own.
Sets AfterRaise(Sets before) {
  Sets after{};
  std::thread([&] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
    sets[0] = {before.effective, before.permitted, 0};
    EXPECT_EQ(::syscall(SYS_capset, &header, sets), 0);
    RaiseNetBindService();
    EXPECT_EQ(::syscall(SYS_capget, &header, sets), 0);
    after = {sets[0].effective, sets[0].permitted};
  }).join();
  return after;
}

TEST(RaiseNetBindService, RaisesWhatIsPermittedAndNothingElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to have capabilities to begin with";
  const struct {
    Sets before;
    std::uint32_t effective;
  } table[] = {{{0, 0}, 0},
               {{0, kBind}, kBind},
               {{0, kOther}, 0},
               {{0, kBind | kOther}, kBind},
               {{kOther, kBind | kOther}, kBind | kOther},
               {{kBind, kBind}, kBind}};
  for (const auto& row : table) {
    const Sets after = AfterRaise(row.before);
    EXPECT_EQ(after.effective, row.effective);
    EXPECT_EQ(after.permitted, row.before.permitted);
  }
}

}  // namespace
}  // namespace stevedore::net
