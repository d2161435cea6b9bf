#include "controller/api/replica_report.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace stevedore::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kStates{
    std::pair{ProxyState::kRuns, std::string_view("runs")},
    std::pair{ProxyState::kPending, std::string_view("pending")},
    std::pair{ProxyState::kUnwritten, std::string_view("unwritten")},
    std::pair{ProxyState::kLate, std::string_view("late")},
    std::pair{ProxyState::kRejected, std::string_view("rejected")},
    std::pair{ProxyState::kSilent, std::string_view("silent")},
};

// Room for the counts of what was cut.
constexpr std::size_t kReservedBytes = 160;
constexpr std::size_t kMaxTextBytes = 1024;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Within `bytes`, cut between characters of UTF-8.
std::string Cut(std::string text, std::size_t bytes = kMaxTextBytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
  return text;
}

bool Fails(const config::UpstreamStatus& upstream) {
  return upstream.healthy < upstream.total || upstream.backup_active;
}

// A list that takes entries as long as all of the report fits.
class Entries {
 public:
  explicit Entries(std::size_t& left) : left_(left) {}
  void Add(const Json& entry) {
    const std::size_t bytes = Dump(entry).size() + 1;
    if (bytes > left_) {
      left_ = 0;  // nothing smaller slips in behind: which are told shall not depend on sizes
      ++cut_;
      return;
    }
    left_ -= bytes;
    list_.push_back(entry);
  }
  void MoveTo(Json& json, const char* name, const char* cut) {
    if (!list_.empty()) json[name] = std::move(list_);
    if (cut_ > 0) json[cut] = cut_;
  }

 private:
  std::size_t& left_;
  Json list_ = Json::array();
  int cut_ = 0;
};

std::string Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}
int Count(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return 0;
  return static_cast<int>(std::clamp<std::int64_t>(found->get<std::int64_t>(), 0, 1 << 30));
}
template <class Each>
void ForEach(const Json& object, const char* name, Each each) {
  const auto list = object.find(name);
  if (list == object.end() || !list->is_array()) return;
  for (const Json& item : *list)
    if (item.is_object()) each(item);
}

}  // namespace

std::string_view ToString(ProxyState state) noexcept {
  for (const auto& [value, name] : kStates)
    if (value == state) return name;
  return "";
}

std::string EncodeReport(const ReplicaReport& report) {
  Json json = {{"version", 1},
               {"node", Cut(report.node)},
               {"proxy", ToString(report.proxy)},
               {"digest", report.digest},
               {"routes", report.routes},
               {"picture", report.picture}};
  if (!report.refusal.empty()) json["refusal"] = Cut(report.refusal);
  const std::size_t used = Dump(json).size() + kReservedBytes;
  std::size_t left = kMaxReportBytes > used ? kMaxReportBytes - used : 0;
  Entries listeners(left);
  for (const auto& [name, error] : report.unbound)
    listeners.Add({{"name", name}, {"error", Cut(error)}});
  Entries upstreams(left);
  for (const auto& [name, upstream] : report.upstreams)
    if (Fails(upstream))
      upstreams.Add({{"name", name},
                     {"total", upstream.total},
                     {"healthy", upstream.healthy},
                     {"backupActive", upstream.backup_active}});
  Entries refused(left);
  for (const std::string& name : report.refused) refused.Add(name);
  listeners.MoveTo(json, "unbound", "unboundCut");
  upstreams.MoveTo(json, "upstreams", "upstreamsCut");
  refused.MoveTo(json, "refused", "refusedCut");
  return Dump(json);
}

Result<ReplicaReport> DecodeReport(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Error{Errc::kInvalid, "the report is no JSON object"};
  if (Count(json, "version") != 1) return Error{Errc::kInvalid, "the report is not of version 1"};
  ReplicaReport report;
  report.node = Text(json, "node");
  const std::string proxy = Text(json, "proxy");
  for (const auto& [value, name] : kStates)
    if (name == proxy) report.proxy = value;
  report.refusal = Text(json, "refusal");
  report.digest = Text(json, "digest");
  report.routes = Text(json, "routes");
  ForEach(json, "unbound",
          [&](const Json& item) { report.unbound[Text(item, "name")] = Text(item, "error"); });
  ForEach(json, "upstreams", [&](const Json& item) {
    config::UpstreamStatus upstream;
    upstream.name = Text(item, "name");
    upstream.total = Count(item, "total");
    upstream.healthy = Count(item, "healthy");
    const auto backup = item.find("backupActive");
    upstream.backup_active = backup != item.end() && backup->is_boolean() && backup->get<bool>();
    report.upstreams[upstream.name] = upstream;
  });
  if (const auto refused = json.find("refused"); refused != json.end())
    for (const Json& name : *refused)
      if (name.is_string()) report.refused.push_back(name.get<std::string>());
  report.picture = Text(json, "picture");
  report.refused_cut = Count(json, "refusedCut");
  report.listeners_cut = Count(json, "unboundCut");
  report.upstreams_cut = Count(json, "upstreamsCut");
  return report;
}

}  // namespace stevedore::api
