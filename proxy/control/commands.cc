#include "proxy/control/commands.h"

#include <cstdio>
#include <optional>

#include "proxy/base/file.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/limits.h"
#include "proxy/config/load.h"
#include "proxy/control/explain.h"

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
  const auto payload =
      config::ParseValue(flags.hex.starts_with("0x") ? flags.hex : "0x" + flags.hex);
  if (!payload) {
    Say("--hex \"" + flags.hex + "\": must be pairs of hex digits");
    return 1;
  }
  const auto client = config::SocketAddress::Parse(flags.client);
  if (!client) {
    Say("--client \"" + flags.client + "\": must be ADDR:PORT");
    return 1;
  }
  const auto said = Explain(*config, {flags.port, *payload, *client});
  if (!said) {
    Say(said.error().detail);
    return 1;
  }
  std::fputs(said->c_str(), stdout);
  return 0;
}

}  // namespace stevedore::control
