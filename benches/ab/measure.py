#!/usr/bin/env python3
"""How often `perfgate ab` is right with a real load tool, on a machine whose CPU is stolen in bursts.

    python3 benches/ab/measure.py --perfgate target/release/perfgate --folder /var/tmp/ab      # hours; can be stopped and goes on
    python3 benches/ab/measure.py --folder /var/tmp/ab --table                                 # what is there so far

Needs git, Locust and Linux. The service is examples/chat-service. A busy process takes a known share of one core in bursts, so
that a slice is slow although nothing changed. Beside `ab`, the same load is spent in the two usual ways: base, then head; and
head, against runs of base that were stored before. Limits are 5 % on p50 and p95.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVICE = HERE.parent.parent / "examples" / "chat-service"
POLICY = """\
regression_thresholds:
  api_response_time: { p50: 5%, p95: 5%, p99: off }
  websocket_latency: off
  throughput: off
  error_rate: { absolute: 1% }
gate: { allow_different: [duration] }  # Locust counts from the first to the last request
profiles:
  ab: { users: 10, spawn_rate: 100, duration: 10s }
"""
DUTY = 0.3  # share of one core that is stolen
STORED = 5  # runs of base that are stored before

# way, how much slower the chat endpoint is, seconds of budget, how many runs
CELLS = [
    ("ab", 1.0, 60, 40),
    ("ab", 1.2, 60, 10),
    ("ab", 1.1, 180, 10),
    ("base, then head", 1.0, 60, 10),
    ("base, then head", 1.2, 60, 5),
    ("stored", 1.0, 60, 10),
    ("stored", 1.2, 60, 5),
]


def busy(seed: int) -> None:
    """Uses a share of one core in bursts, for at most ten minutes."""
    chance, end = random.Random(seed), time.monotonic() + 600
    while time.monotonic() < end:
        burst = chance.uniform(0.1, 1.5)
        until = time.monotonic() + burst
        while time.monotonic() < until:
            pass
        time.sleep(burst * (1 - DUTY) / DUTY)


def git(repo: Path, *arguments: str) -> None:
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=repo, check=True, stdout=subprocess.DEVNULL)


def repository(folder: Path, slower: float) -> Path:
    """A repository whose branch `change` has a slower chat endpoint than `main`."""
    repo = folder / f"repo-{slower}"
    if repo.exists():
        return repo
    repo.mkdir(parents=True)
    git(repo, "init", "--quiet", "-b", "main")
    for name in ["service.py", "locustfile.py"]:
        shutil.copy(SERVICE / name, repo / name)
    (repo / "perfgate.yaml").write_text(POLICY)
    (repo / "slower").write_text("1.0")
    (repo / "serve.sh").write_text('exec python3 service.py --port "$1" --slower "$(cat slower)"\n')
    git(repo, "add", ".")
    git(repo, "commit", "--quiet", "-m", "base")
    git(repo, "checkout", "--quiet", "-b", "change")
    (repo / "slower").write_text(str(slower))
    git(repo, "commit", "--quiet", "--allow-empty", "-am", "change")
    return repo


LOAD = ["locust", "-f", "locustfile.py", "--host", "{url}", "--json-file", "{out}/result"]


def load(repo: Path, port: int, out: Path, perfgate: str, repeat: int, record: bool) -> list[Path]:
    """So many runs of ten seconds with `perfgate run`."""
    command = [word.replace("{url}", f"http://127.0.0.1:{port}") for word in LOAD]
    how = [] if record else ["--no-record"]
    subprocess.run(
        [perfgate, "run", "--profile", "ab", "--busy-ok", "--repeat", str(repeat), "--out", str(out), *how, "--", *command],
        cwd=repo, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600,
    )
    return sorted(out.glob("run-*/perfgate-run.json"))


class Service:
    def __init__(self, repo: Path, slower: float, port: int):
        self.port = port
        command = [sys.executable, "service.py", "--port", str(port), "--slower", str(slower)]
        self.child = subprocess.Popen(command, cwd=repo, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()


def verdict(code: int, report: Path) -> dict:
    found = json.loads(report.read_text()) if report.exists() else {}
    failed = [
        f"{own['endpoint']} {own['statistic']}" for own in found.get("findings", []) if own["verdict"] == "fail"
    ]
    pairs = found.get("pairs") or {}
    return {
        "code": code, "verdict": found.get("verdict"), "failed": failed,
        "pairs": len(pairs.get("current_second", [])), "seconds": pairs.get("seconds"),
    }


def one(way: str, slower: float, budget: int, number: int, folder: Path, perfgate: str) -> dict:
    repo = repository(folder, slower)
    out, report = folder / "out", folder / "report.json"
    shutil.rmtree(out, ignore_errors=True)
    report.unlink(missing_ok=True)
    if way == "ab":
        ended = subprocess.run(
            [perfgate, "ab", "--baseline", "main", "--serve", "sh serve.sh {port}", "--ready", "/health", "--profile", "ab",
             "--budget", f"{budget}s", "--slice", "2s", "--seed", str(number), "--out", str(out),
             "--output", f"json={report}", "--", *LOAD],
            cwd=repo, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=900,
        )
        found = verdict(ended.returncode, report)
        return found if ended.returncode != 2 else {**found, "error": ended.stderr.decode()[-500:]}
    repeat = budget // 20
    stored = folder / "stored"
    if way == "stored" and not list(stored.glob("*/perfgate-run.json")):
        with Service(repo, 1.0, 8790) as service:
            load(repo, service.port, stored, perfgate, STORED, False)
    if way == "stored":
        base = sorted(stored.glob("run-*/perfgate-run.json"))
    else:
        with Service(repo, 1.0, 8791) as service:
            base = load(repo, service.port, out / "base", perfgate, repeat, False)
    with Service(repo, slower, 8792) as service:
        head = load(repo, service.port, out / "head", perfgate, repeat, False)
    files = [word for file in base for word in ("--baseline-file", str(file))]
    ended = subprocess.run(
        [perfgate, "compare", *files, *map(str, head), "--profile", "ab", "--output", f"json={report}"],
        cwd=repo, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    return verdict(ended.returncode, report)


def table(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "results.ndjson").read_text().splitlines()]
    print("| way | slower | budget | runs | fail | chat found | measure again | no verdict | pairs | seconds |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
    for way, slower, budget, _ in CELLS:
        own = [row for row in rows if (row["way"], row["slower"], row["budget"]) == (way, slower, budget)]
        if not own:
            continue
        count = lambda holds: sum(1 for row in own if holds(row))
        mean = lambda key: sum(row.get(key) or 0 for row in own) / len(own)
        print(
            f"| {way} | {slower} | {budget} s | {len(own)} | {count(lambda r: r['verdict'] == 'fail')} "
            f"| {count(lambda r: any('/api/chat' in name for name in r['failed']))} "
            f"| {count(lambda r: r['verdict'] == 'inconclusive')} | {count(lambda r: r['verdict'] in (None, 'not_compared'))} "
            f"| {mean('pairs'):.1f} | {mean('seconds'):.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--perfgate", default="perfgate")
    parser.add_argument("--folder", type=Path, required=True, help="results and repositories; a new folder, or that of before")
    parser.add_argument("--table", action="store_true", help="print what is there")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if options.table:
        return table(folder)
    perfgate = str(Path(options.perfgate).resolve()) if "/" in options.perfgate else options.perfgate
    results = folder / "results.ndjson"
    known = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    # A tenth of each cell at a time, so that whoever stops early has some of everything.
    for tenth in range(1, 11):
        for way, slower, budget, runs in CELLS:
            own = [row for row in known if (row["way"], row["slower"], row["budget"]) == (way, slower, budget)]
            for number in range(len(own) + 1, runs * tenth // 10 + 1):
                thief = os.fork()
                if thief == 0:
                    busy(number)
                    os._exit(0)
                try:
                    found = one(way, slower, budget, number, folder, perfgate)
                finally:
                    os.kill(thief, 9)
                    os.waitpid(thief, 0)
                row = {"way": way, "slower": slower, "budget": budget, "number": number, **found}
                known.append(row)
                with results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    table(folder)


if __name__ == "__main__":
    main()
