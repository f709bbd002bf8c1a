"""Locust plugin: writes a run for perfgate, with every response time to three digits.

    import perfgate.locust              # in the locustfile

    locust --headless -u 50 -r 5 -t 2m --host http://localhost:8080 --perfgate run.json

The file is perfgate.run/1. Workers send what they measured with their reports, and the process that has the option writes the
file when the test ends. Numbers of the script's own go into the context of a request, under `perfgate`:

    self.client.post("/chat", context={"perfgate": {"tokens_per_second": 41.2}})

`streamed` measures answers that arrive in pieces.
"""

import datetime
import hashlib
import json
import logging
import os
import re
import tempfile
import time

import gevent
import locust
from locust import events
from locust.runners import STATE_MISSING, STATE_STOPPED, MasterRunner, WorkerRunner

from ._histogram import Histogram

__all__ = ["streamed"]

logger = logging.getLogger(__name__)

# What Locust calls a type is an HTTP method, or whatever the script fires.
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}
# A script that words every failure differently has no kinds; those that come first are kept.
_KINDS = 1000
_OTHER = "(other)"
_STATUS = re.compile(r"^(?:HTTPError\(')?(\d{3}) (?:Client|Server) Error|^(?:Locust)?BadStatusCode\(.*code=(\d{3})\)")
# How long the last reports of workers are waited for, in seconds. Locust itself waits for half a second.
_LAST_REPORTS = 10
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


@events.init_command_line_parser.add_listener
def _add_option(parser):
    parser.add_argument(
        "--perfgate",
        metavar="FILE",
        env_var="LOCUST_PERFGATE",
        include_in_web_ui=False,
        help="Write the run for perfgate to this file when the test ends",
    )


@events.init.add_listener
def _start(environment, runner, **_):
    options = environment.parsed_options
    path = getattr(options, "perfgate", None)
    if isinstance(runner, WorkerRunner):
        # Only the master needs the option, and a worker cannot know whether it has it.
        _Worker(environment)
    elif path:
        _Recorder(environment, os.path.abspath(path))


def streamed(response, pieces):
    """Yields the pieces of an answer that arrives bit by bit, and makes its times part of the request.

    with self.client.post("/chat", json=question, stream=True, catch_response=True) as response:
        for line in streamed(response, response.iter_lines()):
            ...

    `ttft` is the time from the request to the first piece that is not empty, and the response time becomes that of the whole
    answer, where Locust's own ends with the headers.
    """
    meta = response.request_meta
    # Locust keeps the wall clock of the start; the response time so far is exact.
    behind = max((time.time() - meta["start_time"]) * 1000 - meta["response_time"], 0.0)
    begin = time.perf_counter() - (meta["response_time"] + behind) / 1000
    first = None
    for piece in pieces:
        if first is None and piece:
            first = (time.perf_counter() - begin) * 1000
        yield piece
    meta["response_time"] = (time.perf_counter() - begin) * 1000
    if first is not None:
        context = dict(meta["context"] or {})
        context["perfgate"] = {**context.get("perfgate", {}), "ttft": first}
        meta["context"] = context


class _Endpoint:
    """What was measured of one endpoint."""

    __slots__ = ("requests", "failures", "times", "ttfb", "kinds", "metrics")

    def __init__(self):
        self.requests = 0
        self.failures = 0
        self.times = Histogram()
        self.ttfb = Histogram()
        self.kinds = {}
        self.metrics = {}

    def metric(self, name):
        histogram = self.metrics.get(name)
        if histogram is None:
            histogram = self.metrics[name] = Histogram()
        return histogram

    def fail(self, message, n):
        if message not in self.kinds and len(self.kinds) >= _KINDS:
            message = _OTHER
        self.kinds[message] = self.kinds.get(message, 0) + n

    def packed(self):
        metrics = {name: histogram.packed() for name, histogram in self.metrics.items()}
        times = [self.times.packed(), self.ttfb.packed()]
        return [self.requests, self.failures, *times, self.kinds, metrics]

    def add(self, packed):
        requests, failures, times, ttfb, kinds, metrics = packed
        self.requests += requests
        self.failures += failures
        self.times.add(times)
        self.ttfb.add(ttfb)
        for message, n in kinds.items():
            self.fail(message, n)
        for name, histogram in metrics.items():
            self.metric(name).add(histogram)


class _Requests:
    """The requests of this process, by type and name."""

    def __init__(self, environment):
        self.endpoints = {}
        environment.events.request.add_listener(self.on_request)

    # Called for every request: nothing here may take longer than a microsecond or two.
    def on_request(
        self, request_type, name, response_time, response=None, exception=None, context=None, **_
    ):
        key = (request_type, name)
        endpoint = self.endpoints.get(key)
        if endpoint is None:
            endpoint = self.endpoints[key] = _Endpoint()
        endpoint.requests += 1
        if response_time is not None:
            endpoint.times.record(response_time)
        if exception is not None:
            endpoint.failures += 1
            endpoint.fail(_kind(exception), 1)
        # What requests measures: until the headers of the answer have come. It has none where a redirect led elsewhere.
        elapsed = getattr(response, "elapsed", None)
        if elapsed and not response.history:
            endpoint.ttfb.record(elapsed.total_seconds() * 1000)
        if context and "perfgate" in context:
            for metric, value in context["perfgate"].items():
                # In millionths, whatever the unit.
                endpoint.metric(metric).record(value)

    def taken(self):
        """What was measured since the last call."""
        taken, self.endpoints = self.endpoints, {}
        return [[kind, name, endpoint.packed()] for (kind, name), endpoint in taken.items()]

    def add(self, packed):
        for kind, name, endpoint in packed:
            self.endpoints.setdefault((kind, name), _Endpoint()).add(endpoint)


class _Worker:
    """Sends what was measured with each report to the master."""

    def __init__(self, environment):
        requests = _Requests(environment)

        def report(client_id, data):
            last = environment.runner.state == STATE_STOPPED
            data["perfgate"] = {"requests": requests.taken(), "last": last}

        def clear(**_):
            requests.endpoints = {}

        environment.events.report_to_master.add_listener(report)
        environment.events.test_start.add_listener(clear)
        # --reset-stats: the requests of the ramp-up do not count.
        environment.events.spawning_complete.add_listener(
            lambda **_: clear() if environment.reset_stats else None
        )
        environment.events.reset_stats.add_listener(clear)


class _Recorder:
    """Collects a test, and writes it when it ends."""

    def __init__(self, environment, path):
        self.environment = environment
        self.path = path
        self.requests = _Requests(environment)
        self.clear()
        self.sampler = None
        on = environment.events
        on.test_start.add_listener(self.on_start)
        on.test_stop.add_listener(self.on_stop)
        on.quitting.add_listener(self.on_quitting)
        on.worker_report.add_listener(self.on_report)
        on.spawning_complete.add_listener(lambda **_: self.reset() if environment.reset_stats else None)
        on.reset_stats.add_listener(self.reset)

    def reset(self, **_):
        self.requests.endpoints = {}

    def clear(self):
        self.reset()
        self.users = []
        # Workers whose locustfile does not import this module.
        self.silent = set()
        # Workers whose last report has come.
        self.finished = set()
        self.workers = set()
        self.changed = False

    def on_start(self, **_):
        self.clear()
        self.changed = True
        if self.sampler:
            self.sampler.kill()
        self.sampler = gevent.spawn(self.sample)

    def sample(self):
        """Notes every second how many users of each class there are."""
        begin = time.monotonic()
        while True:
            self.users.append(_users(self.environment.runner))
            gevent.sleep(max(begin + len(self.users) - time.monotonic(), 0.01))

    def on_report(self, client_id, data):
        own = data.get("perfgate")
        if own is not None:
            self.requests.add(own["requests"])
            if own["last"]:
                self.finished.add(client_id)
            self.changed = True
        elif data.get("stats"):
            self.silent.add(client_id)

    def on_stop(self, **_):
        if self.sampler:
            self.sampler.kill()
            self.sampler = None
        clients = getattr(self.environment.runner, "clients", {})
        self.workers = {id for id, client in clients.items() if client.state != STATE_MISSING}
        # With the web UI, several tests may follow each other. Otherwise this is the end, and the workers' last reports are
        # still to come.
        if self.environment.web_ui:
            self.write()

    def on_quitting(self, **_):
        if self.changed:
            self.wait_for_workers()
            self.write()

    def wait_for_workers(self):
        """Takes in the reports that come after Locust has stopped listening: on a busy machine, seconds of requests."""
        runner = self.environment.runner
        if not isinstance(runner, MasterRunner) or self.silent:
            return
        with gevent.Timeout(_LAST_REPORTS, False):
            while self.workers - self.finished:
                _, message = runner.server.recv_from_client()
                if message.type == "stats":
                    # Locust's own statistics get them, too.
                    self.environment.events.worker_report.fire(client_id=message.node_id, data=message.data)
        if missing := self.workers - self.finished:
            logger.warning("requests may be missing: no last report from workers (%d)", len(missing))

    def write(self):
        self.changed = False
        if self.silent:
            logger.error(
                "%s is not written: workers did not send what they measured (%d). Does their locustfile `import perfgate.locust`?",
                self.path,
                len(self.silent),
            )
            self.environment.process_exit_code = 2
            return
        run = _run(self.environment, self.requests.endpoints, self.users)
        try:
            _replace(self.path, json.dumps(run, indent=1))
        except OSError as error:
            logger.error("%s could not be written: %s", self.path, error)
            self.environment.process_exit_code = 2
        else:
            logger.info("wrote %s for perfgate", self.path)


def _run(environment, endpoints, users):
    total = environment.stats.total
    run = {
        "schema": "perfgate.run/1",
        "tool": {"name": "locust", "version": locust.__version__},
        "load": _load(environment, users),
        "endpoints": [_endpoint(*key, endpoint) for key, endpoint in sorted(endpoints.items())],
        "metrics": [
            _metric(key, name, histogram)
            for key, endpoint in sorted(endpoints.items())
            for name, histogram in sorted(endpoint.metrics.items())
        ],
        "timeline": _timeline(users),
    }
    if total.last_request_timestamp:
        begin = datetime.datetime.fromtimestamp(total.start_time, datetime.timezone.utc)
        run["started_at"] = begin.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        run["duration_s"] = max(total.last_request_timestamp - total.start_time, 0.0)
    return run


def _load(environment, users):
    load = {"users": max((sum(own.values()) for own in users), default=0)}
    rate = getattr(environment.runner, "spawn_rate", None) or environment.parsed_options.spawn_rate
    # A shape has no rate of its own.
    if rate and not environment.shape_class:
        load["spawn_rate"] = float(rate)
    hosts = {environment.host or own.host for own in environment.user_classes}
    if len(hosts) == 1 and (host := hosts.pop()):
        load["target"] = host
    if script := _script_hash(environment):
        load["script_sha256"] = script
    return load


def _script_hash(environment):
    """SHA-256 of the locustfiles, one after the other: what `perfgate run` records, too."""
    digest = hashlib.sha256()
    try:
        for path in environment.parsed_locustfiles:
            with open(path, "rb") as file:
                digest.update(file.read())
    # A locustfile that came over HTTP, or from the master.
    except (AttributeError, OSError, TypeError):
        return None
    return digest.hexdigest()


def _endpoint(kind, name, endpoint):
    upper = kind.upper()
    sort = "task"
    if upper in _METHODS:
        sort = "http"
    elif upper.startswith(("WS", "WEBSOCKET")):
        sort = "websocket"
    elif upper.startswith("GRPC"):
        sort = "grpc"
    written = {"kind": sort, "name": name, "requests": endpoint.requests, "failures": endpoint.failures}
    if kind:
        written["method"] = kind
    if endpoint.times.counts:
        written["latency"] = _latency(endpoint.times)
    if endpoint.ttfb.counts:
        written["parts"] = {"ttfb": _latency(endpoint.ttfb)}
    most = sorted(endpoint.kinds.items(), key=lambda kind: -kind[1])[:10]
    written["failure_kinds"] = [{"message": message, "count": n} for message, n in most]
    return written


def _latency(histogram):
    return {
        "unit": "ms",
        "mean": min(max(histogram.mean(), histogram.low), histogram.high),
        "min": histogram.low,
        "max": histogram.high,
        "histogram": {"unit": "ns", "data": histogram.encoded()},
    }


def _metric(key, name, histogram):
    kind, endpoint = key
    return {
        "name": name,
        "endpoint": f"{kind} {endpoint}".strip(),
        "type": "trend",
        "value": histogram.mean(),
        "count": histogram.count,
        "quantiles": {level: histogram.quantile(share) for level, share in _QUANTILES.items()},
    }


def _timeline(users):
    classes = sorted({name for own in users for name in own})
    lines = {"users": [sum(own.values()) for own in users]}
    if len(classes) > 1:
        lines |= {f"users {name}": [own.get(name, 0) for own in users] for name in classes}
    return {name: {"interval_s": 1, "values": values} for name, values in lines.items() if values}


def _users(runner):
    counts = getattr(runner, "reported_user_classes_count", None)
    return dict(runner.user_classes_count if counts is None else counts)


def _kind(exception):
    """What a failure is called: by its status, where it has one, so that it has the same name whatever its URL."""
    message = exception if isinstance(exception, str) else repr(exception)
    status = _STATUS.match(message)
    if status:
        return f"HTTP {status[1] or status[2]}"
    # Addresses of objects are not kinds.
    return re.sub(r"0x[0-9a-f]{6,}", "0x…", message)[:300]


def _replace(path, text):
    """The file is there completely, or not at all."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=".perfgate-", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        # As any other file that Locust writes; temporary files are for their owner alone.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part, 0o666 & ~mask)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
