"""Plants one example of each fault in a small clean tree and shows that tidy reports it."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import tidy  # noqa: E402

HEADER = "// What it is.\n// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"
TEST = "#include <gtest/gtest.h>\nTEST(A, B) { EXPECT_TRUE(true); }\n"
CRD = """spec:
  versions:
  - schema:
      openAPIV3Schema:
        description: What the kind is, in a sentence.
        properties:
          spec:
            description: What shall happen to the datagrams.
            x-kubernetes-validations: [{rule: "true", message: "`a` must be set with `b`"}]
            properties:
              seconds: {description: "Seconds until it ends. Default 5, 1 to 300.", default: 5, minimum: 1, maximum: 300}
"""
FUZZ = """// Fuzz target: what.
// Property: so.
extern "C" int LLVMFuzzerTestOneInput(const Byte* data, Size size) { Require(true); }
"""
FAULTS = """## A. What may happen (3)

| # | fault | what a user sees | what the software does | tests |
|---|---|---|---|---|
| A1 | one | nothing | goes on | `A.B` |
| A2 | two | nothing | goes on | `e2e/test_a.py::test_b` `fuzz/c` |
| A3 | three | nothing | goes on | none: no kernel here can do that |
"""
CLEAN = {
    "crds/kind.yaml": CRD,
    "proxy/worker/worker.h": HEADER,
    "proxy/worker/worker.cc": '#include "proxy/worker/worker.h"\n\n#include "proxy/config/address.h"\n',
    "proxy/worker/CMakeLists.txt": "stevedore_library(proxy_worker SRCS worker.cc)\n",
    "proxy/config/address.h": HEADER,
    "proxy/base/log.h": HEADER + "#include <spdlog/spdlog.h>\n",
    "controller/store/sink_user.h": HEADER + '#include "controller/source/sink.h"\n',
    "tests/proxy/worker/worker_test.cc": TEST,
    "tests/CMakeLists.txt": "stevedore_test_folder(proxy/worker DEPS proxy_worker)\n",
    "tests/e2e/test_a.py": "def test_b():\n    assert True\n",
    "tests/fuzz/c.cc": FUZZ,
    "tests/fuzz/CMakeLists.txt": "stevedore_fuzz_target(c DEPS proxy_worker)\n",
    "tests/fuzz/corpus/c/first": "a",
    "docs/faults.md": FAULTS,
    "docs/metrics.md": "| `stevedore_proxy_sessions` | gauge |\n",
}

LONG_FUNCTION = "int Long(int a,\n         int b) {\n" + "  a += b;\n" * 69 + "  return a;\n}\n"
LONG_MEMBER = "class A {\n public:\n  int Long() {\n" + "    ++a_;\n" * 69 + "  }\n};\n"

# (file to write or to extend with "+", text, what tidy says)
PLANTED = {
    "base includes config": (
        "proxy/base/x.h", HEADER + '#include "proxy/config/model.h"\n', "proxy/base may not include proxy/config/model.h"),
    "config includes net": (
        "proxy/config/x.h", HEADER + '#include "proxy/net/udp_socket.h"\n', "proxy/config may not include proxy/net/"),
    "session includes worker": (
        "proxy/session/x.h", HEADER + '#include "proxy/worker/worker.h"\n', "proxy/session may not include proxy/worker/"),
    "health includes session": (
        "proxy/health/x.h", HEADER + '#include "proxy/session/table.h"\n', "proxy/health may not include proxy/session/"),
    "worker includes config": (
        "proxy/worker/worker.cc+", '#include "proxy/config/model.h"\n', "proxy/worker may not include proxy/config/model.h"),
    "worker includes logging": (
        "proxy/worker/worker.cc+", '#include "proxy/base/log.h"\n', "proxy/worker may not include proxy/base/log.h"),
    "worker includes JSON": (
        "proxy/worker/worker.cc+", "#include <nlohmann/json.hpp>\n", "<nlohmann/json.hpp> may stand only in"),
    "proxy includes controller": (
        "proxy/control/x.h", HEADER + '#include "controller/kube/transport.h"\n', "may not include controller/kube/"),
    "controller includes runtime": (
        "controller/compile/x.h", HEADER + '#include "proxy/runtime/snapshot.h"\n', "may not include proxy/runtime/"),
    "kube knows of Stevedore": (
        "controller/kube/x.h", HEADER + '#include "controller/api/stevedore_route.h"\n', "may not include controller/api/"),
    "store knows of kube": (
        "controller/store/x.h", HEADER + '#include "controller/kube/reflector.h"\n', "may not include controller/kube/reflector.h"),
    "source knows of config": (
        "controller/source/x.h", HEADER + '#include "proxy/config/model.h"\n', "may not include proxy/config/"),
    "publish includes compile": (
        "controller/publish/x.h", HEADER + '#include "controller/compile/compiler.h"\n', "may not include controller/compile/"),
    "relative include": ("proxy/worker/worker.cc+", '#include "worker.h"\n', "include from the root"),
    "unknown folder": ("proxy/extra/x.h", HEADER, "folder proxy/extra is not in the table"),
    "heavy header in a header": (
        "controller/kube/http.h", HEADER + "#include <cpprest/http_client.h>\n", "<cpprest/http_client.h> in a header"),
    "cpprest outside kube": (
        "controller/publish/x.h", HEADER + "#include <cpprest/json.h>\n", "may stand only in controller/kube/"),
    "file too long": ("proxy/worker/worker.cc+", "int a;\n" * 400, "lines: at most 400"),
    "script too long": ("tests/long.py", "a = 1\n" * 401, "401 lines: at most 400"),
    "line too long": ("proxy/worker/worker.cc+", "// " + "x" * 98 + "\n", "101 columns: at most 100"),
    "function too long": ("proxy/worker/worker.cc+", LONG_FUNCTION, "function of 73 lines"),
    "member function too long": ("proxy/worker/worker.h+", LONG_MEMBER, "function of 71 lines"),
    "source without a test": (
        "proxy/worker/other.cc", "int a;\n", "source without a test: tests/proxy/worker/other_test.cc is missing"),
    "source not built": ("proxy/worker/other.cc", "int a;\n", "not built: proxy/worker/CMakeLists.txt"),
    "test that asserts nothing": (
        "tests/proxy/worker/worker_test.cc", "TEST(A, B) {}\n", "a test that asserts nothing"),
    "Python test that asserts nothing": (
        "tests/e2e/test_x.py", "def test_x():\n    pass\n", "a test that asserts nothing"),
    "test folder not run": ("tests/proxy/net/net_test.cc", TEST, "tests/CMakeLists.txt does not name proxy/net"),
    "header without a comment": ("proxy/base/x.h", "#pragma once\n", "a header starts with a comment"),
    "header without a license": ("proxy/base/x.h", "// What.\n#pragma once\n", "lacks 'SPDX"),
    "header without a guard": ("proxy/base/x.h", HEADER.replace("#pragma once\n", ""), "#pragma once is missing"),
    "unfinished work": ("docs/x.md", "TO" "DO: write this\n", "unfinished work"),
    "a path of a machine": ("docs/x.md", "see /ho" "me/ann/notes\n", "a path of one machine"),
    "a registry": ("docs/x.md", "from pypi.o" "rg\n", "package registry"),
    "string on the packet path": (
        "proxy/worker/packet_path.h", HEADER + "std::string a;\n", "std::string on the packet path"),
    "throw on the packet path": ("proxy/session/x.h", HEADER + "void F() { throw 1; }\n", "throw on the packet path"),
    "lock on the packet path": ("proxy/worker/worker.cc+", "std::mutex m;\n", "a lock on the packet path"),
    "logging on the packet path": (
        "proxy/runtime/balancer.h", HEADER + "void F() { spdlog::info(1); }\n", "logging on the packet path"),
    "std::function on the packet path": (
        "proxy/runtime/hash_key.h", HEADER + "std::function<void()> f;\n", "std::function on the packet path"),
    "the chart's copy of the CRD": ("helm/stevedore/files/kind.yaml", CRD + "\n", "differs from crds/kind.yaml: copy it"),
    "field without a description": (
        "crds/kind.yaml+", "              more: {type: string}\n", "spec.more: a description of 0 characters"),
    "default that is not told": (
        "crds/kind.yaml", CRD.replace("Default 5", "Default 6"), 'spec.seconds: does not say "Default 5"'),
    "default that is not there": (
        "crds/kind.yaml", CRD.replace("default: 5, ", ""), "speaks of a default that the schema does not have"),
    "limit that is not told": ("crds/kind.yaml", CRD.replace("maximum: 300", "maximum: 3"), 'does not say "1 to 3"'),
    "value that is not told": (
        "crds/kind.yaml", CRD.replace("minimum: 1, maximum: 300", "enum: [Flow]"), "does not name its value Flow"),
    "rule without a message": (
        "crds/kind.yaml", CRD.replace("`a` must be set with `b`", "wrong"), "does not say what would be right"),
    "metric without a description": (
        "proxy/control/x.h", HEADER + 'auto n = "stevedore_proxy_secrets_total";\n',
        "metric stevedore_proxy_secrets_total is not in docs/metrics.md"),
    "wall clock": (
        "proxy/control/x.h", HEADER + "auto t = std::chrono::system_clock::now();\n", "the wall clock jumps"),
    "hole in the faults": ("docs/faults.md", FAULTS.replace("| A2 |", "| A4 |"), "A4 follows A1"),
    "fault told twice": ("docs/faults.md", FAULTS.replace("| A3 |", "| A2 |"), "A2 follows A2"),
    "fault left out at the end": ("docs/faults.md", FAULTS.replace("| A3 | three", "|   | three"), "ends with 2"),
    "faults without a heading": ("docs/faults.md", FAULTS.replace("## A.", "## B."), "section A has no heading"),
    "fault with a test that is gone": (
        "docs/faults.md", FAULTS.replace("`A.B`", "`A.C`"), "A1: test A.C does not exist"),
    "fault with a function that is gone": (
        "docs/faults.md", FAULTS.replace("::test_b", "::test_c"), "A2: test e2e/test_a.py::test_c does not exist"),
    "fault with a fuzz target that is gone": (
        "docs/faults.md", FAULTS.replace("fuzz/c", "fuzz/d"), "fuzz/d does not exist"),
    "fault with a test of another form": ("docs/faults.md", FAULTS.replace("`A.B`", "`A.B.C`"), "A.B.C is neither"),
    "fault without a test": ("docs/faults.md", FAULTS.replace("`A.B`", "A.B"), "A1: names no test"),
    "fault without a reason": (
        "docs/faults.md", FAULTS.replace("no kernel here can do that", "no"), "A3: no test and no reason"),
    "fault without a word for the user": (
        "docs/faults.md", FAULTS.replace("one | nothing", "one | "), "A1: an empty cell"),
    "fuzz target without a property": (
        "tests/fuzz/c.cc", FUZZ.replace("Property", "Note"), "then '// Property: '"),
    "fuzz target that demands nothing": ("tests/fuzz/c.cc", FUZZ.replace("Require(true);", ""), "demands nothing"),
    "fuzz target not built": ("tests/fuzz/d.cc", FUZZ, "tests/fuzz/CMakeLists.txt does not name it"),
    "fuzz target without a corpus": ("tests/fuzz/d.cc", FUZZ, "tests/fuzz/corpus/d holds nothing"),
    "input of no fuzz target": ("tests/fuzz/corpus/d/first", "a", "input of no fuzz target"),
    "words of no fuzz target": ("tests/fuzz/d.dict", '"a"\n', "words of no fuzz target"),
    "large input": ("tests/fuzz/corpus/c/large", "a" * 2049, "2049 bytes: at most 2048"),
    "fault with a cell too few": ("docs/faults.md", FAULTS.replace("one | nothing", "one"), "A1: 4 cells, not 5"),
}


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def messages(root):
    found, _ = tidy.faults(root)
    return [str(fault) for fault in found]


def test_clean_tree_has_no_fault(tmp_path, capsys):
    write(tmp_path, CLEAN)
    assert messages(tmp_path) == []
    assert tidy.main(tmp_path) == 0
    assert "0 faults" in capsys.readouterr().out


@pytest.mark.parametrize("name", PLANTED)
def test_planted_fault_is_reported(tmp_path, name):
    path, text, expected = PLANTED[name]
    write(tmp_path, CLEAN)
    if path.endswith("+"):
        path = path[:-1]
        text = CLEAN[path] + text
    write(tmp_path, {path: text})
    said = [message for message in messages(tmp_path) if message.startswith(path)]
    assert any(expected in message for message in said), said
    assert tidy.main(tmp_path) == 1


def test_header_that_exposes_json_stays_in_its_folder(tmp_path):
    write(tmp_path, CLEAN)
    write(tmp_path, {
        "controller/api/json_tree.h": HEADER + "#include <nlohmann/json_fwd.hpp>\n",
        "controller/compile/x.h": HEADER + '#include "controller/api/json_tree.h"\n',
        "controller/api/y.h": HEADER + '#include "controller/api/json_tree.h"\n',
    })
    assert messages(tmp_path) == [
        "controller/api/y.h:4: controller/api/json_tree.h exposes a heavy library: include it in .cc files only",
        "controller/compile/x.h:4: controller/api/json_tree.h exposes a heavy library and is internal to its folder",
    ]


def test_all_faults_are_reported_in_one_run(tmp_path, capsys):
    write(tmp_path, CLEAN)
    write(tmp_path, {"docs/a.md": "FIX" "ME\n", "proxy/base/x.h": "int a;\n"})
    assert tidy.main(tmp_path) == 1
    assert "4 faults" in capsys.readouterr().out


def test_function_lengths_leave_tables_and_declarations_alone():
    table = ["constexpr int kTable[] = {"] + ["    1,"] * 100 + ["};"]
    declaration = ["int Declared(int a,", "             int b);"]
    function = ["namespace {", "", "int F() {", "  return 1;", "}", "", "}  // namespace"]
    assert list(tidy.sizes.functions(table + declaration + function)) == [(len(table) + 5, 3)]
