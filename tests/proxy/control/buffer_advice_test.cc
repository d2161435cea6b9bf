#include "proxy/control/buffer_advice.h"

#include <gtest/gtest.h>

namespace stevedore::control {
namespace {

TEST(BufferAdvice, NothingWhenAllWasGranted) {
  BufferAdvice advice;
  EXPECT_FALSE(advice.For(8'388'608));
  EXPECT_FALSE(advice.For(16'777'216));
}

TEST(BufferAdvice, SaysOnceWhatWasGrantedAndWhatToDo) {
  BufferAdvice advice;
  EXPECT_EQ(advice.For(425'984),
            "Receive buffers are smaller than wanted: bursts may be lost granted_bytes=425984 "
            "wanted_bytes=8388608 advice=\"set net.core.rmem_max to 4194304 on the node\"");
  EXPECT_FALSE(advice.For(425'984));
}

}  // namespace
}  // namespace stevedore::control
