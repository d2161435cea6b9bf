#include "proxy/config/checks.h"

#include <algorithm>

#include "proxy/config/byte_match.h"
#include "proxy/config/limits.h"

namespace stevedore::config {
namespace {

std::string ByteCount(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

bool IsRange(std::int64_t start, std::int64_t end) {
  return start >= 0 && start < kMaxMatchOffset && end > start && end <= kMaxMatchOffset &&
         end - start <= kMaxMatchBytes;
}

}  // namespace

void Checks::Report(const FieldPath& path, std::string message) {
  errors_.push_back({path.ToString(), std::move(message), 0});
}

bool Checks::Range(const FieldPath& path, std::int64_t value, std::int64_t least,
                   std::int64_t most) {
  if (value >= least && value <= most) return true;
  Report(path, std::to_string(value) + ": must be " + std::to_string(least) + " to " +
                   std::to_string(most));
  return false;
}

bool Checks::Count(const FieldPath& path, std::size_t count, std::size_t most) {
  if (count <= most) return true;
  Report(path, std::to_string(count) + " entries: must be at most " + std::to_string(most));
  return false;
}

bool Checks::Name(const FieldPath& path, std::string_view name) {
  if (name.empty()) {
    Report(path, "\"\": must not be empty");
    return false;
  }
  if (name.size() > kMaxNameBytes) {
    Report(path, Quote(name) + " is " + ByteCount(static_cast<std::int64_t>(name.size())) +
                     ": must be at most " + std::to_string(kMaxNameBytes));
    return false;
  }
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (control) Report(path, Quote(name) + ": must not hold control characters");
  return !control;
}

bool Checks::ByteRange(const FieldPath& object, std::int64_t start, std::int64_t end) {
  const bool start_ok = Range(object.Field("start"), start, 0, kMaxMatchOffset - 1);
  const bool end_ok = Range(object.Field("end"), end, 1, kMaxMatchOffset);
  if (!start_ok || !end_ok || IsRange(start, end)) return start_ok && end_ok;
  if (end <= start) {
    Report(object.Field("end"), std::to_string(end) + ": must be greater than the start, " +
                                    std::to_string(start) + " (the end is one past the last byte)");
  } else {
    Report(object.Field("end"), std::to_string(end) + ": " + std::to_string(start) + " to " +
                                    std::to_string(end) + " is " + ByteCount(end - start) +
                                    ": must be at most " + std::to_string(kMaxMatchBytes));
  }
  return false;
}

bool Checks::Conditions(const FieldPath& object, std::string_view list,
                        const std::vector<Condition>& conditions) {
  bool ok = Count(object.Field(list), conditions.size(), kMaxConditions);
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const Condition& condition = conditions[i];
    const FieldPath path = object.Item(list, i);
    ok = ByteRange(path, condition.start, condition.end) && ok;
    const auto problem = ValueProblem(condition, "start " + std::to_string(condition.start) +
                                                     " to end " + std::to_string(condition.end));
    if (problem) Report(path.Field("value"), *problem);
    ok = ok && !problem;
  }
  return ok;
}

void UniqueNames::Add(Checks& checks, const FieldPath& path, std::string_view list,
                      std::size_t index, const std::string& name) {
  const auto [seen, fresh] = first_.try_emplace(name, index);
  if (fresh || name.empty()) return;
  checks.Report(path, Quote(name) + ": also the name of entry " + std::to_string(seen->second) +
                          ": names in " + std::string(list) + " must be unique");
}

std::optional<std::string> ValueProblem(const Condition& condition, const std::string& range) {
  if (!IsRange(condition.start, condition.end)) return std::nullopt;
  const std::int64_t length = condition.end - condition.start;
  const std::string hex_digits = std::to_string(2 * length) + " hex digits";
  const std::string bits = std::to_string(8 * length) + " bits";
  const auto bytes = ParseValue(condition.value);
  if (!bytes)
    return Quote(condition.value) + ": must be \"0x\" and " + hex_digits + ", or \"0b\" and " +
           bits;
  const auto have = static_cast<std::int64_t>(bytes->size());
  if (have == length) return std::nullopt;
  const bool hex = condition.value.starts_with("0x");
  return Quote(condition.value) + " is " + ByteCount(have) + ", but " + range + " is " +
         ByteCount(length) + ": write " + (hex ? hex_digits : bits);
}

std::optional<std::string> AddressProblem(std::string_view text, Wildcard wildcard) {
  const auto ip = IpAddress::Parse(text);
  if (!ip) return Quote(text) + ": must be an IPv4 or IPv6 address";
  if (ip->ToString() != text) return Quote(text) + ": must be written " + Quote(ip->ToString());
  if (ip->is_unspecified() && wildcard == Wildcard::kRefuse)
    return Quote(text) + " is no single address: must be a unicast address";
  if (ip->is_multicast()) return Quote(text) + " is multicast: must be a unicast address";
  if (ip->is_broadcast()) return Quote(text) + " is broadcast: must be a unicast address";
  return std::nullopt;
}

}  // namespace stevedore::config
