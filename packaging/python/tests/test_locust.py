"""The Locust plugin, with a real Locust: python3 -m unittest discover packaging/python/tests

Needs Locust, this package, and the program: `perfgate` on the PATH, or PERFGATE.
"""

import collections
import hashlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import app
from locust.env import Environment
from perfgate._histogram import Histogram
from perfgate.locust import _Recorder

HERE = pathlib.Path(__file__).resolve().parent
PERFGATE = os.environ.get("PERFGATE", "perfgate")
# Half a bucket.
THREE_DIGITS = 1 / 1024


def normalized(path):
    """The run as perfgate reads it; no field of it may be unknown."""
    said = subprocess.run([PERFGATE, "normalize", path], capture_output=True, text=True)
    if said.returncode or said.stderr:
        raise AssertionError(said.stderr)
    run = json.loads(said.stdout)
    return run, {f"{own.get('method', '')} {own['name']}".strip(): own for own in run["endpoints"]}


def quantile(values, level):
    """Of all values, between the two nearest where the level falls between two, as perfgate does."""
    values = sorted(values)
    position = level * (len(values) - 1)
    low = int(position)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (position - low)


class Histograms(unittest.TestCase):
    def test_perfgate_reads_what_was_counted_to_three_digits(self):
        values = [0.0, 0.000001, 0.0015, 1.0, 1.0, 2.0471, 33.3, 999.9, 12_345.6, 86_400_000.0]
        histogram = Histogram()
        for value in values:
            histogram.record(value)
        for part in range(1, 10_001):
            histogram.record(part / 7)
            values.append(part / 7)
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "run.json"
            latency = {"histogram": {"unit": "ns", "data": histogram.encoded()}}
            endpoint = {"name": "/", "latency": latency}
            run = {"schema": "perfgate.run/1", "tool": {"name": "test"}, "endpoints": [endpoint]}
            path.write_text(json.dumps(run))
            read = normalized(path)[1]["/"]["latency"]
        self.assertEqual(read["count"], len(values))
        for name in ["p50", "p95", "p99"]:
            exact = quantile(values, float(name[1:]) / 100)
            self.assertAlmostEqual(read["quantiles"][name], exact, delta=exact * THREE_DIGITS)
            nearest = sorted(values)[math.ceil(float(name[1:]) / 100 * len(values)) - 1]
            self.assertAlmostEqual(
                histogram.quantile(float(name[1:]) / 100), nearest, delta=nearest * THREE_DIGITS
            )

    def test_parts_add_up_to_the_whole(self):
        whole, first, second = Histogram(), Histogram(), Histogram()
        for number in range(1000):
            whole.record(number / 3)
            (first if number % 3 else second).record(number / 3)
        # As a message carries it.
        first.add(json.loads(json.dumps(second.packed())))
        self.assertEqual(first.counts, whole.counts)
        self.assertEqual((first.low, first.high), (whole.low, whole.high))

    def test_a_time_that_no_clock_measures_is_still_counted(self):
        histogram = Histogram()
        for value in [-5.0, 1e15]:
            histogram.record(value)
        self.assertEqual((histogram.count, histogram.low), (2, 0.0))


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        serving = app.serving()
        cls.address = serving.__enter__()
        cls.addClassCleanup(serving.__exit__, None, None, None)

    def locust(self, *arguments, code=(0, 1), **variables):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)
        raw = self.place / "raw"
        raw.mkdir()
        command = [sys.executable, "-m", "locust", "--locustfile", str(HERE / "locustfile.py"), "--headless"]
        command += ["--host", self.address, *arguments]
        environment = {**os.environ, "RAW": str(raw), **variables}
        ended = subprocess.run(command, cwd=self.place, env=environment, capture_output=True, text=True, timeout=120)
        # Locust ends with 1 where requests failed.
        self.assertIn(ended.returncode, code, ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)
        noted = collections.defaultdict(list)
        for path in raw.iterdir():
            for line in path.read_text().splitlines():
                endpoint, time, failed = json.loads(line)
                noted[endpoint].append((time, failed))
        return noted, ended

    def compare(self, noted):
        """What the plugin wrote against what the locustfile noted itself."""
        run, endpoints = normalized(self.place / "run.json")
        self.assertEqual(set(endpoints), {"POST /chat", "GET /stream", "GET /health"})
        for name, endpoint in endpoints.items():
            times = [time for time, _ in noted[name]]
            self.assertEqual(endpoint["requests"], len(times))
            self.assertEqual(endpoint["failures"], sum(failed for _, failed in noted[name]))
            for level in ["p50", "p95", "p99"]:
                exact = quantile(times, float(level[1:]) / 100)
                self.assertAlmostEqual(
                    endpoint["latency"]["quantiles"][level], exact, delta=exact * THREE_DIGITS, msg=f"{name} {level}"
                )
            self.assertAlmostEqual(endpoint["latency"]["max"], max(times))
        self.assertEqual(run["total"]["requests"], sum(map(len, noted.values())))
        self.assertEqual(run["load"]["users"], 8)
        self.assertEqual(run["load"]["spawn_rate"], 8)
        self.assertEqual(run["load"]["target"], self.address)
        script = hashlib.sha256((HERE / "locustfile.py").read_bytes()).hexdigest()
        self.assertEqual(run["load"]["script_sha256"], script)
        self.assertEqual(run["tool"]["name"], "locust")
        self.assertRegex(run["tool"]["version"], r"^\d+\.\d+")
        self.assertRegex(run["started_at"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(set(run["timeline"]), {"users", "users Shopper", "users Probe"})
        kinds = {kind["message"] for own in endpoints.values() for kind in own.get("failure_kinds", [])}
        self.assertLessEqual(kinds, {"HTTP 503"})
        return run, endpoints

    def test_a_run_in_one_process_has_every_request(self):
        noted, ended = self.locust(*"-u 8 -r 8 -t 5s --perfgate run.json".split())
        run, endpoints = self.compare(noted)
        self.assertEqual(ended.stderr.count("run.json for perfgate"), 1)
        self.assertEqual(endpoints["POST /chat"]["failure_kinds"][0]["message"], "HTTP 503")
        self.assertIn("ttfb", endpoints["POST /chat"]["parts"])
        metrics = {own["name"]: own for own in run["metrics"]}
        self.assertEqual(metrics["tokens_per_second"]["value"], 40.0)
        self.assertEqual(metrics["tokens_per_second"]["endpoint"], "POST /chat")
        # The first of three pieces comes after 30 ms, the last after 90.
        self.assertGreater(metrics["ttft"]["quantiles"]["p50"], 30)
        self.assertLess(metrics["ttft"]["quantiles"]["p50"], 90)
        self.assertGreater(endpoints["GET /stream"]["latency"]["min"], 90)

    def test_the_runs_of_four_workers_are_one(self):
        noted, _ = self.locust(*"-u 8 -r 8 -t 6s --processes 4 --perfgate out/run.json".split())
        (self.place / "out/run.json").rename(self.place / "run.json")
        self.compare(noted)

    def test_the_ramp_up_does_not_count_where_locust_resets_its_statistics(self):
        noted, _ = self.locust(*"-u 8 -r 4 -t 6s --reset-stats --perfgate run.json --json-file own".split())
        run, _ = normalized(self.place / "run.json")
        own = json.loads((self.place / "own.json").read_text())
        self.assertEqual(run["total"]["requests"], sum(entry["num_requests"] for entry in own))
        self.assertLess(run["total"]["requests"], sum(map(len, noted.values())))

    def test_without_the_option_nothing_is_written(self):
        self.locust(*"-u 1 -r 1 -t 1s".split())
        self.assertEqual([path.name for path in self.place.iterdir()], ["raw"])

    def test_a_file_that_cannot_be_written_is_an_error(self):
        _, ended = self.locust(*"-u 1 -r 1 -t 1s --perfgate /dev/null/run.json".split(), code=(2,))
        self.assertIn("/dev/null/run.json could not be written", ended.stderr)

    def test_a_run_that_lacks_the_requests_of_a_worker_is_not_written(self):
        environment = Environment(user_classes=[], host="http://app")
        environment.create_local_runner()
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "run.json"
            _Recorder(environment, str(path))
            with self.assertLogs("perfgate.locust", "ERROR") as logs:
                environment.events.test_start.fire(environment=environment)
                environment.events.worker_report.fire(client_id="other", data={"stats": [{}]})
                environment.events.quitting.fire(environment=environment)
            self.assertFalse(path.exists())
        self.assertIn("workers did not send what they measured (1)", logs.output[0])
        self.assertEqual(environment.process_exit_code, 2)


if __name__ == "__main__":
    unittest.main()
