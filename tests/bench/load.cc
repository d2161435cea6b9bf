// load: peers and clients in one process, told by lines on stdin, so that one place counts what was
// sent, what arrived and what came back.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "tests/bench/clients.h"
#include "tests/bench/crowd.h"
#include "tests/bench/peers.h"

namespace stevedore::bench {
namespace {

using Words = std::map<std::string, std::string>;

Words ParseLine(const std::string& line) {
  Words words;
  std::istringstream in(line);
  for (std::string word; in >> word;) {
    const std::size_t equals = word.find('=');
    words[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return words;
}

double Number(const Words& words, const std::string& name, double otherwise) {
  const auto found = words.find(name);
  return found == words.end() ? otherwise : std::stod(found->second);
}

std::vector<int> Pids(const std::string& list) {
  std::vector<int> pids;
  std::istringstream in(list);
  for (std::string pid; std::getline(in, pid, ',');) pids.push_back(std::stoi(pid));
  return pids;
}

std::int64_t CpuTime(const std::vector<int>& pids) {
  std::int64_t sum = 0;
  for (const int pid : pids) sum += bench::CpuTime(pid);
  return sum;
}

LoadPlan PlanOf(const Words& words) {
  LoadPlan plan;
  plan.target = ParseAddress(words.at("target"));
  plan.source = ParseAddress(words.at("source") + ":0");
  plan.flows = static_cast<unsigned>(Number(words, "flows", 1));
  plan.rules = static_cast<unsigned>(Number(words, "rules", 1));
  plan.listeners = static_cast<unsigned>(Number(words, "listeners", 1));
  plan.size = static_cast<std::size_t>(Number(words, "size", 64));
  plan.burst = static_cast<unsigned>(Number(words, "burst", 1));
  plan.gso = Number(words, "gso", 0) != 0;
  plan.echo = Number(words, "echo", 1) != 0;
  plan.crowd = Number(words, "crowd", 0) != 0;
  return plan;
}

using Open = std::unique_ptr<Traffic>;

void OpenFlows(const Words& words, Peers& peers, Open& open) {
  const LoadPlan plan = PlanOf(words);
  peers.set_echo(plan.echo);
  Open traffic;
  if (plan.crowd)
    traffic = std::make_unique<Crowd>(plan);
  else
    traffic = std::make_unique<Clients>(plan);
  const bool warm = traffic->Warm();
  std::printf("{\"warm\": %s}\n", warm ? "true" : "false");
  if (warm) open = std::move(traffic);
}

// Without replies: what is under way to the peers counts, too.
void AwaitArrivals(std::uint64_t sent, std::uint64_t before, const Peers& peers) {
  LoadResult arrived;
  arrived.sent = sent;
  for (Patience patience; patience.Lasts(arrived); arrived.answered = peers.received() - before)
    ::usleep(500);
}

void Run(const Words& words, Peers& peers, Traffic& traffic) {
  const std::vector<int> pids = Pids(words.at("pids"));
  const std::uint64_t received = peers.received();
  const std::int64_t cpu = CpuTime(pids);
  const std::int64_t own = bench::CpuTime(::getpid());
  const std::int64_t start = Now();
  const LoadResult result = traffic.Run(Number(words, "rate", 1000), Number(words, "seconds", 1));
  if (!peers.echo()) AwaitArrivals(result.sent, received, peers);
  const std::int64_t used = CpuTime(pids) - cpu;
  const auto nanos = [&](double q) { return result.latency.Quantile(q); };
  std::printf(
      "{\"sent\": %llu, \"refused\": %llu, \"arrived\": %llu, \"answered\": %llu, \"cpu_ns\": "
      "%lld, "
      "\"load_cpu_ns\": %lld, \"wall_ns\": %lld, \"p50_ns\": %.0f, \"p99_ns\": %.0f, \"p999_ns\": "
      "%.0f}\n",
      static_cast<unsigned long long>(result.sent), static_cast<unsigned long long>(result.refused),
      static_cast<unsigned long long>(peers.received() - received),
      static_cast<unsigned long long>(result.answered), static_cast<long long>(used),
      static_cast<long long>(bench::CpuTime(::getpid()) - own),
      static_cast<long long>(Now() - start), nanos(0.5), nanos(0.99), nanos(0.999));
}

}  // namespace

int Load(const std::vector<std::string>& arguments) {
  if (arguments.size() != 3) {
    std::fputs("usage: stevedore-bench load ADDR PEERS gro|plain   then lines on stdin\n", stderr);
    return 2;
  }
  Peers peers(ParseAddress(arguments[0] + ":0"), static_cast<unsigned>(std::stoi(arguments[1])),
              arguments[2] == "gro");
  std::string ports;
  for (const std::uint16_t port : peers.Ports())
    ports += (ports.empty() ? "" : ", ") + std::to_string(port);
  std::printf("[%s]\n", ports.c_str());
  std::fflush(stdout);
  Open open;
  for (std::string line; std::getline(std::cin, line);) {
    const Words words = ParseLine(line);
    if (words.contains("open")) OpenFlows(words, peers, open);
    if (words.contains("run") && open) Run(words, peers, *open);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace stevedore::bench
