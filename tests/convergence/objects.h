// Random objects of a small world: few names, few ports, few addresses, so that they meet.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "controller/compile/compile_options.h"

namespace stevedore::convergence {

// Thread: one.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  // 0 to sides - 1.
  int Roll(int sides) { return std::uniform_int_distribution<int>(0, sides - 1)(engine_); }
  bool Chance(int percent) { return Roll(100) < percent; }
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(Roll(static_cast<int>(from.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

// Where a universe lives.
struct Place {
  std::string class_name;
  std::vector<std::string> namespaces;
};

// An object to be applied, or the place of one to be deleted.
struct Manifest {
  std::string path;  // of the API: "/api/v1/namespaces/a/services/s0"
  std::string json;
};

Manifest RandomRoute(Dice& dice, const Place& place);
Manifest RandomService(Dice& dice, const Place& place);
Manifest RandomSlice(Dice& dice, const Place& place);

// Flags under which some of the routes break each rule that a flag sets.
compile::CompileOptions OptionsFor(const Place& place);

}  // namespace stevedore::convergence
