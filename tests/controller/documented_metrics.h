// The metrics that docs/metrics.md lists, and those that a page exposes, in one form, to be
// compared.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace stevedore {

// Name -> "counter result": the type, then the labels in alphabetical order.
using MetricList = std::map<std::string, std::string>;

// The pieces of a text at the odd places between separators: what stands in quotes.
inline std::vector<std::string> Between(const std::string& text, char quote) {
  std::vector<std::string> pieces;
  std::istringstream in(text);
  std::string piece;
  for (bool inside = false; std::getline(in, piece, quote); inside = !inside)
    if (inside) pieces.push_back(piece);
  return pieces;
}

inline std::vector<std::string> SplitAt(const std::string& text, char separator) {
  std::vector<std::string> pieces;
  std::istringstream in(text);
  for (std::string piece; std::getline(in, piece, separator);) pieces.push_back(piece);
  return pieces;
}

inline std::string WithLabels(std::string type, const std::set<std::string>& labels) {
  for (const std::string& label : labels) type += " " + label;
  return type;
}

// From the tables "metric | type | labels | ..." under the given headings. A row may name several
// metrics; then its types are as many, or one for all.
inline MetricList DocumentedMetrics(const std::string& page,
                                    const std::set<std::string>& headings) {
  MetricList list;
  std::string heading;
  for (const std::string& line : SplitAt(page, '\n')) {
    if (line.starts_with("## ")) heading = line.substr(3);
    if (!headings.contains(heading) || !line.starts_with("| `")) continue;
    const std::vector<std::string> cells = SplitAt(line.substr(1), '|');
    std::vector<std::string> types;
    std::istringstream words(cells.at(1));
    for (std::string word; words >> word;) {
      if (word.ends_with(',')) word.pop_back();
      types.push_back(word);
    }
    const std::vector<std::string> labels = Between(cells.at(2), '`');
    const std::vector<std::string> names = Between(cells.at(0), '`');
    for (std::size_t i = 0; i < names.size(); ++i)
      list[names[i]] =
          WithLabels(types.at(types.size() == 1 ? 0 : i), {labels.begin(), labels.end()});
  }
  return list;
}

// From Prometheus' text format, bounds of histograms left out. A metric without samples has no
// labels.
inline MetricList ExposedMetrics(const std::string& page) {
  MetricList types;
  std::map<std::string, std::set<std::string>> labels;
  std::string name;
  for (const std::string& line : SplitAt(page, '\n')) {
    if (line.starts_with("# TYPE ")) {
      const std::vector<std::string> words = SplitAt(line, ' ');
      name = words.at(2);
      types[name] = words.at(3);
    }
    const std::size_t open = line.find('{');
    if (line.starts_with("#") || open == std::string::npos) continue;
    // {a="x",b="y"}: the names stand at the even places between quotes.
    std::vector<std::string> pieces = SplitAt(line.substr(open), '"');
    for (std::size_t i = 0; i + 1 < pieces.size(); i += 2) {
      const std::string label = pieces[i].substr(1, pieces[i].size() - 2);
      if (label != "le") labels[name].insert(label);
    }
  }
  MetricList list;
  for (const auto& [metric, type] : types) list[metric] = WithLabels(type, labels[metric]);
  return list;
}

}  // namespace stevedore
