// CrdClient: reads and writes one CustomResourceDefinition.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "controller/api/crd.h"
#include "controller/kube/transport.h"
#include "proxy/base/result.h"

namespace stevedore::publish {

// Who owns the fields that we apply.
inline constexpr const char* kCrdFieldManager = "stevedore-crd";

// Thread: one. Lifetime: the transport outlives it.
// Errors of all calls: kDenied, 401 or 403, with the rights that are needed; kConflict, it is
// another one than the call was made for; kUnavailable, no answer, 429 or 5xx; kInvalid, whatever
// else the server says against it.
class CrdClient {
 public:
  explicit CrdClient(kube::Transport& transport) : transport_(transport) {}

  // Nothing when there is none.
  Result<std::optional<api::Crd>> Get(const std::string& name);

  enum class Apply { kForReal, kDryRun };
  // Applies the CRD `json` of this name over the state `live` (null: there is none), taking fields
  // from whoever owns them. Returns it as it is then, or would be.
  Result<api::Crd> Put(const std::string& name, const std::string& json, const api::Crd* live,
                       Apply apply);

  // Deletes this very state, and every object that it defines.
  Result<> Delete(const api::Crd& live);

 private:
  // `rights` are verbs, for the message of a refusal.
  Result<kube::Response> Do(const kube::Request& request, const std::string& name,
                            const std::string& rights);

  kube::Transport& transport_;
};

}  // namespace stevedore::publish
