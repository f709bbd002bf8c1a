"""What the plugin costs: its CPU time for a request beside Locust's own, for both clients.

    python3 packaging/python/tests/cost.py

Locust's time is that of a real run against an app on loopback; the plugin's is measured alone, on the same kind of requests,
because half a microsecond cannot be seen in the difference of two runs.
"""

import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import types

import app
from locust.env import Environment

from perfgate.locust import _Requests

CALLS = 200_000
LOAD = """
from locust import {client}, constant, task

class User({client}):
    wait_time = constant(0)

    @task
    def page(self):
        self.client.get("/health")
"""


def plugin(elapsed):
    """Seconds of CPU for a request, the least of five rounds."""
    requests = _Requests(Environment())
    random.seed(1)
    times = [random.lognormvariate(3, 1) for _ in range(1000)]
    response = types.SimpleNamespace(history=[])
    if elapsed:
        response.elapsed = datetime.timedelta(milliseconds=12.3)
    rounds = []
    for _ in range(5):
        begin = time.process_time()
        for number in range(CALLS):
            requests.on_request(
                request_type="GET", name="/health", response_time=times[number % 1000], response_length=2,
                response=response, exception=None, context={}, start_time=0.0, url="http://app/health",
            )
        rounds.append((time.process_time() - begin) / CALLS)
    return min(rounds)


def locust(client, address):
    """Seconds of CPU for a request, the least of three runs."""
    rounds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as place:
            script = pathlib.Path(place) / "locustfile.py"
            script.write_text(LOAD.format(client=client))
            command = [sys.executable, "-m", "locust", "-f", script, "--headless", "--host", address]
            command += "-u 8 -r 8 -t 8s --json-file own --only-summary".split()
            child = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, _, used = os.wait4(child.pid, 0)
            own = json.loads((pathlib.Path(place) / "own.json").read_text())
        # Starting takes as long with any number of requests, and about this much.
        rounds.append((used.ru_utime + used.ru_stime - START) / sum(entry["num_requests"] for entry in own))
    return min(rounds)


def start():
    """Seconds of CPU that Locust takes to start and end."""
    child = subprocess.Popen([sys.executable, "-m", "locust", "--version"], stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(child.pid, 0)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    START = start()
    print("client        Locust, a request  plugin, a request  share")
    for client in ["HttpUser", "FastHttpUser"]:
        with app.serving() as address:
            whole = locust(client, address)
        own = plugin(client == "HttpUser")
        print(f"{client:12}  {whole * 1e6:14.1f} µs  {own * 1e6:14.2f} µs  {own / whole:.2%}")
