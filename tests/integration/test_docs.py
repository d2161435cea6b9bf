"""What the documents name exists: files, anchors, commands, flags, targets, metrics, reasons. Config files in them are
taken by `check`. Their YAML is applied by tests/e2e/test_docs.py."""

import json
import os
import re

import pytest
import yaml

from harness import docs, reference
from harness.process import run

ROOT = docs.ROOT
PROGRAMS = ("stevedore-proxy", "stevedore-controller")
LANGUAGES = {"sh", "console", "yaml", "json", "promql", ""}   # "": pictures and other programs' output
# Flags of other programs that stand alone in the documents.
FOREIGN_FLAGS = {"--server-side", "--force-conflicts", "--service-node-port-range", "--set", "--values", "--reuse-values",
                 "--reset-then-reuse-values", "--wait", "--watch", "--create-namespace", "--dry-run", "--namespace",
                 "--udp-services-configmap"}
METRIC = re.compile(
    r"\b((?:stevedore|controller_runtime|workqueue|rest_client|leader_election_master|process)_[a-z_]+[a-z])\b")
SERIES = re.compile(r"_(bucket|sum|count)$")


def by_name(page):
    return docs.name_of(page)


def words_after(text, program):
    """The words of each call of a program in a shell's text: up to the end of the line or command."""
    joined = re.sub(r"\\\n\s*", " ", text)
    return [match[1].split() for match in re.finditer(rf"(?<![\w/.-]){program}((?:[ \t]+[^\s|;&#<>)]+)*)", joined)]


def shell_texts(page):
    """Everything in a page that is typed: blocks of shells, and text in backticks."""
    return [block.text for block in docs.blocks(page, "sh", "console")] + docs.spans(page)


def commands_of(program, words=()):
    """Yields (subcommand's words, its flags) of a program and all its subcommands, by their own --help."""
    done = run(program, *words, "--help")
    assert done.returncode == 0, done.stderr
    yield words, set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", done.stdout))
    for name in re.findall(r"^  ([a-z]+) ", done.stdout.partition("\nSubcommands:\n")[2], re.MULTILINE):
        yield from commands_of(program, (*words, name))


@pytest.fixture(scope="module")
def flags():
    """{(program, subcommand's words): its flags}"""
    return {(program, words): found for program in PROGRAMS for words, found in commands_of(program)}


@pytest.mark.parametrize("page", docs.PAGES, ids=by_name)
def test_commands_and_their_flags_exist(page, flags):
    for text in shell_texts(page):
        for program in PROGRAMS:
            for words in words_after(text, program):
                command = ()
                for word in words:
                    flag = word.split("=")[0]
                    if (program, (*command, word)) in flags:
                        command = (*command, word)
                    elif re.fullmatch(r"--?[a-z][a-z-]*", flag):
                        assert flag in flags[program, command], f"{page}: {program} {words}"


@pytest.mark.parametrize("page", docs.PAGES, ids=by_name)
def test_blocks_are_of_a_language_that_is_tested(page):
    assert {block.language for block in docs.blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("page", docs.PAGES, ids=by_name)
def test_flags_that_stand_alone_exist(page, flags):
    known = set().union(*flags.values()) | FOREIGN_FLAGS
    alone = {span.split("=")[0].split()[0] for span in docs.spans(page) if re.match(r"--[a-z]", span)}
    assert alone <= known, f"{page}: {alone - known}"


@pytest.mark.parametrize("page", docs.PAGES, ids=by_name)
def test_make_targets_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for text in shell_texts(page) + [block.text for block in docs.blocks(page, "")]:
        named = set(re.findall(r"(?:^|[`(]|&& )\s*make ([a-z]+)\b", text, re.MULTILINE))
        assert named <= targets, f"{page}: {named - targets}"


@pytest.mark.parametrize("page", docs.PAGES, ids=by_name)
def test_links_lead_to_files_and_anchors(page):
    for file, anchor in docs.links(page):
        assert file.exists(), f"{page}: {file}"
        if anchor:
            assert anchor in docs.anchors(file), f"{page}: {file}#{anchor}, which has {sorted(docs.anchors(file))}"


def test_every_page_is_in_the_index():
    """docs/README.md leads to every page of docs/, decisions as a folder aside."""
    told = {file for file, _ in docs.links(ROOT / "docs" / "README.md")}
    folders = [ROOT / "docs" / name for name in ("decisions", "runbooks")]
    pages = {page for page in (ROOT / "docs").rglob("*.md") if not any(page.is_relative_to(each) for each in folders)}
    assert pages - told == {ROOT / "docs" / "README.md"}


@pytest.mark.parametrize("page", docs.PAGES, ids=by_name)
def test_metrics_exist(page):
    listed = set(METRIC.findall((ROOT / "docs" / "metrics.md").read_text()))
    named = {name for name in METRIC.findall(page.read_text())}
    unknown = {name for name in named if name not in listed and SERIES.sub("", name) not in listed}
    assert not unknown, f"{page}: {unknown}"


def names_in(header, function):
    """The texts that a ToString of an enumeration returns."""
    source = (ROOT / header).read_text()
    body = re.search(rf"ToString\({function} \w+\) noexcept {{\n(.*?)\n}}\n", source, re.DOTALL)[1]
    return set(re.findall(r'return "(\w+)"', body))


def test_every_condition_and_reason_is_told():
    """And none that does not exist."""
    told = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "conditions.md").read_text(), re.MULTILINE))
    reasons = names_in("controller/api/conditions.cc", "Reason")
    events = {"BackupActivated", "BackupDeactivated"}
    assert told == reasons | events
    page = docs.prose(ROOT / "docs" / "conditions.md")
    assert names_in("controller/api/conditions.cc", "ConditionType") <= set(re.findall(r"^## `(\w+)`", page, re.M))


def test_every_reason_of_a_drop_has_a_remedy():
    source = (ROOT / "proxy" / "runtime" / "stats.h").read_text()
    reasons = set()
    for table in ("kUpDropNames", "kDownDropNames"):
        reasons |= set(re.findall(r'"(\w+)"', re.search(rf"{table} = {{(.*?)}};", source, re.DOTALL)[1]))
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    assert reasons == set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))


def test_the_rights_that_are_told_are_those_of_the_role():
    rights = {}
    for each in yaml.safe_load_all((ROOT / "manifests" / "rbac.yaml").read_text()):
        for rule in each.get("rules", []):
            for resource in rule["resources"]:
                rights.setdefault(resource, set()).update(rule["verbs"])
    told = {}
    rows = re.findall(r"^\| ([a-z, ]+) \| ([a-z/, ]+)[^|]*\|", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    for verbs, resources in rows:
        for resource in set(re.findall(r"[a-z/]+", resources)) & set(rights):
            told.setdefault(resource, set()).update(verbs.split(", "))
    assert told == rights


def test_the_reference_is_made_from_the_crd():
    """STEVEDORE_UPDATE_GOLDEN=1 writes it."""
    wanted = reference.page()
    if os.environ.get("STEVEDORE_UPDATE_GOLDEN"):
        reference.PAGE.write_text(wanted)
    assert reference.PAGE.read_text() == wanted


JSON = [block for page in docs.PAGES for block in docs.blocks(page, "json")]


@pytest.mark.parametrize("block", JSON, ids=lambda block: block.name)
def test_config_files_are_taken(block, tmp_path):
    if "other" in block.info:
        assert json.loads(re.sub(r"^\s*//.*$", "", block.text, flags=re.MULTILINE))
        return
    path = tmp_path / "config"
    path.write_text(block.text)
    done = run("stevedore-proxy", "check", "-c", path)
    assert done.returncode == 0, f"{block.name}: {done.stderr}"


LOCAL = ROOT / "manifests" / "examples" / "local"


def test_examples_without_a_cluster_compile_without_a_word():
    done = run("stevedore-controller", "compile", "-f", LOCAL)
    assert (done.returncode, done.stderr) == (0, "")
