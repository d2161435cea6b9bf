"""A TLS relay as a process, between an API server and its clients; it does to the traffic what it is told.

Arguments: SERVER PORT CERTIFICATE KEY. It listens on 127.0.0.1 and prints its port; then it reads orders, a line of
JSON each, and answers each with a line {hits, open}: how many requests it tampered with, how many connections it holds.

  {"do": "cut"}                     resets all connections
  {"do": "hold"}                    the connections of now fall silent for good; later ones work
  {"do": "refuse"}, {"do": "accept"}    closes its port, opens it again
  {"do": "certificate"}             reads CERTIFICATE and KEY again
  {"do": "tamper", "match": REGEX, "times": N, ...}    what to do to requests (line and headers) that match:
      "status", "headers", "body"   answers by itself
      "inject", "repeat"            after the answer's head a chunk: this text, the first character so often
      "stall"                       the answer's head and half of what comes first, then silence
      "truncate"                    the whole answer with half of its body
  {"do": "clear"}                   forgets all tampering
"""

import asyncio
import json
import re
import ssl
import sys


class Rule:
    def __init__(self, order):
        self.pattern = re.compile(order["match"])
        self.left = order.get("times", 1)
        self.order = order

    def take(self, head):
        if self.left == 0 or not self.pattern.search(head):
            return None
        self.left -= 1
        return self.order


async def read_head(reader, first=b""):
    """Head with the empty line, and what of the body came with it."""
    data = first
    while b"\r\n\r\n" not in data:
        more = await reader.read(65536)
        if not more:
            return b"", b""
        data += more
    end = data.index(b"\r\n\r\n") + 4
    return data[:end], data[end:]


def header(head, name):
    found = re.search(rb"(?im)^" + name + rb":\s*(.*?)\r$", head)
    return found.group(1) if found else b""


def without(head, name):
    return re.sub(rb"(?im)^" + name + rb":.*\r\n", b"", head)


def unchunked(body):
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        out += body[:length]
        body = body[length + 2:]
        if length == 0:
            break
    return out


class Connection:
    def __init__(self, relay, reader, writer):
        self.relay, self.reader, self.writer = relay, reader, writer
        self.going = asyncio.Event()   # cleared: silent for good
        self.going.set()

    async def send(self, data):
        await self.going.wait()
        self.writer.write(data)
        await self.writer.drain()

    async def serve(self):
        first = b""
        while True:
            head, rest = await read_head(self.reader, first)
            if not head:
                return
            missing = int(header(head, b"content-length") or 0) - len(rest)
            body = rest + (await self.reader.readexactly(missing) if missing > 0 else b"")
            await self.going.wait()
            answer = asyncio.ensure_future(self.answer(head, body))
            # A client that asks one thing after the other says nothing meanwhile, or goes away.
            client = asyncio.ensure_future(self.reader.read(65536))
            await asyncio.wait({answer, client}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                first = await client
                if not first:
                    answer.cancel()
                    return
            await answer
            first = await client

    async def answer(self, head, body):
        order = self.relay.order_for(head.decode("latin-1"))
        if order and "status" in order:
            return await self.answer_by_itself(order)
        up_reader, up_writer = await asyncio.open_connection(*self.relay.server, ssl=self.relay.client_context)
        try:
            up_writer.write(without(head, b"connection")[:-2] + b"Connection: close\r\n\r\n" + body)
            up_head, data = await read_head(up_reader)
            up_head = without(up_head, b"connection")
            if order and order.get("truncate"):
                return await self.truncated(up_head, data + await up_reader.read(-1))
            await self.send(up_head)
            if order and "inject" in order:
                text = order["inject"]
                await self.chunk(text[0].encode() * order.get("repeat", 1) + text[1:].encode())
            if order and order.get("stall"):
                data = data or await up_reader.read(65536)
                self.going.clear()
                self.writer.write(data[:len(data) // 2])
            while data or not up_reader.at_eof():
                await self.send(data)
                data = await up_reader.read(65536)
        finally:
            up_writer.close()

    async def answer_by_itself(self, order):
        body = order.get("body", "").encode()
        lines = [f"HTTP/1.1 {order['status']} Tampered", f"Content-Length: {len(body)}",
                 *(f"{name}: {value}" for name, value in order.get("headers", {}).items())]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def chunk(self, data):
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def truncated(self, head, body):
        if header(head, b"transfer-encoding"):
            body = unchunked(body)
        body = body[:len(body) // 2]
        head = without(without(head, b"transfer-encoding"), b"content-length")
        await self.send(head[:-2] + b"Content-Length: %d\r\n\r\n" % len(body) + body)


class Relay:
    def __init__(self, server, port, certificate, key):
        self.server = (server, int(port))
        self.files = (certificate, key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*self.files)
        self.client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client_context.check_hostname = False
        self.client_context.verify_mode = ssl.CERT_NONE
        self.connections = set()
        self.rules = []
        self.hits = 0
        self.port = 0
        self.listener = None

    def order_for(self, head):
        for rule in self.rules:
            order = rule.take(head)
            if order:
                self.hits += 1
                return order
        return None

    async def connected(self, reader, writer):
        connection = Connection(self, reader, writer)
        self.connections.add(connection)
        try:
            await connection.serve()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.connections.discard(connection)
            writer.transport.abort()

    async def accept(self):
        if self.listener is None:
            self.listener = await asyncio.start_server(self.connected, "127.0.0.1", self.port, ssl=self.context)
            self.port = self.listener.sockets[0].getsockname()[1]

    async def obey(self, order):
        what = order["do"]
        if what == "cut":
            for connection in list(self.connections):
                connection.writer.transport.abort()
        elif what == "hold":
            for connection in self.connections:
                connection.going.clear()
        elif what == "refuse":
            self.listener.close()
            self.listener = None
        elif what == "accept":
            await self.accept()
        elif what == "certificate":
            self.context.load_cert_chain(*self.files)
        elif what == "tamper":
            self.rules.append(Rule(order))
        elif what == "clear":
            self.rules.clear()
        return {"hits": self.hits, "open": len(self.connections)}


async def main():
    relay = Relay(*sys.argv[1:])
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)   # handshakes that a client gives up
    await relay.accept()
    print(relay.port, flush=True)
    orders = asyncio.StreamReader(limit=16 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        print(json.dumps(await relay.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
