// What tests of ListWatch share: a handler that keeps what it is told, and steps told as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "controller/kube/list_watch.h"
#include "tests/controller/kube/fake_transport.h"

namespace stevedore::kube {

class Recorder final : public ReflectorHandler {
 public:
  void Replace(std::vector<RawObject> objects) override {
    ++replaced;
    names.clear();
    for (const RawObject& object : objects) names[object.key.name] = object.json;
  }
  void Apply(RawObject object) override { names[object.key.name] = object.json; }
  void Delete(const Key& key) override { names.erase(key.name); }
  void StateChanged(const ReflectorState& state) override { states.push_back(state); }

  std::vector<std::string> Names() const {
    std::vector<std::string> all;
    for (const auto& [name, json] : names) all.push_back(name);
    return all;
  }

  int replaced = 0;
  std::map<std::string, std::string> names;
  std::vector<ReflectorState> states;
};

class ListWatchFixture : public ::testing::Test {
 protected:
  using Kind = StreamEnd::Kind;
  using seconds = std::chrono::seconds;

  static Response Ok(std::string body) { return Response{200, std::move(body), {}}; }
  static Response Refusal(int status, const std::string& reason = "",
                          std::optional<seconds> retry_after = {}) {
    return Response{status, StatusJson(status, reason), retry_after};
  }
  static FakeTransport::Watch WatchRefusal(int status, std::optional<seconds> retry_after = {}) {
    return {.end = StreamEnd{Kind::kStatus, Refusal(status, "", retry_after)}};
  }
  static Error NoAnswer() { return Error{Errc::kUnavailable, "connection refused"}; }
  // A watch that lasted long enough to be no failure.
  FakeTransport::Watch Long(std::vector<std::string> chunks, Kind end = Kind::kEof) {
    return {.chunks = std::move(chunks), .end = StreamEnd{end, {}}, .before = [this] {
              clock_.Advance(seconds(10));
            }};
  }

  // Steps once; says what was asked ("list rv=.. limit=..", "stream rv=.." for a list by watch, or
  // "watch rv=..") and for how long to wait, in milliseconds.
  std::string Step() {
    const std::size_t before = transport_.requests.size();
    const Nanos delay = list_watch_.Step(stop_.get_token());
    std::string text;
    for (std::size_t i = before; i < transport_.requests.size(); ++i) {
      const Request& request = transport_.requests[i];
      if (Query(request, "sendInitialEvents") == "true") {
        text += "stream rv=" + Query(request, "resourceVersion") + " ";
      } else if (Query(request, "watch") == "1") {
        text += "watch rv=" + Query(request, "resourceVersion") + " ";
      } else {
        text += "list rv=" + Query(request, "resourceVersion") +
                " limit=" + Query(request, "limit") + " continue=" + Query(request, "continue") +
                " ";
      }
    }
    return text +
           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(delay).count());
  }
  // As with a server that does not list by watch.
  void RefuseStreams(ListWatch& list_watch) {
    transport_.watches.push_front(WatchRefusal(422));
    EXPECT_EQ(list_watch.Step({}), Nanos(0));
    transport_.requests.clear();
  }

  FakeTransport transport_;
  ManualClock clock_;
  Recorder recorder_;
  double random_ = 0;
  std::stop_source stop_;
  ListWatch list_watch_{{"services", "/api/v1/services", "team=a"},
                        transport_,
                        clock_,
                        [this] { return random_; },
                        recorder_};
};

}  // namespace stevedore::kube
