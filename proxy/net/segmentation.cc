#include "proxy/net/segmentation.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <numeric>

#include "proxy/base/unique_fd.h"

namespace stevedore::net {
namespace {

constexpr std::array<std::size_t, 4> kSizes = {100, 100, 100, 40};
constexpr int kPatienceMs = 100;

// The first numbers of "7.1.2-generic"; those that are missing are 0.
std::array<int, 3> NumbersOf(std::string_view release) noexcept {
  std::array<int, 3> numbers{};
  for (int& number : numbers) {
    const auto read = std::from_chars(release.data(), release.data() + release.size(), number);
    release.remove_prefix(static_cast<std::size_t>(read.ptr - release.data()));
    if (!release.starts_with('.')) break;
    release.remove_prefix(1);
  }
  return numbers;
}

// A socket on loopback that is connected to itself.
UniqueFd Mirror() noexcept {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (!fd || ::bind(fd.get(), any, length) != 0 || ::getsockname(fd.get(), any, &length) != 0 ||
      ::connect(fd.get(), any, length) != 0)
    fd.reset();
  return fd;
}

}  // namespace

bool KernelMangles(std::string_view release) noexcept {
  const std::array<int, 3> numbers = NumbersOf(release);
  return numbers >= std::array{7, 0, 0} && numbers <= std::array{7, 1, 4};
}

bool SegmentsArrive() noexcept {
  const UniqueFd fd = Mirror();
  const int segment = static_cast<int>(kSizes[0]);
  if (!fd || ::setsockopt(fd.get(), SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0)
    return false;
  std::array<std::uint8_t, 340> sent;
  std::iota(sent.begin(), sent.end(), std::uint8_t{0});
  if (::send(fd.get(), sent.data(), sent.size(), 0) != static_cast<ssize_t>(sent.size()))
    return false;
  const std::uint8_t* expected = sent.data();
  for (const std::size_t size : kSizes) {
    pollfd wait{fd.get(), POLLIN, 0};
    std::array<std::uint8_t, 512> received;
    if (::poll(&wait, 1, kPatienceMs) != 1 ||
        ::recv(fd.get(), received.data(), received.size(), 0) != static_cast<ssize_t>(size) ||
        !std::equal(expected, expected + size, received.data()))
      return false;
    expected += size;
  }
  return true;
}

std::string WhyNoSegments() {
  utsname system{};
  if (::uname(&system) == 0 && KernelMangles(system.release))
    return std::string("Linux ") + system.release + " mangles them with some drivers";
  return SegmentsArrive() ? "" : "the kernel does not deliver them";
}

}  // namespace stevedore::net
