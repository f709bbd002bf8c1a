#!/usr/bin/env bash
# Measures repeats of unchanged and of slower code with a real load tool, against examples/chat-service on this machine.
#
# usage: measure.sh FOLDER [ROUNDS]       TOOL=k6 takes k6 in place of Locust; BUSY=1 takes a processor away meanwhile
#
# A round is four unchanged runs and one each of a service whose chat takes 1.2, 1.3 and 1.5 times as long. Each run takes 12
# seconds. FOLDER gets aa-1, aa-2, … and x1.2-1, x1.3-1, … with what the tool wrote. Needs perfgate, make, Python and the tool.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
rounds=${2:-6}
tool=${TOOL:-locust}
here=$(cd "$(dirname "$0")/../.." && pwd)
port=${PORT:-8747}
url="http://127.0.0.1:$port"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT

if [ -n "${BUSY:-}" ]; then
  # Other work, in bursts of a second every three.
  (while :; do timeout 1 sh -c 'while :; do :; done' || true; sleep 2; done) &
  pids+=($!)
fi

measure() { # name, how much slower
  local into="$folder/$1"
  mkdir -p "$into"
  python3 "$here/examples/chat-service/service.py" --port "$port" --slower "$2" &
  local service=$!
  pids+=("$service")
  curl --silent --fail --output /dev/null --retry 20 --retry-delay 1 --retry-connrefused "$url/health"
  if [ "$tool" = k6 ]; then
    (cd "$into" && TARGET="$url" k6 run --quiet --vus 10 --duration 12s --env TARGET="$url" \
      --summary-export summary.json --summary-trend-stats "avg,min,med,max,p(50),p(90),p(95),p(99),p(99.9),count" \
      "$here/examples/chat-service/load.js" >/dev/null) || true
  else
    (cd "$into" && locust --headless --only-summary --host "$url" --users 10 --spawn-rate 10 --run-time 12s --csv x \
      --locustfile "$here/examples/chat-service/locustfile.py" >/dev/null 2>&1) || true
  fi
  kill "$service" 2>/dev/null || true
  wait "$service" 2>/dev/null || true
}

number=0
for round in $(seq "$rounds"); do
  for _ in 1 2 3 4; do
    number=$((number + 1))
    measure "aa-$number" 1
  done
  for factor in 1.2 1.3 1.5; do
    measure "x$factor-$round" "$factor"
  done
  echo "round $round of $rounds is done" >&2
done
