#include "controller/convert/convert.h"

#include <filesystem>
#include <fstream>

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Input kServices = {"s.yaml",
                         "{apiVersion: v1, kind: ConfigMap, metadata: {name: udp-services}, data: "
                         "{'53': 'ns/dns:53'}}"};

TEST(Convert, TellsByItsExitHowItWent) {
  const ConvertOutput all = Convert({kServices}, {});
  EXPECT_EQ(all.exit, kCarriedOver);
  EXPECT_THAT(all.lines, IsEmpty());
  EXPECT_THAT(all.routes, HasSubstr("name: dns-53\n"));

  const ConvertOutput part =
      Convert({kServices, {"p.yaml", "{kind: Pod, metadata: {name: x}}"}}, {});
  EXPECT_EQ(part.exit, kLeftOut);
  EXPECT_EQ(part.routes, all.routes);
  EXPECT_THAT(part.lines, ElementsAre("p.yaml: Pod default/x: no UDP configuration that convert "
                                      "knows: it is left as it is"));

  const ConvertOutput bad = Convert({kServices, {"b.yaml", "a: ["}}, {});
  EXPECT_EQ(bad.exit, kBadInput);
  EXPECT_EQ(bad.routes, "");
  EXPECT_THAT(bad.lines, ElementsAre(HasSubstr("error: b.yaml: line 1: not YAML")));

  const ConvertOutput nothing = Convert({{"e.yaml", ""}}, {});
  EXPECT_EQ(nothing.exit, kBadInput);
  EXPECT_THAT(nothing.lines, ElementsAre(HasSubstr("error: nothing to convert")));
}

TEST(Convert, ChecksItsOptions) {
  ConvertOptions options;
  options.from = "haproxy";
  options.default_ns = "A b";
  options.class_name = "";
  EXPECT_THAT(
      Convert({kServices}, options).lines,
      ElementsAre(HasSubstr("--from \"haproxy\": must be ingress-nginx, "),
                  HasSubstr("--namespace \"A b\": must be"), HasSubstr("--class \"\": must be")));
  options = {};
  options.entry_points = {"dns"};
  EXPECT_THAT(Convert({kServices}, options).lines,
              ElementsAre(HasSubstr("--entry-point \"dns\": must be NAME=PORT")));
}

TEST(Convert, ReadsOneSourceAloneWhenTold) {
  ConvertOptions options;
  options.from = "traefik";
  const ConvertOutput output = Convert({kServices}, options);
  EXPECT_EQ(output.exit, kLeftOut);
  EXPECT_EQ(output.routes, "");
  options.from = "ancestor";
  EXPECT_EQ(Convert({kServices}, options).exit, kBadInput);
}

TEST(Convert, SeparatesDocuments) {
  const Input two = {"s.yaml",
                     "{apiVersion: v1, kind: ConfigMap, metadata: {name: udp-services}, data: "
                     "{'53': 'ns/dns:53', '54': 'ns/dns:53'}}"};
  const ConvertOutput output = Convert({two}, {});
  EXPECT_EQ(output.exit, kCarriedOver);
  EXPECT_EQ(Parsed(output.routes).size(), 2u);
}

TEST(Convert, DoesNotReadToml) {
  EXPECT_THAT(Convert({{"traefik.toml", "[entryPoints]"}}, {}).lines,
              ElementsAre(HasSubstr("error: traefik.toml: TOML is not read")));
}

TEST(RunConvert, ReadsFiles) {
  const std::string file = testing::TempDir() + "/convert_test.yaml";
  std::ofstream(file) << kServices.text;
  ConvertOptions options;
  options.files = {file};
  testing::internal::CaptureStdout();
  EXPECT_EQ(RunConvert(options), kCarriedOver);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            Convert({{file, kServices.text}}, options).routes);
  std::filesystem::remove(file);
  testing::internal::CaptureStderr();
  EXPECT_EQ(RunConvert(options), kBadInput);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("error: " + file));
}

}  // namespace
}  // namespace stevedore::convert
