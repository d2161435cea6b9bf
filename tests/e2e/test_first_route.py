"""docs/first-route.md, typed line by line on a real node: every command prints what the page says. Then the commands of
the pages that help when something does not work: each does its work. Then all examples, by one command."""

import contextlib
import os
import re
import subprocess

import pytest

from harness import docs, examples
from harness.cluster import NODE_IP, ROOT, Node
from harness.udp import Client
from harness.wait import until

PAGE = ROOT / "docs" / "first-route.md"
HELP = [ROOT / "docs" / name for name in ("conditions.md", "troubleshooting.md")]
IMAGE = ROOT / "build" / "image.tar"
END = "--- the command has ended"
AGAIN = re.compile(r"ask |for number|kubectl (get|exec)")   # asking once more changes nothing
SECONDS = 20   # for what is asked again: nodes take a moment to lead to a port
# What differs from one cluster to the next.
OTHERS = [(r"\b\d+\.\d+\.\d+\.\d+\b", "ADDRESS"), (r'"nodePort":\d+', '"nodePort":PORT'),
          (r"-[a-z0-9]{8,10}-[a-z0-9]{5}\b", "-POD"), (r"LAST DEPLOYED: .*", "LAST DEPLOYED"),
          (r"\b\d+(s|m|m\d+s)$", "AGE"), (r" +", " ")]


def steps():
    """[(command, what it prints)] of the page."""
    found = []
    for block in docs.blocks(PAGE, "console"):
        for line in block.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in found]


def rewrite(said):
    """Puts [(command, what it printed)] in the place of the page's steps."""
    left, lines, inside = list(said), [], False
    for line in PAGE.read_text().splitlines():
        inside = line == "```console" or (inside and line != "```")
        if line.startswith("$ ") and inside:
            command, printed = left.pop(0)
            lines += [f"$ {command}", *printed.splitlines()]
        elif not inside or line == "```console":
            lines.append(line)
    PAGE.write_text("\n".join(lines) + "\n")


def commands(page):
    """What a page has to be typed, one command each."""
    text = "".join(block.text for block in docs.blocks(page, "sh"))
    return [line.split("   #")[0].strip() for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip()]


def likened(text):
    for pattern, other in OTHERS:
        text = re.sub(pattern, other, text, flags=re.MULTILINE)
    return text.strip()


class Shell:
    """One bash, as at a desk: what a line sets, the next one has."""

    def __init__(self, node):
        self._bash = node.begin("bash", cwd=ROOT, text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def type(self, command):
        self._bash.stdin.write(f"{{ {command}\n}} </dev/null\necho '{END}'\n")
        self._bash.stdin.flush()
        lines = []
        for line in self._bash.stdout:
            if line.rstrip("\n").endswith(END):
                lines.append(line.rstrip("\n").removesuffix(END))
                return "\n".join(lines).rstrip("\n")
            lines.append(line.rstrip("\n"))
        raise AssertionError(f"the shell ended at: {command}\n" + "\n".join(lines))

    def close(self):
        self._bash.stdin.close()
        self._bash.wait(timeout=30)


@pytest.fixture(scope="module")
def node():
    made = Node()
    try:
        made.product(IMAGE)
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def shell(node):
    typing = Shell(node)
    yield typing
    typing.close()


def answer(shell, command, wanted):
    """What a command prints; asked again, where that changes nothing, until it is what is wanted."""
    said = [shell.type(command)]

    def is_it():
        if likened(said[-1]) != likened(wanted):
            said.append(shell.type(command))
        return likened(said[-1]) == likened(wanted)
    if AGAIN.match(command):
        with contextlib.suppress(AssertionError):
            until(command, is_it, SECONDS, interval=0.25)
    return said[-1]


def test_every_command_prints_what_the_page_says(shell):
    """STEVEDORE_UPDATE_GOLDEN=1 writes what they printed into the page."""
    asked = steps()
    assert len(asked) >= 15
    said = [(command, answer(shell, command, wanted)) for command, wanted in asked]
    if os.environ.get("STEVEDORE_UPDATE_GOLDEN"):
        rewrite(said)
        return
    for (command, printed), (_, wanted) in zip(said, asked):
        assert likened(printed) == likened(wanted), f"$ {command}"


FAULT = re.compile(r"^(error|Error|unable|curl:|bash:)", re.MULTILINE)
# Typed where a file is (tests/integration/test_docs.py knows them), or when the Job has failed.
ELSEWHERE = re.compile(r"stevedore-|kubectl \w+ job/stevedore-crd-apply")


def test_the_commands_that_help_do_their_work(shell):
    shell.type("kubectl apply --namespace game -f manifests/examples/kcp.yaml")
    shell.type("kubectl wait --for=condition=PeersAvailable svdr/kcp --namespace game --timeout=60s")
    typed = [command for page in HELP for command in commands(page) if not ELSEWHERE.match(command)]
    assert len(typed) >= 25
    try:
        for command in typed:
            def works():
                said = shell.type(command)
                return not FAULT.search(said)
            until(f"this works: {command}", works, timeout=10, interval=0.25)
    finally:
        shell.type("kill %?port-forward; wait")


# {route: (a datagram, how the name of the pod begins that answers it)}
EXAMPLES = {"kcp": (b"0001hello", b"kcp-server-"), "versions": (b"flag\0\2hello", b"game-v2-"),
            "quic": (b"\x43\x021234567", b"quic-2|"), "tftp": (b"\0\1name\0octet\0", b"\0\3\0\1tftp-"),
            "backup": (b"hello", b"arena-")}


def test_all_examples_run(node, shell):
    """Their pods are Stevedore's own image, under the restricted profile; the routes lead to them."""
    shell.type("kubectl delete namespace game; kubectl create namespace examples")
    shell.type("kubectl label namespace examples pod-security.kubernetes.io/enforce=restricted")
    node.kubectl("apply", "--namespace", "examples", "-f", str(examples.FOLDER))
    routes = [path.stem for path in examples.FILES if path.stem != "static-peers"]
    node.kubectl("wait", "--namespace", "examples", "--for=condition=PeersAvailable", "--timeout=90s",
                 *(f"svdr/{name}" for name in routes), timeout=100)
    node.kubectl("wait", "--namespace", "examples", "--for=condition=Accepted=False", "svdr/static-peers")
    assert set(EXAMPLES) < set(routes)
    for name, (datagram, beginning) in EXAMPLES.items():
        port = node.get("svdr", name, "examples")["status"]["listener"]["addresses"][0]["nodePort"]

        def answered():
            with Client(port, NODE_IP, namespace=node.namespace) as one:
                one.send(datagram)
                return (one.receive(timeout=0.5) or b"").startswith(beginning)
        until(f"a pod of {name} answers", answered, timeout=20)
