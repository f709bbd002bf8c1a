#!/usr/bin/env python3
"""A small chat service to try perfgate on. It needs Python 3.10 or newer and nothing else.

    GET  /health      answers at once, and says its process id
    GET  /api/items   takes a few milliseconds
    POST /api/chat    {"message": "..."}, takes 20 to 40 milliseconds
    WS   /ws/echo     sends every text back after 5 milliseconds
    GET  /metrics     what Prometheus reads

`--slower 1.4` makes the chat endpoint slower, `--fail 0.05` makes a part of its requests fail, and `--leak 60` makes the
memory grow: three things for a gate to find.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import random
import signal
import struct
import time
from collections import Counter

HOST = "127.0.0.1"
LARGEST = 65_535  # bytes of a body or of a WebSocket message
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large",
           500: "Internal Server Error"}
WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # the constant of RFC 6455
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA

ITEMS = [{"id": number, "name": f"item {number}"} for number in range(20)]


BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)  # seconds
MOST_WAITING = 65_536  # bytes that a slow reader of a WebSocket may leave behind before texts to it are dropped


class Metrics:
    """What the service counts of itself, as Prometheus reads it."""

    def __init__(self):
        self.requests = Counter()
        self.buckets = Counter()
        self.seconds = Counter()
        self.sockets = 0
        self.drops = 0

    def count(self, method: str, handler: str, status: int, seconds: float) -> None:
        self.requests[method, handler, status] += 1
        self.seconds[method, handler] += seconds
        for bound in BUCKETS:
            self.buckets[method, handler, bound] += seconds <= bound

    def text(self) -> str:
        total, name = Counter(), "http_request_duration_seconds"
        lines = ["# TYPE http_requests_total counter"]
        for (method, handler, status), count in self.requests.items():
            lines.append(f'http_requests_total{{method="{method}",handler="{handler}",status="{status}"}} {count}')
            total[method, handler] += count
        lines.append(f"# TYPE {name} histogram")
        for (method, handler, bound), count in self.buckets.items():
            lines.append(f'{name}_bucket{{method="{method}",handler="{handler}",le="{bound}"}} {count}')
        for (method, handler), count in total.items():
            labels = f'method="{method}",handler="{handler}"'
            lines.append(f'{name}_bucket{{{labels},le="+Inf"}} {count}')
            lines.append(f"{name}_sum{{{labels}}} {self.seconds[method, handler]}")
            lines.append(f"{name}_count{{{labels}}} {count}")
        lines += ["# TYPE websocket_active_connections gauge", f"websocket_active_connections {self.sockets}"]
        lines += ["# TYPE websocket_backpressure_drops_total counter", f"websocket_backpressure_drops_total {self.drops}"]
        return "\n".join(lines) + "\n"


class Refused(Exception):
    """A request that gets an error as its answer."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status = status


class Service:
    ROUTES = {"/health": "GET", "/api/items": "GET", "/api/chat": "POST"}

    def __init__(self, slower: float, fail: float, seed: int):
        self.slower = slower
        self.fail = fail
        self.random = random.Random(seed)
        self.metrics = Metrics()

    # --- the endpoints ---

    async def answer(self, method: str, path: str, body: bytes) -> dict:
        if path not in self.ROUTES:
            raise Refused(404, "there is no such path")
        if method != self.ROUTES[path]:
            raise Refused(405, f"use {self.ROUTES[path]}")
        handlers = {"/health": self.health, "/api/items": self.items, "/api/chat": self.chat}
        return await handlers[path](body)

    async def health(self, _body: bytes) -> dict:
        return {"status": "ok", "pid": os.getpid()}

    async def items(self, _body: bytes) -> dict:
        await asyncio.sleep(0.004)
        return {"items": ITEMS}

    async def chat(self, body: bytes) -> dict:
        try:
            message = json.loads(body)["message"]
        except (ValueError, KeyError, TypeError):
            raise Refused(400, 'send {"message": "..."}') from None
        await asyncio.sleep(self.random.uniform(0.020, 0.040) * self.slower)
        if self.random.random() < self.fail:
            raise Refused(500, "the model is out of order")
        return {"reply": f"You said: {message}"}

    # --- HTTP ---

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection until either side closes it."""
        try:
            while await self.request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the client went away, or sent something that is no HTTP
        except asyncio.CancelledError:
            pass  # the service stops
        finally:
            writer.close()

    async def request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serves one request. Tells whether another one may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        parts = first.split(" ")
        if len(parts) != 3:
            return False
        method, path = parts[0], parts[1].partition("?")[0]
        keep = headers.get("connection", "").lower() != "close"
        if (method, path) == ("GET", "/metrics"):
            await respond(writer, 200, self.metrics.text().encode(), keep, "text/plain; version=0.0.4")
            return keep
        start = time.perf_counter()
        try:
            if path == "/ws/echo":
                return await self.websocket(headers, reader, writer)
            length = headers.get("content-length", "0")
            if not length.isdecimal() or "transfer-encoding" in headers:
                raise Refused(400, "send a Content-Length")
            if int(length) > LARGEST:
                raise Refused(413, "the body is too large")
            body = await reader.readexactly(int(length))
            status, answer = 200, await self.answer(method, path, body)
        except Refused as error:
            status, answer, keep = error.status, {"error": str(error)}, False
        if path in self.ROUTES:
            self.metrics.count(method, path, status, time.perf_counter() - start)
        await respond(writer, status, json.dumps(answer).encode(), keep)
        return keep

    # --- WebSocket ---

    async def websocket(self, headers: dict, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serves a WebSocket until it is closed; no request may follow then."""
        key = headers.get("sec-websocket-key")
        if headers.get("upgrade", "").lower() != "websocket" or not key:
            raise Refused(400, "this path speaks WebSocket")
        accept = base64.b64encode(hashlib.sha1((key + WEBSOCKET_GUID).encode()).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        await writer.drain()
        self.metrics.sockets += 1
        try:
            return await self.echo(reader, writer)
        finally:
            self.metrics.sockets -= 1

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        while True:
            opcode, payload = await read_frame(reader)
            if opcode == TEXT:
                await asyncio.sleep(0.005)
                if writer.transport.get_write_buffer_size() > MOST_WAITING:
                    self.metrics.drops += 1
                    continue
                writer.write(frame(TEXT, payload))
            elif opcode == PING:
                writer.write(frame(PONG, payload))
            elif opcode == CLOSE:
                writer.write(frame(CLOSE, payload[:2]))
                return False
            elif opcode != PONG:
                writer.write(frame(CLOSE, struct.pack("!H", 1003)))  # a kind of data that is not served here
                return False
            await writer.drain()


async def respond(writer: asyncio.StreamWriter, status: int, body: bytes, keep: bool,
                  kind: str = "application/json") -> None:
    writer.write(
        f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n".encode() + body
    )
    await writer.drain()


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """A frame of a client. One that is not masked, comes in pieces or is too long has the opcode 0."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", await reader.readexactly(8))
    if first & 0x80 == 0 or second & 0x80 == 0 or length > LARGEST:
        return 0, b""
    mask = await reader.readexactly(4)
    payload = await reader.readexactly(length)
    return first & 0x0F, bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def frame(opcode: int, payload: bytes) -> bytes:
    if len(payload) < 126:
        return bytes([0x80 | opcode, len(payload)]) + payload
    return struct.pack("!BBH", 0x80 | opcode, 126, len(payload)) + payload


async def leak(megabytes_per_minute: float) -> None:
    kept = []
    while megabytes_per_minute > 0:
        await asyncio.sleep(1)
        kept.append(b"x" * int(megabytes_per_minute * 1_000_000 / 60))


async def serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    service = Service(options.slower, options.fail, options.seed)
    server = await asyncio.start_server(service.connected, HOST, options.port, backlog=1024)
    leaking = asyncio.create_task(leak(options.leak))
    print(f"http://{HOST}:{options.port} (process {os.getpid()})", flush=True)
    await stop.wait()
    server.close()  # asyncio.run cancels what is still connected
    leaking.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A small chat service to try perfgate on.")
    parser.add_argument("--port", type=int, default=8731)
    parser.add_argument("--slower", type=float, metavar="FACTOR", default=os.environ.get("SLOWER") or "1",
                        help="times as long for /api/chat (or the variable SLOWER)")
    parser.add_argument("--fail", type=float, metavar="SHARE", default=0, help="let a share of /api/chat fail")
    parser.add_argument("--leak", type=float, metavar="MB_PER_MINUTE", default=0, help="let the memory grow")
    parser.add_argument("--seed", type=int, default=1, help="where the random times begin")
    asyncio.run(serve(parser.parse_args()))
