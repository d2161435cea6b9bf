#include "proxy/control/commands.h"

#include <cstdio>
#include <optional>

#include "proxy/base/file.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/limits.h"
#include "proxy/config/load.h"
#include "proxy/report/explain_request.h"

namespace stevedore::control {
namespace {

void Say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

// The valid config of the file; otherwise its errors were said.
std::optional<config::ValidConfig> LoadFile(const std::string& path) {
  const auto text = ReadFile(path, config::kMaxConfigBytes);
  if (!text) {
    Say(path.empty() ? "-c FILE is needed" : text.error().detail);
    return std::nullopt;
  }
  config::Loaded loaded = config::Load(*text);
  for (const config::FieldError& note : loaded.notes) Say("note: " + ToString(note));
  for (const config::FieldError& error : loaded.errors) Say(path + ": " + ToString(error));
  return std::move(loaded.config);
}

}  // namespace

int Check(const std::string& path) { return LoadFile(path) ? 0 : 1; }

int Dump(const std::string& path) {
  const auto config = LoadFile(path);
  if (!config) return 1;
  std::fputs(config::Encode(**config).c_str(), stdout);
  return 0;
}

int ExplainCommand(const std::string& path, const ExplainFlags& flags) {
  const auto config = LoadFile(path);
  if (!config) return 1;
  const auto request = report::ParseExplainRequest(flags.port, flags.hex, flags.client);
  if (!request) {
    Say("--" + request.error().detail);
    return 1;
  }
  const auto said = report::Explain(*config, *request);
  if (!said) {
    Say(said.error().detail);
    return 1;
  }
  std::fputs(said->c_str(), stdout);
  return 0;
}

}  // namespace stevedore::control
