#include "proxy/base/local_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <string>

namespace stevedore {

Result<std::vector<std::array<std::uint8_t, 16>>> LocalAddresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0)
    return Error{Errc::kUnavailable, std::string("getifaddrs: ") + std::strerror(errno)};
  std::set<std::array<std::uint8_t, 16>> addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    std::array<std::uint8_t, 16> bytes{};
    if (entry->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
      bytes[10] = bytes[11] = 0xff;
      std::memcpy(bytes.data() + 12, &v4->sin_addr, 4);
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
      std::memcpy(bytes.data(), &v6->sin6_addr, 16);
    } else {
      continue;
    }
    addresses.insert(bytes);
  }
  ::freeifaddrs(list);
  return std::vector(addresses.begin(), addresses.end());
}

}  // namespace stevedore
