#include "controller/publish/port_writer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "controller/api/decode.h"
#include "controller/api/service_apply.h"
#include "controller/kube/object_json.h"
#include "proxy/base/log.h"

namespace stevedore::publish {
namespace {

using std::chrono::seconds;

constexpr seconds kTimeout{5};
constexpr seconds kSilence{2};   // after no answer
constexpr seconds kPause{1};     // between two writes: more routes may come at once
constexpr seconds kRefused{60};  // until a port that was refused alone is asked for again

kube::Request ApplyRequest(const kube::Key& service, std::string body) {
  kube::Request request;
  request.method = "PATCH";
  request.path = "/api/v1/namespaces/" + service.ns + "/services/" + service.name;
  request.query = {{"fieldManager", kPortManager}};
  request.content_type = "application/apply-patch+yaml";
  request.body = std::move(body);
  request.timeout = kTimeout;
  return request;
}

std::string Text(const std::optional<api::Json>& object, const char* name) {
  const auto value = object ? object->member(name) : std::nullopt;
  return value ? value->string().value_or("") : "";
}

// The number in .spec.ports[port=7000,protocol="UDP"].name
std::optional<std::int64_t> PortIn(const std::string& field) {
  constexpr std::string_view kKey = "[port=";
  const std::size_t at = field.find(kKey);
  std::int64_t port = 0;
  if (at == std::string::npos) return std::nullopt;
  const char* const first = field.data() + at + kKey.size();
  const auto [end, error] = std::from_chars(first, field.data() + field.size(), port);
  return error == std::errc{} ? std::optional(port) : std::nullopt;
}

// The ports of which another manager owns what we want to set, and who that is.
std::vector<std::pair<std::int64_t, std::string>> ConflictsIn(const kube::Response& response) {
  std::vector<std::pair<std::int64_t, std::string>> conflicts;
  const auto json = api::Json::Parse(response.body);
  const auto details = json ? json->member("details") : std::nullopt;
  const auto causes = details ? details->member("causes") : std::nullopt;
  if (response.status != 409 || !causes) return conflicts;
  for (const api::Json& cause : causes->elements())
    if (const auto port = PortIn(Text(cause, "field")))
      conflicts.emplace_back(*port, Text(cause, "message"));
  return conflicts;
}

// A refusal that fewer new ports may avoid: nodePorts that run out (500), a quota (403), what is
// wrong with one port (422).
bool MayBeTooMany(const kube::Response& response, const std::string& message) {
  return response.status == 422 || response.status == 500 ||
         (response.status == 403 && message.find("quota") != std::string::npos);
}

}  // namespace

bool PortWriter::Publish(const std::set<std::int64_t>& wanted,
                         const std::shared_ptr<const api::Service>& live) {
  const Nanos now = clock_.Now();
  Forget(live.get(), now);
  PortLimits limits;
  limits.max_new = max_new_;
  for (const auto& [port, refusal] : refusals_) limits.refused[port] = refusal.why;
  const PlannedPorts plan = plan_.Make(wanted, live.get(), limits, now);
  if (!plan.apply) {
    error_.clear();
    backoff_.Reset();
  } else if (now >= next_ && may_write_()) {
    Write(plan, *live);
  }
  const auto before = problems_;
  Explain(wanted, live.get(), plan);
  return problems_ != before;
}

// What was learnt of a Service that is no more, or of a version that is no longer.
void PortWriter::Forget(const api::Service* live, Nanos now) {
  const std::string uid = live != nullptr ? live->meta.uid : "";
  if (uid != uid_) {
    uid_ = uid;
    refusals_.clear();
    max_new_ = SIZE_MAX;
    next_ = Nanos(0);
    backoff_.Reset();
    error_.clear();
  }
  std::erase_if(refusals_, [&](const auto& entry) {
    const Refusal& refusal = entry.second;
    return refusal.version.empty()
               ? now >= refusal.until
               : live == nullptr || live->meta.resource_version != refusal.version;
  });
}

void PortWriter::Write(const PlannedPorts& plan, const api::Service& live) {
  std::string body = api::EncodePorts(live.meta, *plan.apply);
  // The watch is about to show what became of it, or it made no difference and would make none.
  if (done_ == body) return;
  const auto response = transport_.Do(ApplyRequest(service_, body));
  const bool silent_before = std::exchange(silent_, !response);
  if (response && response->status >= 200 && response->status < 300) {
    done_ = std::move(body);
    Taken(plan);
    return;
  }
  const auto conflicts =
      response ? ConflictsIn(*response) : std::vector<std::pair<std::int64_t, std::string>>{};
  if (!conflicts.empty()) {
    Conflicted(conflicts, live);
  } else if (response && response->status == 409) {
    // The Service is newer than what this was computed from, or gone: the watch tells.
    done_ = std::move(body);
    next_ = clock_.Now() + kPause;
  } else {
    Failed(plan, response, silent_before);
  }
}

void PortWriter::Taken(const PlannedPorts& plan) {
  error_.clear();
  backoff_.Reset();
  next_ = clock_.Now() + kPause;
  max_new_ = max_new_ > SIZE_MAX / 2 ? SIZE_MAX : max_new_ * 2;
  spdlog::info("Published ports service={} ports={} added={}", service_.ToString(),
               plan.apply->size(), plan.added.size());
  const std::lock_guard lock(mutex_);
  ++numbers_.written;
}

// The Service is another one than we knew, or its managers are: these ports are left to them.
void PortWriter::Conflicted(const std::vector<std::pair<std::int64_t, std::string>>& conflicts,
                            const api::Service& live) {
  for (const auto& [port, message] : conflicts) {
    if (!refusals_.contains(port))
      spdlog::info("Left port to another manager service={} port={} reason=\"{}\"",
                   service_.ToString(), port, message);
    refusals_[port] = {message, live.meta.resource_version, Nanos(0)};
  }
  next_ = clock_.Now() + backoff_.Next(0);
  const std::lock_guard lock(mutex_);
  ++numbers_.failed;
}

void PortWriter::Failed(const PlannedPorts& plan, const Result<kube::Response>& response,
                        bool silent_before) {
  const Nanos now = clock_.Now();
  if (!response) {
    next_ = now + kSilence;
    if (!silent_before)
      spdlog::warn("Could not publish ports service={} error=\"{}\"", service_.ToString(),
                   response.error().detail);
  } else {
    error_ = kube::RefusalText(*response);
    const Nanos wait = backoff_.Next(0);
    next_ = now + (response->retry_after ? Nanos(*response->retry_after) : wait);
    if (MayBeTooMany(*response, error_) && !plan.added.empty()) {
      if (plan.added.size() == 1) refusals_[plan.added.front()] = {error_, "", now + kRefused};
      max_new_ = std::max<std::size_t>(plan.added.size() / 2, 1);
    }
  }
  const std::lock_guard lock(mutex_);
  ++numbers_.failed;
}

void PortWriter::Explain(const std::set<std::int64_t>& wanted, const api::Service* live,
                         const PlannedPorts& plan) {
  const std::string name = "the published Service " + service_.ToString();
  problems_.clear();
  std::size_t published = 0;
  for (const std::int64_t port : wanted) {
    if (plan.problem.empty() && Lists(*live, port)) {
      ++published;
      continue;
    }
    const auto refused = plan.refused.find(port);
    if (!plan.problem.empty())
      problems_[port] = name + " " + plan.problem;
    else if (refused != plan.refused.end())
      problems_[port] =
          "port " + std::to_string(port) + " is not in " + name + ": " + refused->second;
    else if (!error_.empty())
      problems_[port] = "port " + std::to_string(port) + " is not in " + name + ": " + error_;
  }
  std::set<std::string> texts;
  for (const auto& [port, text] : problems_) texts.insert(text);
  const std::string first = texts.empty() ? "" : *texts.begin();
  if (first != told_ && !first.empty())
    spdlog::warn("Could not publish ports service={} ports={} reason=\"{}\"", service_.ToString(),
                 problems_.size(), first);
  told_ = first;
  const std::lock_guard lock(mutex_);
  numbers_.published = published;
  numbers_.missing = wanted.size() - published;
}

std::string PortWriter::ProblemOf(std::int64_t port) const {
  const auto found = problems_.find(port);
  return found == problems_.end() ? "" : found->second;
}

PortNumbers PortWriter::numbers() const {
  const std::lock_guard lock(mutex_);
  return numbers_;
}

}  // namespace stevedore::publish
