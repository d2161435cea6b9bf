// Fuzz target: what `stevedore-controller convert` reads: manifests of other programs, command
// lines and the ancestor's file.
// Property: the routes that it prints are manifests that are read without a problem, decode without
// a finding and compile, each of them accepted, to a config that the proxy takes. Nothing is lost
// in silence: without routes it says why, with exit 0 nothing was left out, and with exit 1 nothing
// is printed. The same input gives the same output.
#include "controller/convert/convert.h"

#include "controller/source/manifests.h"
#include "tests/fuzz/compile_checks.h"

namespace stevedore::fuzz {
namespace {

void RequireAccepted(const std::string& routes) {
  const auto manifests = source::ParseManifests("out", routes);
  Require(static_cast<bool>(manifests), "what is printed is YAML",
          manifests ? "" : manifests.error().detail + "\n" + routes);
  Require(manifests->problems.empty(), "without problems", routes);
  std::vector<Given> objects;
  for (const auto& [kind, of_kind] : manifests->objects) {
    Require(kind == source::Kind::kRoute, "routes are printed, and nothing else", routes);
    for (const source::Object& object : of_kind) {
      const api::StevedoreRoute route = api::DecodeRoute(object.json);
      Require(route.findings == api::Findings{}, "a route that is printed has no findings", routes);
      objects.push_back({kind, object});
    }
  }
  compile::CompileOptions options;
  options.static_peers = *compile::ParseStaticPeers("any");
  const auto output = RequireCompiles(objects, options);
  Require(output.reports.size() == objects.size(), "every route is of the class");
  for (const compile::RouteReport& report : output.reports)
    Require(report.is_accepted(), "every route is accepted",
            report.accepted.message + "\n" + routes);
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  using namespace stevedore::fuzz;
  const std::vector<convert::Input> inputs = {{"in.yaml", std::string(Text(data, size))}};
  convert::ConvertOptions options;
  options.entry_points = {"udp-port=5353", "dns=53"};
  const convert::ConvertOutput output = convert::Convert(inputs, options);
  const convert::ConvertOutput again = convert::Convert(inputs, options);
  Require(output.routes == again.routes && output.lines == again.lines, "the same again");
  Require(!output.routes.empty() || !output.lines.empty(), "nothing is lost in silence");
  for (const std::string& line : output.lines)
    Require(IsPlain(line), "lines hold no control characters", line);
  const auto notes = std::count_if(output.lines.begin(), output.lines.end(),
                                   [](const auto& line) { return line.starts_with("note: "); });
  const bool only_notes = notes == static_cast<std::ptrdiff_t>(output.lines.size());
  Require(output.exit != convert::kBadInput || output.routes.empty(), "exit 1 prints no route");
  Require(output.exit != convert::kCarriedOver || only_notes, "exit 0 left nothing out");
  if (!output.routes.empty()) RequireAccepted(output.routes);
  return 0;
}
