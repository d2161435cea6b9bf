#include "controller/convert/check.h"

#include <map>
#include <utility>

#include "controller/compile/compiler.h"
#include "controller/compile/report_text.h"
#include "controller/convert/route_yaml.h"
#include "controller/source/manifests.h"
#include "controller/store/store.h"
#include "proxy/config/limits.h"

namespace stevedore::convert {
namespace {

// As in a cluster that permits all that can be permitted.
compile::CompileOptions OptionsOf(const std::string& class_name) {
  compile::CompileOptions options;
  options.class_name = class_name;
  options.static_peers = *compile::ParseStaticPeers("any");
  options.max_listeners = config::kMaxListeners;
  return options;
}

source::Manifests ManifestsOf(const std::vector<Document>& documents,
                              const std::vector<std::string>& texts) {
  source::Manifests manifests;
  for (const std::string& text : texts)
    if (auto parsed = source::ParseManifests("", text)) source::Merge(manifests, *parsed);
  for (const Document& document : documents)
    if (document.kind == "Service" && document.api_version == "v1")
      manifests.objects[source::Kind::kService].push_back(
          {document.key, document.json.Dump(), document.file});
  return manifests;
}

std::string WithoutKey(const std::string& line, const kube::Key& key) {
  const std::string prefix = key.ToString() + ": ";
  return line.starts_with(prefix) ? line.substr(prefix.size()) : line;
}

bool IsUnknownService(const compile::RouteReport& report) {
  return report.resolved_refs.reason == api::Reason::kServiceNotFound;
}

}  // namespace

std::vector<std::string> CheckRoutes(const std::vector<Document>& documents,
                                     const std::string& class_name, Conversion& conversion) {
  std::vector<std::string> texts;
  for (Draft& draft : conversion.routes) {
    draft.spec.class_name = class_name;
    texts.push_back(ToYaml(draft));
  }
  store::Store store;
  source::Deliver(ManifestsOf(documents, texts), store);
  const compile::CompileOutput output = compile::Compile(*store.View(), OptionsOf(class_name));
  std::map<kube::Key, const compile::RouteReport*> reports;
  for (const compile::RouteReport& report : output.reports) reports[report.key] = &report;

  std::vector<Draft> good;
  std::vector<std::string> good_texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Draft& draft = conversion.routes[i];
    const auto found = reports.find(draft.key);
    const bool accepted = found != reports.end() && found->second->is_accepted();
    if (found == reports.end()) {
      conversion.losses.push_back(
          {draft.origin, "", "no route can be called " + draft.key.ToString()});
    } else if (!accepted || !IsUnknownService(*found->second)) {
      for (const std::string& line : compile::ProblemLines(*found->second)) {
        // Peers come later: they are not among the inputs. A conflict refuses in other words, too.
        if (line.find("PeersAvailable=") != std::string::npos) continue;
        if (!accepted && line.find("Conflicted=") != std::string::npos) continue;
        Finding finding{draft.origin, "", WithoutKey(line, draft.key)};
        if (!accepted)
          finding.text = "the route is not accepted, write it by hand: " + finding.text;
        (accepted ? conversion.notes : conversion.losses).push_back(std::move(finding));
      }
    }
    if (!accepted) continue;
    good.push_back(std::move(draft));
    good_texts.push_back(std::move(texts[i]));
  }
  conversion.routes = std::move(good);
  return good_texts;
}

}  // namespace stevedore::convert
