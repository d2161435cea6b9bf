// DirectoryMode: manifests of a directory in, statuses to the log, to /status and to files. The
// embedded default: no cluster is needed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "controller/controller_options.h"
#include "controller/mode.h"
#include "controller/publish/status_board.h"
#include "controller/source/directory.h"

namespace stevedore {

class DirectoryMode final : public Mode {
 public:
  // Makes --status-dir when it is not there. Errors: it cannot be made.
  static Result<std::unique_ptr<Mode>> Open(const ControllerOptions& options);

  std::string controller_name() const override { return name_; }
  publish::StatusSink& statuses() override { return board_; }
  publish::Replicas& replicas() override { return replicas_; }
  Result<> Start(source::Sink& sink, std::function<void()> wake) override;
  void Stop() override { source_.reset(); }
  std::map<std::string, HttpEndpoint::Handler> Pages() override;

 private:
  explicit DirectoryMode(const ControllerOptions& options);

  const std::string directory_;
  const std::string name_;
  publish::StatusBoard board_;
  publish::OneReplica replicas_{{}};
  std::unique_ptr<source::DirectorySource> source_;
};

}  // namespace stevedore
