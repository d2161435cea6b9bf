// One fault of each kind that a sanitizer has to report, for test_sanitizers.py: planted NAME.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

volatile int sink;
int* volatile escaped;

void HeapOverflow() {
  const std::vector<int> values(4);
  const volatile std::size_t behind = 4;
  sink = values.data()[behind];
}

void UseAfterFree() {
  auto value = std::make_unique<int>(1);
  int* volatile gone = value.get();
  value.reset();
  sink = *gone;
}

__attribute__((noinline)) void LetEscape() {
  int local = 1;
  escaped = &local;
  sink = *escaped;
}

void UseAfterReturn() {
  LetEscape();
  sink = *escaped;
}

void Leak() {
  escaped = static_cast<int*>(std::malloc(64));
  sink = *escaped = 1;
  escaped = nullptr;
}

void SignedOverflow() {
  volatile int most = std::numeric_limits<int>::max();
  sink = most + 1;
}

void DataRace() {
  int shared = 0;
  const auto add = [&shared] {
    for (int i = 0; i < 100'000; ++i) shared = shared + i % 2;
  };
  std::thread other(add);
  add();
  other.join();
  sink = shared;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::function<void()>> faults = {{"heap-overflow", HeapOverflow},
                                                               {"use-after-free", UseAfterFree},
                                                               {"use-after-return", UseAfterReturn},
                                                               {"leak", Leak},
                                                               {"signed-overflow", SignedOverflow},
                                                               {"data-race", DataRace},
                                                               {"none", [] {}}};
  const auto fault = faults.find(argc == 2 ? argv[1] : "");
  if (fault == faults.end()) return 2;
  std::puts("planting");
  std::fflush(stdout);
  fault->second();
  return 0;
}
