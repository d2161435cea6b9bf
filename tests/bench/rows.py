"""What `make bench` compares: the rows of its tables, and the limits that they are held to."""

import dataclasses

from rig import UNPRIVILEGED, Variant, plain

CANDIDATES = ("stevedore", "bare", "bare-unconnected", "nginx")
BESIDE = ("nginx-multi-accept",)   # on one set-up, without limits


@dataclasses.dataclass(frozen=True)
class Row:
    """One kind of work. Limits are of stevedore's CPU per datagram over the bare forwarder's and over nginx's."""

    name: str
    flows: int
    rate: int                 # datagrams a second
    bare: float = 0
    nginx: float = 0
    size: int = 64
    burst: int = 1
    gso: bool = False         # the sender segments, the receiver coalesces
    echo: bool = True
    crowd: bool = False       # flows are addresses on one socket: cheap for the load

    def words(self):
        return (f"flows={self.flows} size={self.size} burst={self.burst} gso={int(self.gso)} echo={int(self.echo)} "
                f"crowd={int(self.crowd)}")


ROWS = (
    Row("64 B echo, 1 flow", 1, 20_000, 1.05, 0.98),
    Row("64 B echo, 1 000 flows", 1_000, 30_000, 1.06, 0.92),
    Row("64 B echo, 10 000 flows", 10_000, 30_000, 1.06, 0.92),
    Row("64 B one way, 1 000 flows", 1_000, 50_000, 1.06, 0.90, echo=False),
    Row("1 200 B in bursts of 16, one client", 1, 40_000, 0.75, 0.60, size=1_200, burst=16, echo=False),
    Row("the same, sender with GSO, receiver with GRO", 1, 40_000, 0.45, 0.35, size=1_200, burst=16, gso=True,
        echo=False),
)
RATE_ROW = Row("highest loss-free rate, 64 B echo, 1 000 flows", 1_000, 0, 0.95, 1.5, crowd=True)   # more is better
LATENCY_ROW = Row("64 B echo, 1 000 flows, 5 000 datagrams/s", 1_000, 5_000)
LATENCY_LIMITS = {"p50_ns": 1.05, "p99_ns": 1.15}   # over nginx's

# With the system's default of receive buffers, which nobody may exceed: how much of the bursts is lost.
BUFFER_ROWS = tuple(dataclasses.replace(row, bare=0, nginx=0) for row in ROWS if row.burst > 1)
BUFFER_VARIANTS = tuple(dataclasses.replace(plain(name), prefix=UNPRIVILEGED) for name in CANDIDATES + BESIDE)


def _stevedore(name, peers=2, load="", cpus="0", **environment):
    return Variant(name, "stevedore", peers, tuple((key, str(value)) for key, value in environment.items()), load, cpus)


@dataclasses.dataclass(frozen=True)
class Scale:
    """Variants of one run, compared with the first of them."""

    name: str
    row: Row
    variants: tuple
    limits: dict = dataclasses.field(default_factory=dict)   # of the ratio to the first, by variant


_ECHO = Row("64 B echo, 1 000 flows", 1_000, 30_000)
_CROWD = Row("64 B echo", 100, 30_000, crowd=True)


def scales(quick):
    """A million sessions take a minute to make."""
    most, shown = (100_000, "100 000") if quick else (1_000_000, "1 000 000")
    return (
        Scale("rules and peers", _ECHO, (
            _stevedore("1 rule, 2 peers", RULES=1),
            _stevedore("1 000 rules, 2 peers", RULES=1000, load="rules=1000"),
            _stevedore("1 rule, 1 000 peers", 1000, RULES=1),
            _stevedore("1 000 rules, 1 000 peers", 1000, RULES=1000, load="rules=1000")),
            {"1 000 rules, 1 000 peers": 1.1}),
        Scale("listeners", _ECHO, (
            _stevedore("1 listener"), _stevedore("1 000 listeners", LISTENERS=1000, load="listeners=1000"))),
        Scale("sessions", _CROWD, (
            _stevedore("100 sessions", 100, SESSIONS=most),
            _stevedore("10 000 sessions", 100, SESSIONS=most, load="flows=10000"),
            _stevedore(f"{shown} sessions", 100, SESSIONS=most, load=f"flows={most}"))),
        Scale("workers", _ECHO, (
            _stevedore("1 worker", cpus="0,1"), _stevedore("2 workers", cpus="0,1", WORKERS=2))),
    )


MEMORY_LIMITS = {"bytes_per_session": 128, "mib": 160}
MICRO_LIMITS = {   # nanoseconds; of a datagram
    "packet path, client to peer/1000": 150, "packet path, peer to client/1000": 150,
    "packet path, client to peer/1000000": 300, "packet path, peer to client/1000000": 300,
}
RULES_LIMIT = 1.2        # 1 000 rules of one shape over one rule
RELOAD_LIMIT_MS = 1.0    # p99.9 of latency with a reload less that without
