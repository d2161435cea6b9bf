// DirectorySource: objects from a directory of manifests, watched. The embedded default: no cluster
// is needed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "controller/source/manifests.h"
#include "controller/source/sink.h"
#include "proxy/base/directory_watch.h"
#include "proxy/base/result.h"
#include "proxy/base/unique_fd.h"

namespace stevedore::source {

// A file that does not parse, cannot be read or is empty (an editor is at work) keeps its last good
// objects; only its removal, or a good content without them, removes them.
// Thread: owns one; the sink and the callback are called from it, and from Start().
class DirectorySource {
 public:
  // Gets the problems of all files whenever they changed.
  using OnProblems = std::function<void(const std::vector<SourceProblem>&)>;

  // Delivers what is there, then watches. `sink` outlives the source. Errors: the directory cannot
  // be read or watched.
  static Result<std::unique_ptr<DirectorySource>> Start(std::string directory, Sink& sink,
                                                        OnProblems on_problems = {});
  // Stops the watch.
  ~DirectorySource();
  DirectorySource(const DirectorySource&) = delete;
  DirectorySource& operator=(const DirectorySource&) = delete;

  // The problems now. Thread: any.
  std::vector<SourceProblem> problems() const;

 private:
  struct File {
    std::optional<std::string> text;  // last seen; nothing when it could not be read
    Manifests good;                   // of the last text that parsed
    std::string problem;              // why `text` is not it; empty when it is
    bool seen = false;                // by the reload that is running
  };

  DirectorySource(std::string directory, Sink& sink, OnProblems on_problems, DirectoryWatch watch,
                  UniqueFd stop);
  void Run();
  bool WaitForQuiet();
  void Rewatch();
  Result<> Reload();
  bool ReadOne(const std::string& path);
  void Publish();

  const std::string directory_;
  Sink& sink_;
  const OnProblems on_problems_;
  DirectoryWatch watch_;
  UniqueFd stop_;  // eventfd: readable when the thread has to end
  std::map<std::string, File> files_;
  bool delivered_ = false;
  mutable std::mutex mutex_;
  std::vector<SourceProblem> problems_;
  std::thread thread_;
};

}  // namespace stevedore::source
