// ClusterView: an immutable picture of all objects at one generation. What compile/ reads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/api/endpoint_slice.h"
#include "controller/api/endpoints.h"
#include "controller/api/service.h"
#include "controller/api/stevedore_route.h"
#include "controller/kube/object_meta.h"

namespace stevedore::store {

// An object as the store holds it: decoded once, shared by all views.
template <class T>
struct Stored {
  std::shared_ptr<const T> object;  // never null
  std::string origin;               // see source::Object
};

template <class T>
using Objects = std::map<kube::Key, Stored<T>>;

// Thread: immutable, hence any. Routes that could not be decoded are in it with their findings.
struct ClusterView {
  std::uint64_t generation = 0;
  // The generation at which more than statuses and versions last changed: a compile since then is
  // up to date.
  std::uint64_t content = 0;
  Objects<api::StevedoreRoute> routes;
  Objects<api::Service> services;
  Objects<api::EndpointSlice> slices;
  Objects<api::Endpoints> endpoints;
  // The slices of each Service, in the order of their names.
  std::map<kube::Key, std::vector<std::shared_ptr<const api::EndpointSlice>>> slices_of;
};

}  // namespace stevedore::store
