#include "proxy/session/session_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace stevedore::session {
namespace {

TEST(SessionList, KeepsOrderThroughAnyRemoval) {
  std::vector<Links> links(64);
  const auto link = [&links](SessionIndex i) -> Links& { return links[i]; };
  SessionList list;
  std::vector<SessionIndex> model;
  std::mt19937 random(1);
  for (int step = 0; step < 20'000; ++step) {
    const SessionIndex i = random() % 64;
    const auto at = std::find(model.begin(), model.end(), i);
    if (at == model.end()) {
      list.PushBack(i, link);
      model.push_back(i);
    } else {
      list.Remove(i, link);
      model.erase(at);
    }
    std::vector<SessionIndex> forward;
    for (SessionIndex n = list.first; n != kNoSession; n = links[n].next) forward.push_back(n);
    std::vector<SessionIndex> backward;
    for (SessionIndex n = list.last; n != kNoSession; n = links[n].previous) backward.push_back(n);
    std::reverse(backward.begin(), backward.end());
    ASSERT_EQ(forward, model);
    ASSERT_EQ(backward, model);
  }
}

}  // namespace
}  // namespace stevedore::session
