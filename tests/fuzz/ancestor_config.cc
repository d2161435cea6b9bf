// Fuzz target: the ancestor's config file.
// Property: a text in its form that is accepted is valid, has one listener, and is written in the
// native form as a text that loads to the same config and digest. What is refused is told by the
// ancestor's names and never by ours: whoever reads the error finds the field in his file.
#include "proxy/config/document.h"
#include "tests/fuzz/config_checks.h"

namespace stevedore::fuzz {
namespace {

// A path begins with a member of the ancestor's, or with one of the text that he does not have.
void RequireItsWords(const config::FieldErrors& findings) {
  for (const config::FieldError& finding : findings)
    for (const std::string_view ours : {"listeners[", "upstreams[", "hashSeed", "ownAddresses"})
      Require(
          !finding.path.starts_with(ours) || finding.message.find("unknown") != std::string::npos,
          "errors are told by the ancestor's names", config::ToString(finding));
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  const std::string_view text = fuzz::Text(data, size);
  const config::Document document = config::DecodeDocument(text);
  if (!document.seed) return 0;
  const config::Loaded loaded = config::Load(text);
  fuzz::RequireTold(loaded.errors, text);
  fuzz::RequireTold(loaded.notes, text);
  fuzz::RequireItsWords(loaded.errors);
  fuzz::RequireItsWords(loaded.notes);
  fuzz::Require(loaded.config.has_value() == loaded.errors.empty(), "a config, or errors");
  if (!loaded.config) return 0;
  fuzz::Require((*loaded.config)->listeners.size() == 1, "one listener");
  const config::ValidConfig native = fuzz::RequireRoundTrip(*loaded.config);
  fuzz::Require((*native).listeners.size() == 1, "one listener, written and read");
  return 0;
}
