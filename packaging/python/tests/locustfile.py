"""A load that notes every request by itself as well, one a line, in RAW/PID."""

import json
import os

from locust import FastHttpUser, HttpUser, constant, events, task
from perfgate.locust import streamed


class Shopper(HttpUser):
    wait_time = constant(0.01)

    @task(20)
    def chat(self):
        self.client.post("/chat", json={}, context={"perfgate": {"tokens_per_second": 40.0}})

    @task(1)
    def stream(self):
        with self.client.get("/stream", stream=True, catch_response=True) as response:
            for _ in streamed(response, response.iter_lines()):
                pass


class Probe(FastHttpUser):
    wait_time = constant(0.01)

    @task
    def health(self):
        self.client.get("/health")


@events.request.add_listener
def note(request_type, name, response_time, exception, **_):
    with open(os.path.join(os.environ["RAW"], str(os.getpid())), "a") as raw:
        raw.write(json.dumps([f"{request_type} {name}", response_time, exception is not None]) + "\n")
