// stevedore-convergence [--kubeconfig FILE] [--sequences N] [--universes N] [--seed N]
//                       [--patience-ms N] [--plant BUG]
// Prints one line of JSON; exit code 1 when a universe did not converge.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "proxy/base/log.h"
#include "tests/convergence/run.h"

namespace {

using namespace stevedore;

class Flags {
 public:
  Flags(int argc, char** argv) {
    for (int i = 1; i + 1 < argc; i += 2) values_[argv[i]] = argv[i + 1];
  }
  std::string Text(const std::string& name) const {
    const auto found = values_.find("--" + name);
    return found == values_.end() ? "" : found->second;
  }
  int Number(const std::string& name, int otherwise) const {
    const std::string text = Text(name);
    return text.empty() ? otherwise : std::atoi(text.c_str());
  }

 private:
  std::map<std::string, std::string> values_;
};

// Ends the program at once: at an orderly exit OpenSSL would forget what it holds for the threads
// of the HTTP library, which a leak checker then finds. So that checker has its look before.
[[noreturn]] void End(int code) {
  std::fflush(stdout);
#ifdef __SANITIZE_ADDRESS__
  if (__lsan_do_recoverable_leak_check() != 0) code = 3;
#endif
  std::_Exit(code);
}

int Fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const Flags flags(argc, argv);
  // For each connection the library reads the system's certificates, before ours replace them:
  // under a sanitizer that would be most of the work.
  ::setenv("SSL_CERT_FILE", "/dev/null", 1);
  ::setenv("SSL_CERT_DIR", "/dev/null", 1);
  // Watches fail by the thousand here, as they should.
  if (const Result<> set = SetUpLogging("off", "text"); !set) return Fail(set.error().detail);
  const auto access = kube::FindClusterAccess(
      flags.Text("kubeconfig"), "", kube::kServiceAccountDirectory, kube::ProcessEnvironment());
  if (!access) return Fail(access.error().detail);
  const auto plant = convergence::ParsePlant(flags.Text("plant"));
  if (!plant) return Fail("no such bug: " + flags.Text("plant"));

  convergence::RunOptions options;
  options.universe.access = *access;
  options.universe.seed = static_cast<std::uint64_t>(flags.Number("seed", 1));
  options.universe.plant = *plant;
  options.universe.patience = std::chrono::milliseconds(flags.Number("patience-ms", 20'000));
  options.universes = flags.Number("universes", 8);
  options.sequences = flags.Number("sequences", 100);
  const convergence::RunResult result = convergence::Run(options);
  const convergence::Tally& tally = result.tally;
  const nlohmann::json report = {
      {"seed", options.universe.seed}, {"sequences", tally.sequences},
      {"configs", tally.configs},      {"writes", tally.writes},
      {"reasons", tally.reasons},      {"cuts", tally.cuts},
      {"failure", result.failure},     {"slowest_list_ms", tally.slowest_list.count() / 1'000'000}};
  std::printf("%s\n", report.dump().c_str());
  End(result.failure.empty() ? 0 : 1);
}
