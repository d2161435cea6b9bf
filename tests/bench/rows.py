"""What `make bench` compares: the rows of its table, and the limits that they are held to."""

import dataclasses

CANDIDATES = ("stevedore", "bare", "bare-unconnected", "nginx")


@dataclasses.dataclass(frozen=True)
class Row:
    """One kind of work. Limits are of stevedore's CPU per datagram over the bare forwarder's and over nginx's."""

    name: str
    flows: int
    rate: int                 # datagrams a second
    bare: float
    nginx: float
    size: int = 64
    burst: int = 1
    gso: bool = False         # the sender segments, the receiver coalesces
    echo: bool = True

    def words(self):
        return (f"flows={self.flows} size={self.size} burst={self.burst} gso={int(self.gso)} echo={int(self.echo)}")


ROWS = (
    Row("64 B echo, 1 flow", 1, 20_000, 1.05, 0.98),
    Row("64 B echo, 1 000 flows", 1_000, 30_000, 1.06, 0.92),
    Row("64 B echo, 10 000 flows", 10_000, 30_000, 1.06, 0.92),
    Row("64 B one way, 1 000 flows", 1_000, 50_000, 1.06, 0.90, echo=False),
    Row("1 200 B in bursts of 16, one client", 1, 40_000, 0.75, 0.60, size=1_200, burst=16, echo=False),
    Row("the same, sender with GSO, receiver with GRO", 1, 40_000, 0.45, 0.35, size=1_200, burst=16, gso=True, echo=False),
)
RATE_ROW = Row("highest loss-free rate, 64 B echo, 1 000 flows", 1_000, 0, 0.95, 1.5)   # here more is better
LATENCY_ROW = Row("64 B echo, 1 000 flows, 5 000 datagrams/s", 1_000, 5_000, 0, 0)
LATENCY_LIMITS = {"p50_ns": 1.05, "p99_ns": 1.15}   # over nginx's
