#include "controller/convert/settle.h"

#include <map>
#include <utility>

namespace stevedore::convert {
namespace {

std::string Describe(const Draft& draft) {
  const Place& origin = draft.origin;
  return draft.key.ToString() + ", from " + origin.ToString();
}

void SettlePorts(Conversion& conversion) {
  std::map<std::pair<std::int64_t, std::string>, std::string> taken;
  std::erase_if(conversion.routes, [&](const Draft& draft) {
    const api::ListenerSpec& listener = draft.spec.listener;
    const auto [first, is_new] =
        taken.try_emplace({listener.port, listener.address}, Describe(draft));
    if (!is_new)
      conversion.losses.push_back(
          {draft.origin, "",
           "port " + std::to_string(listener.port) + " has a route already (" + first->second +
               "): choose one of them, another port, or rules that tell their datagrams apart"});
    return !is_new;
  });
}

void SettleNames(Conversion& conversion) {
  std::map<kube::Key, std::string> taken;
  for (Draft& draft : conversion.routes) {
    const std::string wished = draft.key.name;
    const std::string with_port = wished + "-" + std::to_string(draft.spec.listener.port);
    int number = 1;
    while (!taken.try_emplace(draft.key, draft.origin.file).second)
      draft.key.name = ++number == 2 ? with_port : with_port + "-" + std::to_string(number);
    if (number > 1)
      draft.decisions.push_back("Not called \"" + wished +
                                "\", since another of these routes is (from " +
                                taken.at({draft.key.ns, wished}) + ").");
  }
}

}  // namespace

void Settle(Conversion& conversion) {
  SettlePorts(conversion);
  SettleNames(conversion);
}

}  // namespace stevedore::convert
