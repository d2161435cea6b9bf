// Mode: where objects come from and where statuses go: a cluster, or a directory of manifests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/publish/status_sink.h"
#include "controller/source/kubernetes.h"
#include "controller/source/sink.h"
#include "proxy/base/http_endpoint.h"
#include "proxy/base/result.h"

namespace stevedore {

// Thread: one owner; Watches() and the pages on any, once Start() was called.
class Mode {
 public:
  virtual ~Mode() = default;

  // "namespace/class": who writes the statuses.
  virtual std::string controller_name() const = 0;
  // Lives as long as the mode.
  virtual publish::StatusSink& statuses() = 0;

  // Begins to deliver to `sink`, which must outlive the mode, or its Stop(). REQUIRES: called once.
  virtual Result<> Start(source::Sink& sink) = 0;
  // Returns after the last call of the sink. May be called again, and without Start().
  virtual void Stop() = 0;

  // How its watches of an API server go; empty without one.
  virtual std::vector<source::WatchReport> Watches() const { return {}; }
  // What it has to show over HTTP, by path.
  virtual std::map<std::string, HttpEndpoint::Handler> Pages() { return {}; }
};

}  // namespace stevedore
