#include "controller/convert/settle.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Draft At(const std::string& name, std::int64_t port, const std::string& address = "") {
  Draft draft{{"f.yaml", "Kind " + name, ""}, {"ns", name}, {}, {}};
  draft.spec.listener.port = port;
  draft.spec.listener.address = address;
  return draft;
}

std::vector<std::string> Names(const Conversion& conversion) {
  std::vector<std::string> names;
  for (const Draft& draft : conversion.routes) names.push_back(draft.key.name);
  return names;
}

TEST(Settle, TheFirstRouteKeepsThePort) {
  Conversion conversion;
  conversion.routes = {At("a", 53), At("b", 54), At("c", 53), At("d", 53, "10.0.0.1")};
  Settle(conversion);
  EXPECT_THAT(Names(conversion), ElementsAre("a", "b", "d"));
  EXPECT_THAT(Lines(conversion.losses),
              ElementsAre(HasSubstr("f.yaml: Kind c: port 53 has a route already (ns/a, from "
                                    "f.yaml: Kind a")));
}

TEST(Settle, NamesGetTheirPortWhenTaken) {
  Conversion conversion;
  conversion.routes = {At("a", 1), At("a", 2), At("a-3", 4), At("a", 3), At("b", 5)};
  Settle(conversion);
  EXPECT_THAT(Names(conversion), ElementsAre("a", "a-2", "a-3", "a-3-3", "b"));
  EXPECT_THAT(conversion.routes[1].decisions, ElementsAre(HasSubstr("Not called \"a\"")));
  EXPECT_THAT(conversion.routes[0].decisions, IsEmpty());
  EXPECT_THAT(conversion.losses, IsEmpty());
}

}  // namespace
}  // namespace stevedore::convert
