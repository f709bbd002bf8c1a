"""The same Locust runs by its CSV, its JSON and the plugin: how far p95 and p99 are from those of all requests.

    python3 packaging/python/tests/accuracy.py FOLDER [RUNS]

Makes the runs (15 s each, against an app on loopback) where FOLDER does not have them, and prints the table of docs/accuracy.md.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

import app

PERFGATE = os.environ.get("PERFGATE", "perfgate")
SOURCES = {"CSV": "csv_stats.csv", "JSON": "own.json", "plugin": "run.json"}
ENDPOINTS = ["GET /health", "GET /slow"]
LEVELS = {"p95": 0.95, "p99": 0.99}
# Runs of a baseline.
BASELINE = 5
LOAD = """
import json

from locust import HttpUser, constant, events, task

import perfgate.locust


class User(HttpUser):
    wait_time = constant(0.02)

    @task
    def health(self):
        self.client.get("/health")

    @task
    def slow(self):
        self.client.get("/slow")


@events.request.add_listener
def note(request_type, name, response_time, **_):
    with open("raw", "a") as raw:
        raw.write(json.dumps([f"{request_type} {name}", response_time]) + "\\n")
"""


def make(folder):
    folder.mkdir(parents=True)
    (folder / "locustfile.py").write_text(LOAD)
    with app.serving() as address:
        command = [sys.executable, "-m", "locust", "--headless", "--only-summary", "--host", address]
        command += "-u 10 -r 10 -t 15s --csv csv --json-file own --perfgate run.json".split()
        command += ["--exit-code-on-error", "0"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def perfgate(*arguments):
    said = subprocess.run([PERFGATE, *map(str, arguments)], check=False, capture_output=True, text=True)
    if said.returncode == 2:
        sys.exit(said.stderr)
    return json.loads(said.stdout)


def quantile(values, level):
    """Of all values, between the two nearest where the level falls between two, as perfgate does."""
    values = sorted(values)
    position = level * (len(values) - 1)
    low = int(position)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (position - low)


def exact(folder):
    times = {}
    for line in (folder / "raw").read_text().splitlines():
        endpoint, time = json.loads(line)
        times.setdefault(endpoint, []).append(time)
    return {
        (endpoint, name): quantile(own, level)
        for endpoint, own in times.items()
        for name, level in LEVELS.items()
    }, sum(map(len, times.values()))


def read(folder, source):
    run = perfgate("normalize", folder / SOURCES[source])
    values = {
        (f"{own['method']} {own['name']}", name): own["latency"]["quantiles"][name]
        for own in run["endpoints"]
        for name in LEVELS
    }
    return values, run["total"]["requests"]


def errors(folders):
    """Of each percentile of each endpoint and run, as a share of the exact one; and the requests that are missing."""
    found = {source: [] for source in SOURCES}
    missing = dict.fromkeys(SOURCES, 0)
    for folder in folders:
        right, requests = exact(folder)
        for source in SOURCES:
            values, counted = read(folder, source)
            missing[source] += requests - counted
            found[source] += [abs(values[key] / right[key] - 1) for key in right]
    return found, missing


def visible(folders, source):
    """The smallest rise of a percentile that the gate would see, over the runs that are no baseline."""
    files = [folder / SOURCES[source] for folder in folders]
    baseline = [part for file in files[:BASELINE] for part in ("--baseline-file", file)]
    seen = []
    for file in files[BASELINE:]:
        report = perfgate("compare", *baseline, file, "--format", "json")
        seen += [
            finding["visible"]
            for finding in report["findings"]
            if finding["statistic"] in LEVELS and finding.get("visible") is not None
        ]
    return seen


def main(place, runs=20):
    folders = [pathlib.Path(place).resolve() / str(number) for number in range(int(runs))]
    for folder in folders:
        if not folder.exists():
            make(folder)
    found, missing = errors(folders)
    print("| Source | error of p95 and p99: median | largest | requests missing | smallest visible rise: median |")
    print("| --- | --: | --: | --: | --: |")
    for source in SOURCES:
        rise = statistics.median(visible(folders, source))
        own = found[source]
        print(
            f"| {source} | {statistics.median(own):.2%} | {max(own):.2%} | {missing[source]} | {rise:.1%} |"
        )


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
