#include "tests/convergence/pipeline.h"

#include <algorithm>
#include <sstream>

#include "proxy/config/json_codec.h"

namespace stevedore::convergence {
namespace {

template <class T>
void Take(const char* kind, const store::Objects<T>& objects, const std::vector<std::string>& own,
          std::string& inventory) {
  for (const auto& [key, stored] : objects)
    if (std::find(own.begin(), own.end(), key.ns) != own.end())
      inventory += std::string(kind) + " " + key.ToString() + " " + stored.object->meta.uid + " " +
                   stored.object->meta.resource_version + "\n";
}

std::string FirstDifference(const std::string& what, const std::string& got,
                            const std::string& expected) {
  std::istringstream a(got), b(expected);
  std::string x, y;
  for (int line = 1;; ++line) {
    const bool more_a = static_cast<bool>(std::getline(a, x));
    const bool more_b = static_cast<bool>(std::getline(b, y));
    if (!more_a && !more_b) return "";
    if (!more_a) x = "(end)";
    if (!more_b) y = "(end)";
    if (x != y)
      return what + " line " + std::to_string(line) + ": got \"" + x + "\", a fresh start has \"" +
             y + "\"; ";
  }
}

std::string Text(const compile::RouteReport& report) {
  std::string text = report.key.ToString() + " " + report.uid;
  for (const api::ConditionState* const state :
       {&report.accepted, &report.resolved_refs, &report.peers_available})
    text += " " + std::string(ToString(state->status)) + "/" +
            std::string(ToString(state->reason)) + " " + state->message;
  if (report.conflicted) text += " conflicted: " + report.conflicted->message;
  return text;
}

}  // namespace

std::string Difference(const Outcome& got, const Outcome& expected) {
  std::string text = FirstDifference("config", got.config, expected.config) +
                     FirstDifference("inventory", got.inventory, expected.inventory);
  for (std::size_t i = 0; i < std::min(got.reports.size(), expected.reports.size()); ++i)
    if (!(got.reports[i] == expected.reports[i]))
      return text + "report: got \"" + Text(got.reports[i]) + "\", a fresh start has \"" +
             Text(expected.reports[i]) + "\"";
  if (got.reports.size() != expected.reports.size()) text += "another number of reports";
  return text;
}

Pipeline::Pipeline(kube::Transport& transport, const Clock& clock,
                   const std::vector<std::string>& watched, Plant plant)
    : store_(watched.empty() ? std::vector<std::string>{""} : watched),
      planted_(store_, plant),
      source_(
          transport, clock, planted_, watched, [] { return 0.0; }, nullptr) {
  source_.Start();
}

bool Pipeline::WaitForSync(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::uint64_t seen = 0;
  while (!store_.Synced() && std::chrono::steady_clock::now() < deadline)
    seen = store_.WaitForChange(seen, std::chrono::milliseconds(100));
  return store_.Synced();
}

void Pipeline::WaitForChange(std::chrono::milliseconds timeout) {
  store_.WaitForChange(seen_, timeout);
}

Outcome Pipeline::Look(const compile::CompileOptions& options,
                       const std::vector<std::string>& own) {
  const auto view = store_.View();
  seen_ = view->generation;
  compile::CompileOutput output = compile::Compile(*view, options);
  Outcome outcome{config::Encode(output.config), "", std::move(output.reports)};
  Take("route", view->routes, own, outcome.inventory);
  Take("service", view->services, own, outcome.inventory);
  Take("slice", view->slices, own, outcome.inventory);
  return outcome;
}

}  // namespace stevedore::convergence
