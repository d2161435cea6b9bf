// CrdRemover: deletes a CRD, and with it every object that it defines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "controller/publish/crd_client.h"

namespace stevedore::publish {

// What is newer than ours, or not Stevedore's, belongs to somebody who still uses it: it stays.
// Thread: one. Lifetime: the transport outlives it.
class CrdRemover {
 public:
  CrdRemover(kube::Transport& transport, api::Crd ours)
      : client_(transport), ours_(std::move(ours)) {}

  // One look at the cluster and what follows from it. Success: it is gone, or stays.
  // Errors: kUnavailable and kConflict, call again in a moment; else those of CrdClient.
  Result<> Step();

 private:
  CrdClient client_;
  const api::Crd ours_;
  bool deleted_ = false;
};

}  // namespace stevedore::publish
