// FakeTransport: plays a script of answers and keeps the requests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "controller/kube/transport.h"

namespace stevedore::kube {

// Thread: any. What is asked beyond the script is answered by `otherwise_*`.
class FakeTransport final : public Transport {
 public:
  // What a watch does: `before` (the test moves its clock there), the chunks with `before_chunk`
  // ahead of each, then the end.
  struct Watch {
    std::vector<std::string> chunks{};
    Result<StreamEnd> end = StreamEnd{};
    std::function<void()> before{};
    std::function<void()> before_chunk{};
  };

  Result<Response> Do(const Request& request) override {
    const std::lock_guard lock(mutex_);
    requests.push_back(request);
    if (answers.empty()) return otherwise_do(request);
    Result<Response> answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

  Result<StreamEnd> Stream(const Request& request, const ChunkSink& sink) override {
    Watch watch;
    {
      const std::lock_guard lock(mutex_);
      requests.push_back(request);
      if (watches.empty()) {
        watch = otherwise_stream(request);
      } else {
        watch = std::move(watches.front());
        watches.pop_front();
      }
    }
    if (watch.before) watch.before();
    if (!watch.end || watch.end->kind == StreamEnd::Kind::kStatus) return watch.end;
    if (!sink("")) return StreamEnd{StreamEnd::Kind::kRefused, {}};
    for (const std::string& chunk : watch.chunks) {
      if (watch.before_chunk) watch.before_chunk();
      if (!sink(chunk)) return StreamEnd{StreamEnd::Kind::kRefused, {}};
    }
    return watch.end;
  }

  std::vector<Request> Requests() {
    const std::lock_guard lock(mutex_);
    return requests;
  }

  std::deque<Result<Response>> answers;
  std::deque<Watch> watches;
  std::vector<Request> requests;
  std::function<Result<Response>(const Request&)> otherwise_do = [](const Request&) {
    return Result<Response>(Error{Errc::kUnavailable, "the script is over"});
  };
  std::function<Watch(const Request&)> otherwise_stream = [](const Request&) {
    return Watch{.end = Error{Errc::kUnavailable, "the script is over"}};
  };

 private:
  std::mutex mutex_;
};

// The value of a query parameter, or "(none)".
inline std::string Query(const Request& request, const std::string& name) {
  for (const auto& [key, value] : request.query) {
    if (key == name) return value;
  }
  return "(none)";
}

// JSON as an API server sends it.
inline std::string ObjectJson(const std::string& name, const std::string& version) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"game","resourceVersion":")" +
         version + R"("}})";
}
inline std::string ListJson(const std::vector<std::string>& names, const std::string& version,
                            const std::string& next = "") {
  std::string items;
  for (const std::string& name : names) {
    items += (items.empty() ? "" : ",") + ObjectJson(name, "1");
  }
  return R"({"metadata":{"resourceVersion":")" + version + R"(","continue":")" + next +
         R"("},"items":[)" + items + "]}";
}
inline std::string EventJson(const std::string& type, const std::string& name,
                             const std::string& version) {
  return R"({"type":")" + type + R"(","object":)" + ObjectJson(name, version) + "}\n";
}
inline std::string StatusJson(int code, const std::string& reason) {
  return R"({"kind":"Status","code":)" + std::to_string(code) + R"(,"reason":")" + reason +
         R"(","message":"said so"})";
}

}  // namespace stevedore::kube
