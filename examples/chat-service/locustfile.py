"""The load for service.py: three HTTP endpoints, and WebSocket round trips. Needs Locust 2 and nothing else.

    locust -f locustfile.py --host http://127.0.0.1:8731 --headless -u 10 -r 10 -t 20s --csv results
"""

import base64
import hashlib
import os
import socket
import struct
import time
from urllib.parse import urlsplit

from locust import HttpUser, constant, task

WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # the constant of RFC 6455


class EchoSocket:
    """As much of a WebSocket client as this load needs: short texts, one answer for each."""

    def __init__(self, host: str, port: int, path: str):
        self.socket = socket.create_connection((host, port), timeout=10)
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.file = self.socket.makefile("rb")
            self.handshake(f"{host}:{port}", path)
        except BaseException:
            self.socket.close()
            raise

    def handshake(self, host: str, path: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        status = self.file.readline()
        if b" 101 " not in status:
            raise ConnectionError(f"no WebSocket: {status.decode('latin-1').strip()}")
        accept = base64.b64encode(hashlib.sha1((key + WEBSOCKET_GUID).encode()).digest())
        answered = None
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-accept":
                answered = value.strip()
        if answered != accept:
            raise ConnectionError("no WebSocket: the key was not answered")

    def round_trip(self, text: str) -> str:
        """Sends a text of less than 126 bytes and waits for the answer."""
        payload, mask = text.encode(), os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(bytes([0x81, 0x80 | len(payload)]) + mask + masked)
        first, length = self.read(2)
        if first != 0x81:
            raise ConnectionError(f"a frame that is no text: {first:#04x}")
        if length == 126:
            (length,) = struct.unpack("!H", self.read(2))
        return self.read(length).decode()

    def read(self, length: int) -> bytes:
        data = self.file.read(length)
        if len(data) < length:
            raise ConnectionError("the WebSocket was closed")
        return data

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class ChatUser(HttpUser):
    host = "http://127.0.0.1:8731"
    wait_time = constant(0.04)
    echo_socket = None

    @task(2)
    def health(self):
        self.client.get("/health")

    @task(3)
    def items(self):
        self.client.get("/api/items")

    @task(4)
    def chat(self):
        self.client.post("/api/chat", json={"message": "Is it faster today?"})

    @task(3)
    def echo(self):
        """One round trip. The connection stays open for the next one."""
        text, answer, exception = "Hello, echo!", "", None
        start = time.perf_counter()
        try:
            if self.echo_socket is None:
                self.open_echo()
                start = time.perf_counter()  # to connect is no part of the round trip
            answer = self.echo_socket.round_trip(text)
            if answer != text:
                raise ValueError("the echo is another text")
        except (OSError, ValueError) as error:
            exception = error
            self.close_echo()
        self.environment.events.request.fire(
            request_type="WS",
            name="/ws/echo",
            response_time=(time.perf_counter() - start) * 1000,
            response_length=len(answer),
            exception=exception,
            context={},
        )

    def open_echo(self) -> None:
        url = urlsplit(self.host)
        self.echo_socket = EchoSocket(url.hostname, url.port or 80, "/ws/echo")

    def close_echo(self) -> None:
        if self.echo_socket is not None:
            self.echo_socket.close()
            self.echo_socket = None

    def on_stop(self):
        self.close_echo()
