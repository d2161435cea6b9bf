// ClusterMode: objects of an API server in, statuses written back to it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/controller_options.h"
#include "controller/kube/credentials.h"
#include "controller/kube/rest_transport.h"
#include "controller/mode.h"
#include "controller/publish/status_writer.h"
#include "proxy/base/clock.h"

namespace stevedore {

class ClusterMode final : public Mode {
 public:
  // Finds the API server and the credentials; speaks to nobody yet. `environment` gives $POD_NAME
  // and $POD_NAMESPACE too. The clock outlives the mode. Errors: no usable credentials.
  static Result<std::unique_ptr<Mode>> Open(const ControllerOptions& options, const Clock& clock,
                                            const kube::Environment& environment);

  std::string controller_name() const override { return name_; }
  publish::StatusSink& statuses() override { return statuses_; }
  Result<> Start(source::Sink& sink) override;
  void Stop() override { source_.reset(); }
  std::vector<source::WatchReport> Watches() const override;

 private:
  ClusterMode(kube::ClusterAccess access, std::string name, const std::string& pod,
              std::vector<std::string> namespaces, const Clock& clock);

  const std::string name_;
  const std::vector<std::string> namespaces_;
  const Clock& clock_;
  kube::Credentials credentials_;
  kube::RestTransport transport_;
  publish::StatusWriter statuses_;
  std::unique_ptr<source::KubernetesSource> source_;
};

}  // namespace stevedore
