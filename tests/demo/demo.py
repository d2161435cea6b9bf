#!/usr/bin/env python3
"""The demonstration behind `make run`: controller, proxy and demo peers on loopback.

Starts stevedore-controller in directory mode over manifests/examples/local, stevedore-proxy, and UDP peers that answer
with their name; sends datagrams of the two classic examples and prints for each the rule, the key and the peer that
answered. Then it stays up with a live line until Ctrl-C, or with --once ends: 0 when every answer was right, else 1.
"""
import argparse
import contextlib
import json
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "manifests" / "examples" / "local"
KCP_PORT, VERSIONS_PORT = 2614, 7000
PEERS = {23451: "kcp-1", 23452: "kcp-2", 23453: "kcp-3", 23459: "kcp-backup",
         23461: "v1-1", 23462: "v1-2", 23471: "v2-1", 23472: "v2-2", 23479: "v2-backup"}
START_SECONDS = 15.0
ANSWER_SECONDS = 2.0


class Peers:
    """UDP servers on loopback; each answers a datagram with its own name."""

    def __init__(self):
        self.sockets = {}
        for port, name in PEERS.items():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(("127.0.0.1", port))
            self.sockets[sock] = name.encode()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.ended.is_set():
            for sock in select.select(list(self.sockets), [], [], 0.2)[0]:
                with contextlib.suppress(OSError):
                    payload, client = sock.recvfrom(65535)
                    if payload != b"heartbeat":
                        sock.sendto(self.sockets[sock], client)

    def close(self):
        self.ended.set()
        self.thread.join()
        for sock in self.sockets:
            sock.close()


class Process:
    """One of our programs, its log in a file."""

    def __init__(self, command, log):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out,
                                            start_new_session=True)

    def wait_for_log(self, pattern):
        """The first match of `pattern` in the log; ends the demonstration when it does not come."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log.read_text(errors="replace"))
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        sys.exit(f"demo: {self.log.name} did not show {pattern!r}:\n{self.log.read_text(errors='replace')[-4000:]}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def fetch(port, path):
    """(status, body) of a page of ours; (0, "") while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def wait_until(what, condition):
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"demo: gave up waiting for {what}")
        time.sleep(0.02)


def metric_sum(text, name, **labels):
    total = 0.0
    for line in text.splitlines():
        if line.startswith(name + "{") and all(f'{k}="{v}"' in line for k, v in labels.items()):
            total += float(line.rsplit(" ", 1)[1])
    return total


def kcp(conversation, number):
    """A KCP push segment: conv, cmd, frg, wnd, ts, sn, una, len, data."""
    return conversation.to_bytes(4, "little") + bytes([81, 0, 128, 0]) + bytes(4) + number.to_bytes(4, "little") + \
        bytes(4) + (4).to_bytes(4, "little") + b"demo"


def versioned(version, flags=0):
    """A header of the private protocol: flag, version, command, session id."""
    return bytes([flags, 0, 0, 0]) + version.to_bytes(2, "big") + bytes(10)


DEMO = [
    ("KCP conversation 0x01", KCP_PORT, kcp(1, 0)), ("KCP conversation 0x02", KCP_PORT, kcp(2, 0)),
    ("KCP conversation 0x05", KCP_PORT, kcp(5, 0)), ("KCP conversation 0x01", KCP_PORT, kcp(1, 1)),
    ("KCP conversation 0x02", KCP_PORT, kcp(2, 1)), ("KCP conversation 0x05", KCP_PORT, kcp(5, 1)),
    ("protocol version 1", VERSIONS_PORT, versioned(1)), ("protocol version 2", VERSIONS_PORT, versioned(2)),
    ("protocol version 9", VERSIONS_PORT, versioned(9)), ("version 1, debug bit", VERSIONS_PORT, versioned(1, 0x80)),
]


class Demo:
    def __init__(self, build, folder):
        self.proxy_binary = build / "proxy" / "stevedore-proxy"
        self.config = folder / "config" / "config.json"
        status = folder / "status" / "status.json"
        for file in (self.config, status):
            file.parent.mkdir()
        self.controller = Process([build / "controller" / "stevedore-controller",
                                   "--source", f"directory:{EXAMPLES}", "--proxy-config", self.config,
                                   "--proxy-status", status, "--metrics-address", "127.0.0.1:0"],
                                  folder / "controller.log")
        self.proxy = Process([self.proxy_binary, "-c", self.config, "--wait-for-config", "--status-file", status,
                              "--metrics-address", "127.0.0.1:0", "--drain-timeout", "0"], folder / "proxy.log")
        self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.client.bind(("127.0.0.1", 0))

    def start(self):
        self.controller_port, self.proxy_port = (
            int(process.wait_for_log(r"Serving metrics address=\S*:(\d+)")[1])
            for process in (self.controller, self.proxy))
        wait_until("the proxy to be ready", lambda: fetch(self.proxy_port, "/readyz")[0] == 200)
        wait_until("both routes to be programmed", lambda: self.programmed() >= 2)

    def programmed(self):
        status, body = fetch(self.controller_port, "/status")
        if status != 200:
            return 0
        return sum(condition["type"] == "Programmed" and condition["status"] == "True"
                   for item in json.loads(body)["items"] for condition in item["status"]["conditions"])

    def stop(self):
        self.controller.stop()
        self.proxy.stop()
        self.client.close()

    def explain(self, port, payload):
        """What the proxy's own `explain` says: the rule, the key, the verdict."""
        address, client_port = self.client.getsockname()
        said = subprocess.run([self.proxy_binary, "explain", "-c", self.config, "--listener", str(port), "--hex",
                               payload.hex(), "--client", f"{address}:{client_port}"],
                              capture_output=True, text=True, timeout=10, check=False).stdout

        def line(name):
            found = re.search(rf"^{name}: (.*)$", said, re.MULTILINE)
            return found[1] if found else "-"
        rule = "(default)" if line("rule").startswith("none") else line("rule")
        return rule, line("key"), line("upstream"), line("verdict")

    def ask(self, port, payload):
        """The name of the peer that answers, or None."""
        self.client.sendto(payload, ("127.0.0.1", port))
        if select.select([self.client], [], [], ANSWER_SECONDS)[0]:
            return self.client.recv(2048).decode()
        return None

    def drops(self):
        return metric_sum(fetch(self.proxy_port, "/metrics")[1], "stevedore_proxy_dropped_datagrams_total",
                          direction="up")

    def show(self, what, port, payload, homes):
        """Sends one datagram; True when what came back is what `explain` promises."""
        rule, key, upstream, verdict = self.explain(port, payload)
        before = self.drops()
        peer = self.ask(port, payload) if verdict.startswith("peer") else None
        if verdict.startswith("peer"):
            right = peer is not None and self.belongs(peer, upstream, verdict)
            # Every datagram of a conversation goes where its first one went.
            right = right and homes.setdefault(key if key != "-" else (port, rule), peer) == peer
            answer = peer or "no answer"
        else:
            self.client.sendto(payload, ("127.0.0.1", port))
            wait_until("the drop to be counted", lambda: self.drops() > before)
            silent = not select.select([self.client], [], [], 0.2)[0]
            right, answer = silent, "dropped: " + verdict.removeprefix("drop ")
        print(f"  {what:<23} :{port}  rule {rule:<20} key {key:<12} -> {answer:<18} {'ok' if right else 'WRONG'}")
        return right

    def belongs(self, peer, upstream, verdict):
        """By hash, exactly the peer that `explain` names; by turns, any one of the upstream's own."""
        if upstream.endswith("/kcp"):
            return PEERS[int(verdict.rsplit(":", 1)[1])] == peer
        return peer.startswith({"ver1": "v1-", "ver2": "v2-"}[upstream.rsplit("/", 1)[1]]) and \
            not peer.endswith("backup")

    def live(self):
        """One line a second until Ctrl-C."""
        before, then = None, time.monotonic()
        while True:
            time.sleep(1)
            text, now = fetch(self.proxy_port, "/metrics")[1], time.monotonic()
            counts = [metric_sum(text, "stevedore_proxy_datagrams_total", direction=d) for d in
                      ("client_in", "client_out")] + [metric_sum(text, "stevedore_proxy_dropped_datagrams_total")]
            rates = [(a - b) / (now - then) for a, b in zip(counts, before or counts)]
            peers = int(metric_sum(text, "stevedore_proxy_upstream_peers", state="usable"))
            print(f"\r  in {rates[0]:8.0f}/s   out {rates[1]:8.0f}/s   dropped {rates[2]:6.0f}/s   "
                  f"usable peers {peers}   ", end="", flush=True)
            before, then = counts, now


def say_where(demo):
    print(f"""
Up. Try it:
  send      echo -n 0123 | nc -u -w1 127.0.0.1 {KCP_PORT}        (its first four bytes are the key)
  edit      {EXAMPLES.relative_to(ROOT)}/*.yaml           (a saved change works at once)
  look      http://127.0.0.1:{demo.proxy_port}/metrics   http://127.0.0.1:{demo.controller_port}/status
  logs      {demo.proxy.log.parent}
Ctrl-C ends it.
""")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    arguments.add_argument("--once", action="store_true", help="end after the demonstration")
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stevedore-demo-")))
        try:
            peers = Peers()
        except OSError as error:
            sys.exit(f"demo: cannot open the demo peers on 127.0.0.1:{min(PEERS)} to {max(PEERS)}: {error}")
        stack.callback(peers.close)
        demo = Demo(options.build, folder)
        stack.callback(demo.stop)
        demo.start()
        print("Stevedore runs over manifests/examples/local: one client port, and for each datagram the rule, the key "
              "and the peer that answered.")
        homes = {}
        wrong = [what for what, port, payload in DEMO if not demo.show(what, port, payload, homes)]
        if wrong:
            sys.exit(f"demo: wrong answers: {', '.join(wrong)}")
        if not options.once:
            say_where(demo)
            with contextlib.suppress(KeyboardInterrupt):
                demo.live()
            print()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
