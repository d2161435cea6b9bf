// FetchList: one kind of resource in a whole list, page by page.
// Source: client-go tools/pager.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/kube/object_json.h"
#include "controller/kube/transport.h"

namespace stevedore::kube {

// What is listed and watched.
struct Resource {
  std::string name;  // for logs and metrics: "stevedoreroutes"
  std::string path;  // the collection: "/api/v1/services", or that of one namespace
  std::string label_selector;
  std::string field_selector{};  // "metadata.name=kcp"
};

// Why an exchange did not do what it should.
struct Failure {
  ApiStatus status;  // code 0: no answer, or one that makes no sense; `message` says why
  std::optional<std::chrono::seconds> retry_after{};
};

// A failure without a status.
Failure Senseless(const std::string& message);

struct Listing {
  std::vector<RawObject> objects;
  std::string resource_version;
  std::optional<Failure> failure;  // set: the rest is of no use
};

// A list gives up after this long, which is the server's own limit.
inline constexpr std::chrono::seconds kListTimeout{60};

// Lists at `resource_version`: "" the latest, "0" any that the server has at hand, else not older
// than that one. `paged` asks for 500 objects at a time; with a real version that would send the
// request past the server's cache to etcd. Ends soon once `stop` is requested.
Listing FetchList(Transport& transport, const Resource& resource,
                  const std::string& resource_version, bool paged, const std::stop_token& stop);

}  // namespace stevedore::kube
