// Mode: where objects come from and where statuses go: a cluster, or a directory of manifests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/kube/metered_transport.h"
#include "controller/publish/event_outbox.h"
#include "controller/publish/port_publisher.h"
#include "controller/publish/replicas.h"
#include "controller/publish/status_sink.h"
#include "controller/source/kubernetes.h"
#include "controller/source/sink.h"
#include "proxy/base/http_endpoint.h"
#include "proxy/base/result.h"

namespace stevedore {

// What was said to the API server, and how it went.
struct ClientNumbers {
  kube::RequestNumbers requests;
  std::uint64_t statuses_written = 0;
  std::uint64_t statuses_failed = 0;
  std::uint64_t statuses_conflicted = 0;  // of objects that were changed or removed meanwhile
  publish::EventNumbers events;
};

// Of a replica that takes part in leader election.
struct Leadership {
  std::string name;  // of the Lease
  bool leads = false;
};

// Thread: one owner; what is told for metrics and the pages on any, once Start() was called.
class Mode {
 public:
  virtual ~Mode() = default;

  // "namespace/class": who writes the statuses.
  virtual std::string controller_name() const = 0;
  // Lives as long as the mode.
  virtual publish::StatusSink& statuses() = 0;
  // Likewise.
  virtual publish::Replicas& replicas() = 0;

  // Begins to deliver to `sink`, which must outlive the mode, or its Stop(). `wake` has the sync
  // loop take another turn, for news that are no objects; it is called on any thread, as long as
  // the mode lives. REQUIRES: called once.
  virtual Result<> Start(source::Sink& sink, std::function<void()> wake) = 0;
  // Returns after the last call of the sink. May be called again, and without Start().
  virtual void Stop() = 0;

  // Who publishes the listeners' ports; null where nobody does. Lives as long as the mode.
  virtual publish::PortPublisher* ports() { return nullptr; }

  // How its watches of an API server go; empty without one.
  virtual std::vector<source::WatchReport> Watches() const { return {}; }
  // Nothing without an API server.
  virtual std::optional<ClientNumbers> client() const { return {}; }
  // Nothing without leader election: then this replica writes, whatever others do.
  virtual std::optional<Leadership> leadership() const { return {}; }
  // Nothing where no Service is published.
  virtual std::optional<publish::PortNumbers> port_numbers() const { return {}; }
  // What it has to show over HTTP, by path.
  virtual std::map<std::string, HttpEndpoint::Handler> Pages() { return {}; }
};

}  // namespace stevedore
