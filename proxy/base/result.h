// Result<T>: a value or an Error. The project's errors are values; exceptions stop where
// third-party code meets ours. Spelled like C++23's std::expected, so that it can become one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace stevedore {

// What a caller may branch on; everything else is in `detail`.
enum class Errc {
  kInvalid,      // the input is wrong: telling the user is all that helps
  kNotFound,     // the named thing does not exist
  kConflict,     // somebody else holds it, or changed it first
  kDenied,       // not permitted
  kUnavailable,  // may work later
  kInternal,     // our own bug, or the system failed
};

// `detail` is a sentence for a person: what failed, with which value, and what would be right.
struct Error {
  Errc code = Errc::kInternal;
  std::string detail;
};

// A T or an Error. Dropping one is a warning, hence an error in this build.
// Thread: as T. REQUIRES for * and ->: it holds a value; for error(): it does not.
template <class T = std::monostate>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit, as std::expected
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  const Error& error() const noexcept { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

// Success of a function that returns nothing else.
inline Result<> Ok() { return Result<>(std::monostate{}); }

}  // namespace stevedore
