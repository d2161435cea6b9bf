"""A peer as a process: answers each datagram with its name, a bar and the datagram; on SIGTERM says what it got."""

import argparse
import collections
import json
import signal
import socket
import sys

RECEIVE_BUFFER = 4 << 20


def big_buffer(sock, size=RECEIVE_BUFFER):
    """As root beyond the limit of the system, else as much as that allows."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), size)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    sock = socket.socket(socket.AF_INET6 if ":" in options.address else socket.AF_INET, socket.SOCK_DGRAM)
    big_buffer(sock)
    sock.bind((options.address, options.port))
    sources = collections.Counter()

    def end(*_):
        print(json.dumps({"received": sum(sources.values()), "sources": sources}), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    print(sock.getsockname()[1], flush=True)
    prefix = options.name.encode() + b"|"
    while True:
        try:
            payload, source = sock.recvfrom(65535)
            sources[f"{source[0]}:{source[1]}"] += 1
            sock.sendto(prefix + payload, source)
        except ConnectionRefusedError:
            continue  # a prober's socket that is gone


if __name__ == "__main__":
    main()
