#include "proxy/report/live_page.h"

#include <chrono>
#include <memory>
#include <utility>

#include "proxy/base/query_string.h"
#include "proxy/report/explain_request.h"
#include "proxy/report/page_files.h"
#include "proxy/report/state_json.h"

namespace stevedore::report {
namespace {

HttpReply Text(unsigned status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body)};
}

HttpEndpoint::Handler File(const char* type, std::string_view body) {
  return [type, body](const std::string&) { return HttpReply{200, type, std::string(body)}; };
}

}  // namespace

LivePage::LivePage(const InForceHolder& in_force, TrafficBook& book,
                   const health::ProbeStats& probes, const Clock& clock,
                   std::function<std::vector<worker::WorkerGauges>()> gauges)
    : in_force_(in_force),
      book_(book),
      probes_(probes),
      clock_(clock),
      started_(clock.Now()),
      gauges_(std::move(gauges)) {}

std::map<std::string, HttpEndpoint::Handler> LivePage::Handlers() {
  return {{"/", File("text/html; charset=utf-8", kPageHtml)},
          {"/page.css", File("text/css; charset=utf-8", kPageCss)},
          {"/page.js", File("text/javascript; charset=utf-8", kPageJs)},
          {"/state.json", [this](const std::string&) { return State(); }},
          {"/explain", [this](const std::string& query) { return Explained(query); }}};
}

HttpReply LivePage::State() const {
  report::State state;
  state.in_force = in_force_.Get();
  book_.ReadKernelDrops();
  state.totals = book_.Totals();
  state.probes = probes_.Get();
  state.workers = gauges_();
  state.now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  state.uptime = std::chrono::duration<double>(clock_.Now() - started_).count();
  return {200, "application/json", EncodeState(state)};
}

HttpReply LivePage::Explained(const std::string& query) const {
  auto asked = ParseQuery(query);
  if (!asked.contains("client")) asked["client"] = kAnyClient;
  const auto request = ParseExplainRequest(asked["listener"], asked["hex"], asked["client"]);
  if (!request) return Text(400, request.error().detail + "\n");
  const std::shared_ptr<const InForce> in_force = in_force_.Get();
  if (!in_force->config) return Text(503, "no config was applied yet\n");
  auto said = Explain(*in_force->snapshot, *in_force->config, *request, Probes::kRunning);
  return said ? Text(200, std::move(*said)) : Text(400, said.error().detail + "\n");
}

}  // namespace stevedore::report
