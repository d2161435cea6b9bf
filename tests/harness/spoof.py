"""Datagrams with a source that this host would not take."""

import os
import socket
import struct

import pytest

from harness import netns


def spoofed(source, source_port, target_port, payload, target="127.0.0.1", namespace=None):
    """Sends one over IPv4."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it writes IP headers")
    udp = struct.pack("!HHHH", source_port, target_port, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, socket.IPPROTO_UDP, 0,
                     socket.inet_aton(source), socket.inet_aton(target))
    with netns.inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(ip + udp, (target, 0))
