// Fuzz target: the bytes of a watch.
// Property: any split of the bytes into chunks gives the same events in the same order and the same
// error as the whole at once; an event that names an object names it by name and version, and is
// the event that its line gives alone. A line that is too long is refused wherever it is cut.
#include <array>
#include <optional>

#include "controller/kube/watch_parser.h"
#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {
namespace {

constexpr std::size_t kMaxLine = 512;

struct Outcome {
  std::vector<kube::WatchEvent> events;
  std::optional<std::string> error;
};

// Chunk lengths come from `cuts`, over and over; without any, the whole is one chunk.
Outcome Feed(std::string_view bytes, std::span<const std::uint8_t> cuts) {
  Outcome outcome;
  kube::WatchParser parser(kMaxLine);
  for (std::size_t i = 0; !bytes.empty() && !outcome.error; ++i) {
    const std::size_t wanted = cuts.empty() ? bytes.size() : std::size_t{cuts[i % cuts.size()]} + 1;
    // A copy of its own, so that a byte read beyond it is seen.
    const std::string chunk(bytes.substr(0, wanted));
    bytes.remove_prefix(chunk.size());
    const auto fed = parser.Feed(chunk, outcome.events);
    if (!fed) outcome.error = fed.error().detail;
  }
  return outcome;
}

bool Same(const kube::WatchEvent& a, const kube::WatchEvent& b) {
  return a.type == b.type && a.type_text == b.type_text && a.object.key == b.object.key &&
         a.object.json == b.object.json && a.resource_version == b.resource_version &&
         a.initial_events_end == b.initial_events_end && a.status.code == b.status.code &&
         a.status.reason == b.status.reason && a.status.message == b.status.message &&
         a.status.resource_version_too_large == b.status.resource_version_too_large;
}

void RequireSame(const Outcome& a, const Outcome& b) {
  Require(a.error == b.error, "the split does not matter for the error",
          a.error.value_or("none") + " / " + b.error.value_or("none"));
  Require(a.events.size() == b.events.size(), "the split does not matter for how many events");
  for (std::size_t i = 0; i < a.events.size(); ++i)
    Require(Same(a.events[i], b.events[i]), "the split does not matter for an event");
}

// What the whole gives must be what its lines give, one by one.
void RequireLines(std::string_view bytes, const Outcome& outcome) {
  std::size_t events = 0;
  while (bytes.find('\n') != std::string_view::npos) {
    const std::string line(bytes.substr(0, bytes.find('\n')));
    bytes.remove_prefix(line.size() + 1);
    if (line.size() > kMaxLine) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto event = kube::ParseWatchEvent(line);
    if (!event) break;
    Require(events < outcome.events.size(), "every line that is an event gives one", line);
    Require(Same(outcome.events[events++], *event), "an event is that of its line alone", line);
  }
  Require(events == outcome.events.size(), "no event without a line");
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  using namespace stevedore::fuzz;
  Choices choices(data, size);
  const auto cuts = choices.Take(choices.Below(8));
  const std::size_t used = std::min(size, cuts.size() + 1);
  const std::string_view bytes = Text(data + used, size - used);
  const Outcome whole = Feed(bytes, {});
  RequireSame(whole, Feed(bytes, cuts));
  RequireSame(whole, Feed(bytes, std::array<std::uint8_t, 1>{0}));
  RequireLines(bytes, whole);
  using Type = kube::WatchEvent::Type;
  for (const kube::WatchEvent& event : whole.events) {
    const bool of_object =
        event.type == Type::kAdded || event.type == Type::kModified || event.type == Type::kDeleted;
    Require(!of_object || (!event.object.key.name.empty() && !event.resource_version.empty()),
            "an object's event names it and its version");
  }
  return 0;
}
