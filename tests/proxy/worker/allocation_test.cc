// The packet path allocates nothing once its sessions are there: every operator new of the process
// is counted, those of the test's own thread apart.
#include <cstdlib>
#include <new>

#include "tests/proxy/worker/rig.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};
thread_local bool is_test_thread = false;

void* Allocate(std::size_t size) {
  if (counting.load(std::memory_order_relaxed) && !is_test_thread)
    allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace stevedore::worker {
namespace {

// Sends `count` datagrams, 50 at a time, and sees every one through and its answer back.
void Pump(const UniqueFd& client, const config::SocketAddress& to, const UniqueFd& peer,
          int count) {
  static const std::string kText(100, 'x');
  for (int done = 0; done < count; done += 50) {
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(SendTo(client.get(), to, kText));
    for (int i = 0; i < 50; ++i) {
      const auto request = ReceiveFrom(peer.get());
      ASSERT_TRUE(request);
      ASSERT_TRUE(SendTo(peer.get(), request->source, kText));
    }
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(ReceiveFrom(client.get()));
  }
}

TEST(Allocations, TheCounterSeesThoseOfOtherThreads) {
  is_test_thread = true;
  counting = true;
  const auto own = std::make_unique<int>(1);
  EXPECT_EQ(allocations.load(), 0u);
  std::thread([] { const auto other = std::make_unique<std::string>(100, 'x'); }).join();
  EXPECT_GE(allocations.load(), 2u);
  counting = false;
  allocations = 0;
}

TEST(Allocations, NoneInSteadyState) {
  is_test_thread = true;
  const UniqueFd client = BoundSocket(At("127.0.0.1:0"));
  const UniqueFd peer = BoundSocket(At("127.0.0.1:0"));
  config::ProxyConfig config;
  config.upstreams = {MakeUpstream("u", {PeerAt(peer)})};
  config.upstreams[0].algorithm = config::Algorithm::kConsistentHash;
  config.upstreams[0].hash_key = {config::KeySource::kPayload, 0, 4};
  config.upstreams[0].affinity = config::Affinity::kKey;
  config.listeners = {MakeListener("l", "0.0.0.0", "deny")};
  config.listeners[0].allow = {"127.0.0.0/8"};
  config.listeners[0].deny = {"127.9.0.0/16", "::/0"};
  config.listeners[0].rate_limit = config::SourceRate{1'000'000'000, std::nullopt};
  config.listeners[0].session.max_reply_ratio = 1000;
  config.listeners[0].rules = {{"r", {{0, 2, config::Operator::kEqual, "0x7878"}}, "u"}};
  Rig rig;
  rig.Load(config);
  const auto to = ListenerAddress(config.listeners[0], "127.0.0.1");
  ASSERT_NO_FATAL_FAILURE(Pump(client, to, peer, 1000));
  counting = true;
  Pump(client, to, peer, 100'000);
  counting = false;
  EXPECT_EQ(allocations.load(), 0u);
  EXPECT_TRUE(rig.Conserves(101'000));
}

}  // namespace
}  // namespace stevedore::worker
