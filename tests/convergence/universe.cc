#include "tests/convergence/universe.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

namespace stevedore::convergence {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSyncTimeout{60'000};
// Between two looks: the first universe hears of every change of the others.
constexpr milliseconds kLookInterval{20};

Place PlaceOf(int number) {
  const std::string name = "u" + std::to_string(number);
  return {name, {name + "-a", name + "-b"}};
}

kube::RestOptions Unlimited() {
  kube::RestOptions options;
  options.user_agent = kube::UserAgent("convergence");
  options.requests_per_second = 1e6;
  options.burst = 1e6;
  options.unary_timeout = milliseconds(30'000);  // a machine that is busy is no failure
  return options;
}

// "services" of ".../namespaces/NS/services/NAME", and of the collection.
std::string ResourceOf(const std::string& path) {
  const std::string marker = "/namespaces/";
  const std::size_t ns = path.find(marker);
  if (ns == std::string::npos) return "namespaces";
  const std::size_t begin = path.find('/', ns + marker.size()) + 1;
  return path.substr(begin, path.find('/', begin) - begin);
}

}  // namespace

Universe::Universe(UniverseOptions options)
    : options_(std::move(options)),
      place_(PlaceOf(options_.number)),
      compile_(OptionsFor(place_)),
      // The first one watches everything, as a controller without --watch-namespace does.
      watched_(options_.number == 0 ? std::vector<std::string>{} : place_.namespaces),
      dice_(options_.seed),
      credentials_(options_.access, real_clock_),
      transport_(credentials_, real_clock_, Unlimited()),
      cutting_(transport_, options_.seed + 1, options_.number % 2 == 0),
      listing_(transport_) {}

std::string Universe::Prepare() {
  for (const std::string& ns : place_.namespaces) {
    const int status =
        Send("POST", "/api/v1/namespaces",
             R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + ns + R"("}})");
    if (status != 201 && status != 409)
      return "namespace " + ns + ": HTTP " + std::to_string(status);
  }
  followed_ = std::make_unique<Pipeline>(cutting_, leaping_clock_, watched_, options_.plant);
  return followed_->WaitForSync(kSyncTimeout) ? "" : "the first lists never came";
}

int Universe::Send(const std::string& method, const std::string& path, const std::string& body) {
  kube::Request request{.method = method, .path = path};
  if (method == "PATCH") {
    request.query = {{"fieldManager", "convergence"}, {"force", "true"}};
    request.content_type = "application/apply-patch+yaml";
  } else if (!body.empty()) {
    request.content_type = "application/json";
  }
  request.body = body;
  const Result<kube::Response> response = transport_.Do(request);
  const int status = response ? response->status : 0;
  ++tally_.writes[method + " " + ResourceOf(path) + " " + std::to_string(status)];
  std::string line = method + " " + path + " " + std::to_string(status) + " " + body;
  if (status == 0 || status >= 400) line += response ? response->body : response.error().detail;
  sequence_.push_back(std::move(line));
  return status;
}

void Universe::Apply(const Manifest& manifest) {
  int status = Send("PATCH", manifest.path, manifest.json);
  // Something that cannot change: the object comes back under its old name.
  if (status == 422 && existing_.contains(manifest.path)) {
    Delete(manifest.path);
    status = Send("PATCH", manifest.path, manifest.json);
  }
  if (status == 200 || status == 201) existing_.insert(manifest.path);
}

void Universe::Delete(const std::string& path) {
  Send("DELETE", path, "");
  existing_.erase(path);
}

void Universe::RandomWrite() {
  if (!existing_.empty() && dice_.Chance(18))
    return Delete(*std::next(existing_.begin(), dice_.Roll(static_cast<int>(existing_.size()))));
  if (dice_.Chance(2)) {
    const std::string all =
        "/apis/discovery.k8s.io/v1/namespaces/" + dice_.Pick(place_.namespaces) + "/endpointslices";
    Send("DELETE", all, "");
    std::erase_if(existing_, [&](const std::string& path) { return path.starts_with(all); });
    return;
  }
  const int kind = dice_.Roll(20);
  const Manifest manifest = kind < 8    ? RandomRoute(dice_, place_)
                            : kind < 13 ? RandomService(dice_, place_)
                                        : RandomSlice(dice_, place_);
  if (existing_.contains(manifest.path) && dice_.Chance(10)) Delete(manifest.path);
  Apply(manifest);
}

std::string Universe::RunSequence() {
  sequence_.clear();
  leaping_clock_.Leap();
  const int writes = 5 + dice_.Roll(6);
  for (int i = 0; i < writes; ++i) {
    if (dice_.Chance(12)) {
      sequence_.push_back("(all watches cut)");
      cutting_.Cut();
    }
    RandomWrite();
  }
  ++tally_.sequences;
  return Compare();
}

std::string Universe::RunQuiet() {
  sequence_ = {"(nothing)"};
  cutting_.Cut();
  followed_->WaitForChange(milliseconds(500));
  return Compare();
}

Outcome Universe::Fresh() {
  const Nanos began = real_clock_.Now();
  Pipeline fresh(listing_, real_clock_, watched_, Plant::kNone);
  if (!fresh.WaitForSync(kSyncTimeout)) return {"(a fresh start that never listed)", "", {}};
  tally_.slowest_list = std::max(tally_.slowest_list, real_clock_.Now() - began);
  return fresh.Look(compile_, place_.namespaces);
}

std::string Universe::Compare() {
  const auto deadline = std::chrono::steady_clock::now() + options_.patience;
  std::string difference;
  do {
    // Looked at anew now and then: the cluster's own controllers may still be at work.
    const Outcome fresh = Fresh();
    const auto again = std::chrono::steady_clock::now() + milliseconds(2'000);
    do {
      const Outcome got = followed_->Look(compile_, place_.namespaces);
      if (got == fresh) {
        Note(got);
        return "";
      }
      difference = Difference(got, fresh);
      std::this_thread::sleep_for(kLookInterval);
    } while (std::chrono::steady_clock::now() < again);
  } while (std::chrono::steady_clock::now() < deadline);
  std::string text = place_.class_name + ", sequence " + std::to_string(tally_.sequences) +
                     ", seed " + std::to_string(options_.seed) + ": " + difference + "\n";
  for (const std::string& line : sequence_) text += "  " + line + "\n";
  return text;
}

void Universe::Note(const Outcome& outcome) {
  if (outcome.config != last_config_) ++tally_.configs;
  last_config_ = outcome.config;
  for (const compile::RouteReport& report : outcome.reports) {
    for (const api::ConditionState* const state :
         {&report.accepted, &report.resolved_refs, &report.peers_available})
      ++tally_.reasons[std::string(ToString(state->reason))];
    if (report.conflicted) ++tally_.reasons[std::string(ToString(report.conflicted->reason))];
  }
}

Tally Universe::tally() const {
  Tally tally = tally_;
  tally.cuts = cutting_.counts();
  return tally;
}

}  // namespace stevedore::convergence
