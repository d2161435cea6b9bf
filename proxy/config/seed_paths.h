// SeedPaths: from a path of the native form to the ancestor's field that it came from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace stevedore::config {

class SeedPaths {
 public:
  // The ancestor keeps primaries and backups in one list: entry `seed_index` became
  // peers[native_index], or backupPeers[native_index].
  void AddPeer(std::size_t upstream, bool backup, std::size_t native_index, std::size_t seed_index);

  // "listeners[0].rules[2].match[0].value" -> "Upload.Routes[2].Value". A field that the ancestor
  // lacks gives the nearest object around it.
  std::string ToSeed(std::string_view native) const;

 private:
  using Indices = std::pair<std::size_t, std::size_t>;  // upstream, peer
  std::map<Indices, std::size_t> peers_;
  std::map<Indices, std::size_t> backup_peers_;
};

}  // namespace stevedore::config
