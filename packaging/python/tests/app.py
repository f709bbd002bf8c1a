"""An app on loopback to load: answers with made delays, some failures, and a stream."""

import contextlib
import http.server
import itertools
import random
import socketserver
import subprocess
import sys
import threading
import time

# One request in this many fails.
FAILS = 40


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave at once.
    wbufsize = -1
    numbers = itertools.count(1)

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/stream":
            return self.stream()
        number = next(self.numbers)
        # /slow has a tail as services have it: half of the answers take 30 ms, one in a hundred 100.
        time.sleep(random.lognormvariate(-3.5, 0.5) if self.path == "/slow" else (number % 10) / 1000)
        self.send_response(503 if number % FAILS == 0 else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = answer

    def stream(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for _ in range(3):
            time.sleep(0.03)
            self.wfile.write(b"6\r\ntoken\n\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        # A user that is stopped closes its connection.
        pass


@contextlib.contextmanager
def serving():
    """Its address, while it runs in a process of its own: Locust replaces the threads of this one."""
    child = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield child.stdout.readline().strip()
    finally:
        child.communicate()


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    # Ends with whoever started it.
    sys.stdin.read()


if __name__ == "__main__":
    main()
