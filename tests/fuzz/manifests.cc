// Fuzz target: manifests, as the directory source and `compile -f` read them.
// Property: each object of a text that is read is the same object, byte for byte, when its JSON is
// read as a manifest of its own; a second file with the same objects adds none and says so for
// each; what is handed to the store is what the view holds, no object more or less. A text that is
// refused gives no object and names a line.
#include "controller/source/manifests.h"

#include <set>

#include "controller/store/store.h"
#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {
namespace {

using source::Kind;
using source::Manifests;

// YAML takes keys of up to 1 024 characters (YAML 1.2, 7.4: implicit keys); JSON takes any.
bool HasKeyTooLongForYaml(const std::string& json) {
  for (std::size_t at = 0; (at = json.find('"', at)) != std::string::npos;) {
    std::size_t end = at + 1;
    while (json[end] != '"') end += json[end] == '\\' ? 2 : 1;
    if (json[end + 1] == ':' && end - at >= 1'000) return true;
    at = end + 1;
  }
  return false;
}

void RequireFixedPoint(Kind kind, const source::Object& object) {
  if (HasKeyTooLongForYaml(object.json)) return;
  const auto again = source::ParseManifests("again", object.json);
  Require(static_cast<bool>(again), "an object's JSON is a manifest",
          again ? "" : again.error().detail + "\n" + object.json);
  Require(again->problems.empty(), "and has no problems", object.json);
  const auto found = again->objects.find(kind);
  Require(again->objects.size() == 1 && found != again->objects.end() && found->second.size() == 1,
          "it is one object of its kind", object.json);
  Require(found->second[0].key == object.key, "of the same name", object.json);
  Require(found->second[0].json == object.json, "and of the same content", object.json);
}

std::size_t Count(const Manifests& manifests) {
  std::size_t count = 0;
  for (const auto& [kind, objects] : manifests.objects) count += objects.size();
  return count;
}

void RequireStored(const Manifests& manifests) {
  store::Store store;
  source::Deliver(manifests, store);
  Require(store.Synced(), "a directory's objects are all there is");
  std::map<Kind, std::set<kube::Key>> expected;
  for (const auto& [kind, objects] : manifests.objects)
    for (const source::Object& object : objects) expected[kind].insert(object.key);
  const auto view = store.View();
  const auto require = [&](Kind kind, const auto& objects) {
    std::set<kube::Key> keys;
    for (const auto& [key, stored] : objects) keys.insert(key);
    Require(keys == expected[kind], "the view holds what was delivered");
  };
  require(Kind::kRoute, view->routes);
  require(Kind::kService, view->services);
  require(Kind::kEndpointSlice, view->slices);
  require(Kind::kEndpoints, view->endpoints);
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  using namespace stevedore::fuzz;
  const std::string_view text = Text(data, size);
  const auto parsed = source::ParseManifests("a.yaml", text);
  if (!parsed) {
    Require(parsed.error().detail.starts_with("line "), "a refusal names a line",
            parsed.error().detail);
    return 0;
  }
  for (const auto& [kind, objects] : parsed->objects)
    for (const source::Object& object : objects) RequireFixedPoint(kind, object);

  Manifests merged;
  source::Merge(merged, *parsed);
  const std::size_t count = Count(merged);
  const std::size_t problems = merged.problems.size();
  Require(count + problems == Count(*parsed) + parsed->problems.size(),
          "an object is taken, or a problem says why not");
  source::Merge(merged, *parsed);
  Require(Count(merged) == count, "the same objects in a second file add none");
  Require(merged.problems.size() == problems + Count(*parsed) + parsed->problems.size(),
          "and each of them is told");
  RequireStored(merged);
  return 0;
}
