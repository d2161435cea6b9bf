#include "controller/source/yaml_json.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace stevedore::source {
namespace {

// A file may expand to this many values, aliases included: a bound on alias bombs.
constexpr int kMaxValues = 1'000'000;
constexpr const char* kTagPrefix = "tag:yaml.org,2002:";

struct YamlProblem : std::runtime_error {
  YamlProblem(const YAML::Mark& mark, const std::string& what)
      : std::runtime_error("line " + std::to_string(mark.line + 1) + ": " + what) {}
};

bool IsNull(const std::string& s) {
  return s.empty() || s == "~" || s == "null" || s == "Null" || s == "NULL";
}
bool IsTrue(const std::string& s) { return s == "true" || s == "True" || s == "TRUE"; }
bool IsFalse(const std::string& s) { return s == "false" || s == "False" || s == "FALSE"; }

// Digits of base 10, 16 ("0x"), 8 ("0o") or 2 ("0b"). Beyond int64 it becomes a fraction, which no
// string field and no integer field takes.
std::optional<nlohmann::json> Integer(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (text.starts_with("0b")) base = 2;
  if (base != 10) text.remove_prefix(2);
  if (base == 10 && text.starts_with('+')) text.remove_prefix(1);
  if (base != 10 && text.starts_with('-')) return std::nullopt;
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  if (rest != end || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc::result_out_of_range ? nlohmann::json(1e300) : nlohmann::json(value);
}

std::optional<nlohmann::json> Fraction(std::string_view text) {
  if (text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (rest != end || error != std::errc{}) return std::nullopt;
  return value;
}

nlohmann::json Plain(const std::string& text) {
  if (IsNull(text)) return nullptr;
  if (IsTrue(text)) return true;
  if (IsFalse(text)) return false;
  if (auto integer = Integer(text)) return *integer;
  if (auto fraction = Fraction(text)) return *fraction;
  return text;
}

nlohmann::json Scalar(const YAML::Node& node) {
  const std::string& tag = node.Tag();
  if (tag == "!" || tag == std::string(kTagPrefix) + "str") return node.Scalar();
  return Plain(node.Scalar());
}

nlohmann::json Convert(const YAML::Node& node, int& budget) {
  if (--budget < 0) throw YamlProblem(node.Mark(), "too many values");
  const std::string& tag = node.Tag();
  if (!tag.empty() && tag != "?" && tag != "!" && !tag.starts_with(kTagPrefix))
    throw YamlProblem(node.Mark(), "\"" + tag + "\" is read as a YAML tag: put it in quotes");
  if (node.IsScalar()) return Scalar(node);
  if (node.IsSequence()) {
    nlohmann::json list = nlohmann::json::array();
    for (const YAML::Node& element : node) list.push_back(Convert(element, budget));
    return list;
  }
  if (!node.IsMap()) return nullptr;
  nlohmann::json object = nlohmann::json::object();
  for (const auto& member : node) {
    if (!member.first.IsScalar()) throw YamlProblem(member.first.Mark(), "a key is not a string");
    const std::string& key = member.first.Scalar();
    if (object.contains(key))
      throw YamlProblem(member.first.Mark(), "the key \"" + key + "\" occurs twice");
    object[key] = Convert(member.second, budget);
  }
  return object;
}

// yaml-cpp 0.7 takes no step at a token that begins no document, such as a comma outside of a list,
// and finds an empty one there, over and over: LoadAll() would fill the memory with them.
class Progress final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos == position_) throw YamlProblem(mark, "not YAML: nothing can begin here");
    position_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  int position_ = -1;
};

std::vector<YAML::Node> Load(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Progress progress;
  while (parser.HandleNextDocument(progress)) {
  }
  return YAML::LoadAll(text);
}

}  // namespace

Result<std::vector<std::string>> YamlToJson(std::string_view text) {
  try {
    std::vector<std::string> documents;
    int budget = kMaxValues;
    for (const YAML::Node& node : Load(std::string(text)))
      if (!node.IsNull())
        documents.push_back(
            Convert(node, budget).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return documents;
  } catch (const YAML::Exception& error) {
    return Error{Errc::kInvalid,
                 "line " + std::to_string(error.mark.line + 1) + ": not YAML: " + error.msg};
  } catch (const std::exception& error) {
    return Error{Errc::kInvalid, error.what()};
  }
}

}  // namespace stevedore::source
