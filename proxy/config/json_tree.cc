#include "proxy/config/json_tree.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <exception>
#include <iterator>
#include <nlohmann/json.hpp>

#include "proxy/config/limits.h"

namespace stevedore::config {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 4'000'000;

using Json = nlohmann::json;

// Reads characters for the parser and counts the line of the one that was read last: the parser
// looks one character beyond a number, which may be the line's end.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, int* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (after_newline_) ++*line_;
    after_newline_ = *at_ == '\n';
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  int* line_;
  bool after_newline_ = false;
};

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// The parser's own words without its prefix ("[json.exception...] parse error at line 1, column 2:
// syntax error while parsing object - "), and with the comma that it forgets to expect.
std::string SyntaxMessage(std::string message) {
  for (const std::string_view mark : {"] ", ": ", " - "}) {
    const std::size_t at = message.find(mark);
    if (at == std::string::npos || (mark == ": " && !message.starts_with("parse error"))) continue;
    message.erase(0, at + mark.size());
  }
  if (message.ends_with("expected '}'")) ReplaceAll(message, "expected '}'", "expected ',' or '}'");
  if (message.ends_with("expected ']'")) ReplaceAll(message, "expected ']'", "expected ',' or ']'");
  ReplaceAll(message, "expected string literal", "expected a name in double quotes");
  ReplaceAll(message, "unexpected end of input", "the text ends too early");
  if (message.size() > 300) message = message.substr(0, 300) + "...";
  for (char& c : message)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return "not valid JSON: " + message;
}

// Builds the tree from the parser's events. Open containers do not move: only the innermost grows.
class TreeBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit TreeBuilder(const int* line) : line_(line) {}

  bool null() override { return Add({}) != nullptr; }
  bool boolean(bool value) override {
    JsonNode node;
    node.kind = JsonNode::Kind::kBoolean;
    node.boolean = value;
    return Add(std::move(node)) != nullptr;
  }
  bool number_integer(number_integer_t value) override {
    JsonNode node;
    node.kind = JsonNode::Kind::kInteger;
    node.negative = value < 0;
    node.magnitude = static_cast<std::uint64_t>(value);
    if (node.negative) node.magnitude = ~node.magnitude + 1;
    return Add(std::move(node)) != nullptr;
  }
  bool number_unsigned(number_unsigned_t value) override {
    JsonNode node;
    node.kind = JsonNode::Kind::kInteger;
    node.magnitude = value;
    return Add(std::move(node)) != nullptr;
  }
  bool number_float(number_float_t, const string_t& written) override {
    JsonNode node;
    node.kind = JsonNode::Kind::kFraction;
    node.text = written;
    return Add(std::move(node)) != nullptr;
  }
  bool string(string_t& value) override {
    JsonNode node;
    node.kind = JsonNode::Kind::kText;
    node.text = std::move(value);
    return Add(std::move(node)) != nullptr;
  }
  bool binary(binary_t&) override { return Fail("binary values are not JSON"); }
  bool start_object(std::size_t) override { return Open(JsonNode::Kind::kObject); }
  bool start_array(std::size_t) override { return Open(JsonNode::Kind::kList); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    key_ = std::move(name);
    key_line_ = *line_;
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    return Fail(SyntaxMessage(error.what()));
  }

  JsonNode& root() { return root_; }
  const std::optional<FieldError>& error() const { return error_; }

 private:
  bool Fail(std::string message) {
    if (!error_) error_ = FieldError{"", std::move(message), *line_};
    return false;
  }

  JsonNode* Add(JsonNode node) {
    if (++count_ > kMaxNodes) {
      Fail("more than " + std::to_string(kMaxNodes) + " values: the config is too large");
      return nullptr;
    }
    node.line = *line_;
    if (open_.empty()) {
      root_ = std::move(node);
      return &root_;
    }
    if (open_.back()->kind == JsonNode::Kind::kObject) {
      node.key = std::move(key_);
      node.line = key_line_;
    }
    return &open_.back()->children.emplace_back(std::move(node));
  }

  bool Open(JsonNode::Kind kind) {
    if (open_.size() == kMaxDepth)
      return Fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    JsonNode node;
    node.kind = kind;
    JsonNode* added = Add(std::move(node));
    if (added != nullptr) open_.push_back(added);
    return added != nullptr;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  const int* line_;
  JsonNode root_;
  std::vector<JsonNode*> open_;
  std::string key_;
  int key_line_ = 0;
  std::size_t count_ = 0;
  std::optional<FieldError> error_;
};

// What the parser would misread or word badly.
std::optional<FieldError> RefuseText(std::string_view text) {
  if (text.size() > kMaxConfigBytes)
    return FieldError{
        "",
        std::to_string(text.size()) + " bytes: must be at most " + std::to_string(kMaxConfigBytes),
        0};
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return FieldError{"", "the text is empty: expected a JSON object", 0};
  const std::size_t nul = text.find('\0');
  if (nul == std::string_view::npos) return std::nullopt;
  const auto lines =
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
  return FieldError{"", "not valid JSON: a NUL byte", static_cast<int>(lines) + 1};
}

}  // namespace

const JsonNode* JsonNode::Find(std::string_view name) const {
  if (kind != Kind::kObject) return nullptr;
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const JsonNode& child) { return child.key == name; });
  return found == children.end() ? nullptr : &*found;
}

std::variant<JsonNode, FieldError> ParseJson(std::string_view text) {
  if (auto refused = RefuseText(text)) return *refused;
  int line = 1;
  try {
    TreeBuilder builder(&line);
    const bool parsed = Json::sax_parse(CountingIterator(text.data(), &line),
                                        CountingIterator(text.data() + text.size(), &line),
                                        &builder, Json::input_format_t::json, true, true);
    if (builder.error()) return *builder.error();
    if (parsed) return std::move(builder.root());
    return FieldError{"", "not valid JSON", line};
  } catch (const std::exception& error) {
    return FieldError{"", std::string("cannot be read: ") + error.what(), line};
  }
}

int LineOf(const JsonNode& root, std::string_view path) {
  const JsonNode* node = &root;
  int line = root.line;
  while (!path.empty()) {
    const bool indexed = path.front() == '[';
    if (indexed || path.front() == '.') path.remove_prefix(1);
    const std::string_view step = path.substr(0, path.find_first_of(indexed ? "]" : ".["));
    path.remove_prefix(std::min(path.size(), step.size() + (indexed ? 1 : 0)));
    std::size_t index = 0;
    if (indexed) {
      std::from_chars(step.data(), step.data() + step.size(), index);
      node = index < node->children.size() ? &node->children[index] : nullptr;
    } else {
      node = node->Find(step);
    }
    if (node == nullptr) break;
    line = node->line;
  }
  return line;
}

std::string Describe(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::kNull:
      return "null";
    case JsonNode::Kind::kBoolean:
      return node.boolean ? "true" : "false";
    case JsonNode::Kind::kInteger:
      return (node.negative ? "-" : "") + std::to_string(node.magnitude);
    case JsonNode::Kind::kFraction:
      return Printable(node.text);
    case JsonNode::Kind::kText:
      return Quote(node.text);
    case JsonNode::Kind::kList:
      return "a list";
    case JsonNode::Kind::kObject:
      return "an object";
  }
  return "?";
}

}  // namespace stevedore::config
