"""DTLS by openssl: the handshake's datagrams and all that follow stay on one server."""

import os
import subprocess
import threading

import pytest

from harness.configs import simple
from harness.fixtures import closing
from harness.programs import PortPeer, checked, holds, require
from harness.udp import free_port
from harness.wait import until

LINES = 20


@pytest.fixture(scope="module")
def openssl():
    return require("openssl", "openssl")


@pytest.fixture(scope="module")
def certificate(openssl, tmp_path_factory):
    """Paths of a certificate and its key."""
    folder = tmp_path_factory.mktemp("dtls")
    paths = folder / "certificate.pem", folder / "key.pem"
    checked([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=game.test",
             "-addext", "subjectAltName=DNS:game.test", "-out", paths[0], "-keyout", paths[1]])
    return paths


class Piped:
    """An openssl program with its standard input and output in the test's hands, line by line."""

    def __init__(self, argv, log):
        with open(log, "wb") as errors:
            self._process = subprocess.Popen([str(part) for part in argv], stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=errors, bufsize=0)
        self.argv, self._log = argv, log
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))
            self.arrived(self.lines[-1])

    def arrived(self, line):
        """Called for each line, on a thread of its own."""

    def running(self):
        return self._process.poll() is None

    def log(self):
        return self._log.read_text(errors="replace") + "\n".join(self.lines)

    def say(self, line):
        self._process.stdin.write(line.encode() + b"\n")

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdin.close()
        self._reader.join()
        self._process.stdout.close()


class Server(Piped, PortPeer):
    """Answers each line with its name, a bar and the line. One client at a time: that is how s_server is."""

    def __init__(self, openssl, name, certificate, folder):
        self.name = name
        PortPeer.__init__(self, free_port())
        Piped.__init__(self, [openssl, "s_server", "-dtls", "-quiet", "-accept", f"127.0.0.1:{self.port}",
                              "-cert", certificate[0], "-key", certificate[1]], folder / f"{name}.log")
        holds(self.port)(self)

    def arrived(self, line):
        self.say(f"{self.name}|{line}")


class Client(Piped):
    def __init__(self, openssl, number, port, certificate, folder):
        super().__init__([openssl, "s_client", "-dtls", "-quiet", "-connect", f"127.0.0.1:{port}", "-CAfile",
                          certificate[0], "-verify_return_error", "-verify_hostname", "game.test"],
                         folder / f"client-{number}.log")

    def ask(self, line):
        """Who answered."""
        count = len(self.lines)
        self.say(line)
        until(f"an answer to {line!r}", lambda: len(self.lines) > count or not self.running())
        assert self.running(), self.log()
        name, _, echoed = self.lines[-1].partition("|")
        assert echoed == line
        return name


@pytest.fixture
def servers(openssl, certificate, tmp_path):
    with closing(Server) as make:
        yield [make(openssl, name, certificate, tmp_path) for name in "abc"]


@pytest.fixture
def dtls_client(openssl, certificate, tmp_path, proxy):
    with closing(lambda number, port: Client(openssl, number, port, certificate, tmp_path)) as make:
        yield make


def test_handshake_and_echo(servers, proxy, dtls_client):
    port = free_port()
    proxy(simple(port, servers), flags=["--workers", "1"])
    clients = [dtls_client(number, port) for number in range(3)]
    answered = [[client.ask(f"line {number}") for client in clients] for number in range(LINES)]
    assert set(answered[0]) == {"a", "b", "c"}, "one worker goes round"
    assert all(names == answered[0] for names in answered), "each client stays on its server"
