#include "controller/directory_mode.h"

#include <filesystem>
#include <system_error>

#include "proxy/base/log.h"

namespace stevedore {
namespace {

void TellProblems(const std::vector<source::SourceProblem>& problems) {
  for (const source::SourceProblem& problem : problems)
    spdlog::warn("Kept the last good objects of file={} error=\"{}\"", problem.file,
                 problem.message);
}

}  // namespace

DirectoryMode::DirectoryMode(const ControllerOptions& options)
    : directory_(options.directory),
      name_("local/" + options.compile.class_name),
      board_(options.status_dir) {}

Result<std::unique_ptr<Mode>> DirectoryMode::Open(const ControllerOptions& options) {
  if (!options.status_dir.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(options.status_dir, failed);
    if (failed)
      return Error{Errc::kInvalid, "--status-dir " + options.status_dir + ": " + failed.message()};
  }
  return std::unique_ptr<Mode>(new DirectoryMode(options));
}

Result<> DirectoryMode::Start(source::Sink& sink, std::function<void()>) {
  auto source = source::DirectorySource::Start(directory_, sink, TellProblems);
  if (!source) return source.error();
  source_ = std::move(*source);
  return Ok();
}

std::map<std::string, HttpEndpoint::Handler> DirectoryMode::Pages() {
  return {{"/status", [this](const std::string&) {
             return HttpReply{200, "application/json", board_.Page()};
           }}};
}

}  // namespace stevedore
