// Store: the latest objects by kind and key, and the signal that they changed. Stands between the
// threads of a source, which write, and the sync loop, which takes views.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/source/sink.h"
#include "controller/store/cluster_view.h"
#include "proxy/base/clock.h"

namespace stevedore::store {

// One kind in a namespace, "" for all.
using Scope = std::pair<source::Kind, std::string>;

// Objects leave it by Delete() or by a Replace() that does not name them, and in no other way.
// Thread: internally synchronised; objects are decoded outside the lock.
class Store final : public source::Sink {
 public:
  // What must have been listed before Synced(): every kind in each of `scopes`, {""} for all
  // namespaces, and `further`. `clock` times the news, and outlives the store; without it they have
  // no time.
  explicit Store(std::vector<std::string> scopes = {""}, std::vector<Scope> further = {},
                 const Clock* clock = nullptr);

  void Replace(source::Kind kind, const std::string& scope,
               std::vector<source::Object> objects) override;
  void Apply(source::Kind kind, source::Object object) override;
  void Delete(source::Kind kind, const kube::Key& key) override;

  // Whether every kind was listed completely at least once in every scope. Endpoints may stand for
  // EndpointSlices, as they do where discovery.k8s.io is absent. Never false again once true.
  bool Synced() const;

  // Grows with every change; also when Synced() becomes true.
  std::uint64_t generation() const;
  // Waits until generation() is above `seen`, Wake() was called, or `timeout` has passed; returns
  // the generation then.
  std::uint64_t WaitForChange(std::uint64_t seen, std::chrono::milliseconds timeout);
  // Ends the current or the next WaitForChange(): for a shutdown, or other news.
  void Wake();

  // The picture now. Cheap: built at most once per generation, then shared.
  std::shared_ptr<const ClusterView> View() const;

  // When the first change came since the last call, nothing when there was none. Whoever takes news
  // in calls it before View(), so that none is missed.
  std::optional<Nanos> TakeNewsTime();
  // Whether TakeNewsTime() would tell a time.
  bool NewsWaiting() const;
  // How many objects there are of each kind.
  std::map<source::Kind, std::size_t> Counts() const;

 private:
  template <class T>
  void ReplaceAll(Objects<T>& into, const std::string& scope,
                  std::vector<std::pair<kube::Key, Stored<T>>> decoded);
  // What a newer state of an object brings: a status that was written, or more.
  enum class News { kNone, kVersion, kContent };
  template <class T>
  static News Compare(const Stored<T>& former, const Stored<T>& latter);
  template <class T>
  News Put(Objects<T>& into, const kube::Key& key, Stored<T> stored);
  bool IsSynced() const;    // REQUIRES: mutex_ held
  void Changed(News news);  // REQUIRES: mutex_ held

  const std::vector<std::string> scopes_;
  const std::vector<Scope> further_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  ClusterView current_;  // without slices_of, which View() adds
  std::set<Scope> listed_;
  const Clock* const clock_;
  std::optional<Nanos> news_since_;
  bool woken_ = false;
  mutable std::shared_ptr<const ClusterView> view_;
};

}  // namespace stevedore::store
