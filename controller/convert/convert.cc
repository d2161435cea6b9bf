#include "controller/convert/convert.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "controller/convert/ancestor.h"
#include "controller/convert/check.h"
#include "controller/convert/ingress_nginx.h"
#include "controller/convert/settle.h"
#include "controller/convert/traefik.h"
#include "controller/convert/transport_server.h"
#include "proxy/base/file.h"

namespace stevedore::convert {
namespace {

bool Wanted(const ConvertOptions& options, std::string_view source) {
  return options.from.empty() || options.from == source;
}

NamedPorts GivenPorts(const ConvertOptions& options, Conversion& into) {
  NamedPorts ports;
  for (const std::string& text : options.entry_points) {
    auto parsed = ParseEntryPoint(text);
    if (parsed)
      ports.insert(std::move(*parsed));
    else
      into.errors.push_back({{}, "", parsed.error().detail});
  }
  return ports;
}

void CheckOptions(const ConvertOptions& options, Conversion& into) {
  const bool known =
      std::find(std::begin(kSources), std::end(kSources), options.from) != std::end(kSources);
  if (!known && !options.from.empty())
    into.errors.push_back({{},
                           "",
                           "--from \"" + options.from +
                               "\": must be ingress-nginx, nginx-transportserver, traefik "
                               "or ancestor"});
  for (const auto& [flag, value] :
       {std::pair{"--namespace", &options.default_ns}, std::pair{"--class", &options.class_name}})
    if (value->size() > 63 || !api::IsLabel(*value))
      into.errors.push_back({{},
                             "",
                             std::string(flag) + " \"" + *value +
                                 "\": must be lower case letters, digits and inner hyphens, "
                                 "at most 63"});
}

// What no reader took in. Services are there to be looked at.
void LoseTheRest(const std::vector<Document>& documents, Conversion& into) {
  for (const Document& document : documents)
    if (!document.used && document.kind != "Service")
      into.losses.push_back({document.place(), "",
                             document.kind.empty()
                                 ? "no object that convert knows: say --from if it is one"
                                 : "no UDP configuration that convert knows: it is left as it is"});
}

std::vector<Document> ReadAll(const std::vector<Input>& inputs, const ConvertOptions& options,
                              Conversion& into) {
  std::vector<Document> documents;
  std::vector<Input> arguments;
  for (const Input& input : inputs) {
    const Form form = options.from == "ancestor" ? Form::kAncestor : FormOf(input);
    if (form == Form::kAncestor && Wanted(options, "ancestor")) {
      ReadAncestor(input, options.default_ns, into);
    } else if (form == Form::kArguments) {
      arguments.push_back(input);
    } else if (input.file.ends_with(".toml")) {
      into.errors.push_back({{input.file, "", ""},
                             "",
                             "TOML is not read: write the same as YAML, or say --entry-point "
                             "NAME=PORT for each UDP entry point"});
    } else {
      for (Document& document : ParseDocuments(input, options.default_ns, into))
        documents.push_back(std::move(document));
    }
  }
  const NamedPorts ports = GivenPorts(options, into);
  if (Wanted(options, "ingress-nginx"))
    ReadIngressNginx(documents, options.from == "ingress-nginx", into);
  if (Wanted(options, "nginx-transportserver")) ReadTransportServers(documents, ports, into);
  if (Wanted(options, "traefik")) ReadTraefik(documents, arguments, ports, into);
  LoseTheRest(documents, into);
  return documents;
}

// Findings in the order of the inputs that they are about; those about none come last.
void SortByInput(std::vector<Finding>& findings, const std::vector<Input>& inputs) {
  const auto position = [&](const Finding& finding) {
    return std::find_if(inputs.begin(), inputs.end(), [&](const Input& input) {
      return finding.place.file.starts_with(input.file);
    });
  };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const Finding& a, const Finding& b) { return position(a) < position(b); });
}

ConvertOutput Failed(const Conversion& conversion) {
  ConvertOutput output;
  output.exit = kBadInput;
  for (const Finding& error : conversion.errors)
    output.lines.push_back("error: " + ToString(error));
  return output;
}

}  // namespace

ConvertOutput Convert(const std::vector<Input>& inputs, const ConvertOptions& options) {
  Conversion conversion;
  CheckOptions(options, conversion);
  if (!conversion.errors.empty()) return Failed(conversion);
  const std::vector<Document> documents = ReadAll(inputs, options, conversion);
  if (conversion.errors.empty() && conversion.routes.empty() && conversion.losses.empty())
    conversion.errors.push_back(
        {{},
         "",
         "nothing to convert: no UDP configuration of ingress-nginx, NGINX Ingress "
         "Controller, Traefik or the ancestor is in the input"});
  if (!conversion.errors.empty()) return Failed(conversion);
  Settle(conversion);
  const std::vector<std::string> texts = CheckRoutes(documents, options.class_name, conversion);
  SortByInput(conversion.losses, inputs);
  ConvertOutput output;
  for (const std::string& text : texts)
    output.routes += (output.routes.empty() ? "" : "---\n") + text;
  for (const Finding& loss : conversion.losses) output.lines.push_back(ToString(loss));
  for (const Finding& note : conversion.notes) output.lines.push_back("note: " + ToString(note));
  if (!conversion.losses.empty()) output.exit = kLeftOut;
  return output;
}

int RunConvert(const ConvertOptions& options) {
  std::vector<Input> inputs;
  for (const std::string& file : options.files) {
    if (file == "-") {
      inputs.push_back({"stdin", std::string(std::istreambuf_iterator<char>(std::cin), {})});
      continue;
    }
    auto text = ReadFile(file);
    if (!text) {
      std::fprintf(stderr, "error: %s: %s\n", file.c_str(), text.error().detail.c_str());
      return kBadInput;
    }
    inputs.push_back({file, std::move(*text)});
  }
  const ConvertOutput output = Convert(inputs, options);
  std::fputs(output.routes.c_str(), stdout);
  for (const std::string& line : output.lines) std::fprintf(stderr, "%s\n", line.c_str());
  return output.exit;
}

}  // namespace stevedore::convert
