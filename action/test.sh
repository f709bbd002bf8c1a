#!/usr/bin/env bash
# Tests gate.sh and install.sh with a stand-in for perfgate, which notes how it is called: `bash action/test.sh`.
# No network, no token, nothing but bash and the usual small tools.
# shellcheck disable=SC2016 # what must not be evaluated stands in single quotes
set -euo pipefail

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
place="$(mktemp -d)"
trap 'rm -rf -- "$place"' EXIT
passed=0 failed=0

check() { # WHAT EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'not ok: %s\n--- expected\n%s\n--- actual\n%s\n\n' "$1" "$2" "$3"
  fi
}

contains() { # WHAT PART ACTUAL
  case "$3" in
    *"$2"*) passed=$((passed + 1)) ;;
    *)
      failed=$((failed + 1))
      printf 'not ok: %s\n--- should contain\n%s\n--- actual\n%s\n\n' "$1" "$2" "$3"
      ;;
  esac
}

# --- the stand-in ---------------------------------------------------------------------------------------------------

# Every call is a line in $CALLS, each argument in brackets, paths below $WORK shortened. VERDICTS holds the verdicts of
# the comparisons, one word each; the last one stays.
mkdir "$place/bin"
cat >"$place/bin/perfgate" <<'STUB'
#!/usr/bin/env bash
set -euo pipefail
line="" json="" bundle=""
for argument in "$@"; do
  case "$argument" in
    json=*) json="${argument#json=}" ;;
    markdown=*) : >"${argument#markdown=}" ;;
    bundle=*) bundle="${argument#bundle=}" ;;
    --annotations=*)
      printf '::error title=performance::slower\n' >"${argument#*=}"
      continue # what is checked of it is what is printed
      ;;
  esac
  line="$line [$(printf '%s' "$argument" | sed "s#=.*/perfgate\.[A-Za-z0-9]*/#=WORK/#; s#^.*/perfgate\.[A-Za-z0-9]*/#WORK/#")]"
done
printf '%s\n' "${line# }" >>"$CALLS"
if [ -n "${GIT_CONFIG_KEY_0:-}" ]; then printf '  git: %s %s\n' "$GIT_CONFIG_KEY_0" "$GIT_CONFIG_VALUE_0" >>"$CALLS"; fi
if [ "$1" = "${FAILING:-none}" ]; then exit "${FAILING_CODE:-2}"; fi
case "$1" in
  compare)
    echo "::add-mask::a name in a result file"
    n="$(cat "$CALLS.count" 2>/dev/null || echo 0)"
    n=$((n + 1))
    echo "$n" >"$CALLS.count"
    verdict="$(printf '%s\n' $VERDICTS | sed -n "${n}p")"
    verdict="${verdict:-$(printf '%s\n' $VERDICTS | tail -n 1)}"
    printf '{\n  "schema": "perfgate.report/1",\n  "verdict": "%s",\n  "findings": [\n    {\n      "verdict": "pass"\n' \
      "$verdict" >"$json"
    if [ -n "$bundle" ]; then mkdir "$bundle" && : >"$bundle/report.json"; fi
    case "$verdict" in pass | warn) exit 0 ;; fail) exit 1 ;; esac
    case " $* " in *" --inconclusive=warn "*) exit 0 ;; *) exit 3 ;; esac
    ;;
  ab)
    printf '{\n  "schema": "perfgate.report/1",\n  "verdict": "fail",\n' >"$json"
    exit 1
    ;;
  publish)
    printf 'token %s\n' "${GITHUB_TOKEN:-none}" >>"$CALLS.token"
    echo "error: a name ##[set-output name=markdown]x" >&2
    ;;
esac
STUB
chmod +x "$place/bin/perfgate"

# The line of action.yml that runs gate.sh, as a file, which is how the runner starts it.
sed -n 's/^ *run: \(.*gate\.sh.*\)$/\1/p' "$here/../action.yml" >"$place/step.sh"

# The lines that the runner takes for commands.
commands_of() {
  awk 'stop != "" { if ($0 == "::" stop "::") stop = ""; next }
    sub(/^::stop-commands::/, "") { stop = $0; next }
    /^::/ || /##\[/'
}

# gate [NAME=VALUE]... runs gate.sh in a fresh folder; sets `code`, `calls`, `log`, `outputs` and `summary`.
gate() {
  local run
  run="$(mktemp -d "$place/run.XXXXXX")"
  mkdir "$run/temp" "$run/repo"
  git -C "$run/repo" init --quiet
  echo one >"$run/repo/a.json"
  work="$run/repo"
  if [ -n "${PREPARE:-}" ]; then (cd "$work" && eval "$PREPARE"); fi
  code=0
  log="$(cd "$work" && env -i PATH="$place/bin:$PATH" HOME="$run" CALLS="$run/calls" VERDICTS=pass \
    GITHUB_OUTPUT="$run/output" GITHUB_STEP_SUMMARY="$run/summary" RUNNER_TEMP="$run/temp" \
    GITHUB_SERVER_URL=https://github.example GITHUB_REPOSITORY=me/shop EVENT_DEFAULT_BRANCH=main \
    GITHUB_ACTION_PATH="$here/.." INPUT_RESULTS=a.json INPUT_TOKEN=t0ken "$@" \
    bash --noprofile --norc -eo pipefail "$place/step.sh" 2>&1)" || code=$?
  calls="$(cat "$run/calls" 2>/dev/null || true)"
  # What git is told is tested once; below it is left out.
  git_calls="$calls"
  calls="$(printf '%s\n' "$calls" | grep -v '^  git:' || true)"
  outputs="$(sed "s#=.*/perfgate\.[A-Za-z0-9]*/#=WORK/#; s#=$work/#=REPO/#" "$run/output" 2>/dev/null || true)"
  summary="$(cat "$run/summary" 2>/dev/null || true)"
  tokens="$(cat "$run/calls.token" 2>/dev/null || true)"
}

pull_request=(GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/7/merge GITHUB_BASE_REF=release/1 EVENT_HEAD_REPOSITORY=me/shop)
fork=(GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/7/merge GITHUB_BASE_REF=main EVENT_HEAD_REPOSITORY=you/shop)
lenient="[--inconclusive=warn] [--missing-baseline=warn]"
files="[--output] [json=WORK/report.json] [--output] [markdown=WORK/report.md]"

# --- one event after another ----------------------------------------------------------------------------------------

gate GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main
check "push to main records" "[record] [--push] [--] [a.json]" "$calls"
check "push to main: exit code" "0 exit-code=0" "$code $outputs"

gate GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/topic
check "push elsewhere compares without a comment" \
  "[compare] [--baseline=main] $lenient $files [--] [a.json]
[publish] [--report] [WORK/report.json] [--no-comment]" "$calls"

gate GITHUB_EVENT_NAME=push GITHUB_REF=refs/tags/main
contains "a tag that is named like the branch is not the branch" "[compare]" "$calls"

gate "${pull_request[@]}" VERDICTS=fail INPUT_CHECK=true
check "pull request compares with its base and comments" \
  "[compare] [--baseline=release/1] $lenient $files [--] [a.json]
[publish] [--report] [WORK/report.json] [--check]" "$calls"
check "pull request: exit code and outputs" "1
verdict=fail
report=WORK/report.json
markdown=WORK/report.md
exit-code=1" "$code
$outputs"
check "pull request: the token" "token t0ken" "$tokens"
contains "names in results are no commands" "::stop-commands::" "$log"
check "publish: its annotations are commands, and no name is" "::add-mask::$(printf 'x-access-token:t0ken' | base64)
::error title=performance::slower" "$(commands_of <<<"$log")"
contains "publish: what it says is in the log all the same" "##[set-output" "$log"

gate "${pull_request[@]}" INPUT_COMMENT=false
contains "pull request without a comment" "[publish] [--report] [WORK/report.json] [--no-comment]" "$calls"

gate "${fork[@]}" VERDICTS=fail INPUT_CHECK=true
check "pull request of a fork writes a bundle and no comment" \
  "[compare] [--baseline=main] $lenient $files [--output] [bundle=perfgate-bundle] [--] [a.json]
[publish] [--report] [WORK/report.json] [--no-comment]" "$calls"
check "pull request of a fork: outputs" "1
verdict=fail
report=WORK/report.json
markdown=WORK/report.md
bundle=REPO/perfgate-bundle
exit-code=1" "$code
$outputs"

gate "${fork[@]}" EVENT_HEAD_REPOSITORY=
contains "a fork that was deleted is a fork" "[bundle=perfgate-bundle]" "$calls"

gate "${fork[@]}" INPUT_COMMAND=record
check "a fork's run is never recorded" "2 " "$code $calls"

gate GITHUB_EVENT_NAME=pull_request_target GITHUB_BASE_REF=main EVENT_HEAD_REPOSITORY=you/shop
check "pull_request_target is refused" "2 " "$code $calls"
contains "pull_request_target: what to do" "fork-safe-measure.yml" "$log"

gate GITHUB_EVENT_NAME=merge_group GITHUB_REF=refs/heads/gh-readonly-queue/main/pr-7 EVENT_MERGE_GROUP_BASE=0123abc
check "merge queue compares with the group's base" \
  "[compare] [--baseline=0123abc] $lenient $files [--] [a.json]
[publish] [--report] [WORK/report.json] [--no-comment]" "$calls"

gate GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/trunk GITHUB_REF_NAME=trunk EVENT_DEFAULT_BRANCH= VERDICTS=fail
check "scheduled: compares, then records whatever the verdict" \
  "[compare] [--baseline=trunk] $lenient $files [--] [a.json]
[publish] [--report] [WORK/report.json] [--no-comment]
[record] [--push] [--] [a.json]" "$calls"
check "scheduled: the verdict's exit code" "1" "$code"

gate GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main FAILING=record
check "scheduled: a run that was not recorded is seen" "2" "$code"

gate GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main FAILING=compare
check "scheduled: what could not be compared is not recorded" \
  "2 [compare] [--baseline=main] $lenient $files [--] [a.json]" "$code $calls"
contains "what could not be compared stands in the summary" "nothing was checked" "$summary"

gate GITHUB_EVENT_NAME=workflow_dispatch GITHUB_REF=refs/heads/main
contains "by hand on main: records" "[record] [--push]" "$calls"
gate GITHUB_EVENT_NAME=workflow_dispatch GITHUB_REF=refs/heads/topic
check "by hand elsewhere: compares" \
  "[compare] [--baseline=main] $lenient $files [--] [a.json]
[publish] [--report] [WORK/report.json] [--no-comment]" "$calls"

PREPARE="mkdir perfgate-bundle" gate GITHUB_EVENT_NAME=workflow_run GITHUB_REF=refs/heads/main INPUT_CHECK=true
check "workflow_run publishes the bundle" "0 [publish] [--bundle] [perfgate-bundle] [--inconclusive=warn] [--missing-baseline=fail] [--check]" "$code $calls"
PREPARE="mkdir b" gate GITHUB_EVENT_NAME=workflow_run INPUT_BUNDLE=b INPUT_COMMENT=false FAILING=publish FAILING_CODE=1
check "workflow_run ends with the verdict" "1 [publish] [--bundle] [b] [--inconclusive=warn] [--missing-baseline=fail] [--no-comment]" "$code $calls"
PREPARE="mkdir b" gate GITHUB_EVENT_NAME=workflow_run INPUT_BUNDLE=b INPUT_SUITE=shop INPUT_PROFILE=p INPUT_ENVIRONMENT=ci \
  INPUT_MISSING_BASELINE=warn INPUT_ARGS=$'--tool=k6\n--merge' INPUT_LABELS=runner=x INPUT_POLICY=p.yaml
check "workflow_run says which test the bundle must be of" "0 [publish] [--bundle] [b] [--inconclusive=warn] \
[--missing-baseline=warn] [--policy=p.yaml] [--suite=shop] [--profile=p] [--environment=ci] [--tool=k6]" "$code $calls"
gate GITHUB_EVENT_NAME=workflow_run
check "workflow_run without a bundle" "2 " "$code $calls"

# --- inputs ---------------------------------------------------------------------------------------------------------

PREPARE='mkdir "my dir"; : >"my dir/a b.json"; : >c.json' gate "${pull_request[@]}" \
  INPUT_RESULTS=$'my dir/a b.json\n c.json  d*.json\r\n\n-x.json\n$(touch evil);`touch evil`\n*' \
  INPUT_LABELS=$'runner=big; touch evil\nnote="$(touch evil)"\n' INPUT_SUITE='$(touch evil)' INPUT_PROFILE='a b' \
  INPUT_ENVIRONMENT="it's" INPUT_POLICY='p q.yaml' INPUT_REQUIRE_COVERAGE=80% INPUT_BASELINE='-x;touch evil' \
  INPUT_ARGS=$'--all\n--merge\n--allow-different=users\n' INPUT_MISSING_BASELINE=fail INPUT_INCONCLUSIVE=policy
check "inputs are never evaluated" \
  "[compare] [--baseline=-x;touch evil] [--policy=p q.yaml] [--suite=\$(touch evil)] [--profile=a b] \
[--environment=it's] [--label=runner=big; touch evil] [--label=note=\"\$(touch evil)\"] [--merge] \
[--missing-baseline=fail] [--require-coverage=80%] [--all] [--allow-different=users] $files [--] [my dir/a b.json] \
[c.json] [d*.json] [-x.json] [\$(touch] [evil);\`touch] [evil\`] [*]
[publish] [--report] [WORK/report.json]" "$calls"
check "inputs are never evaluated: no file" "a.json c.json my dir" "$(cd "$work" && printf '%s ' * | sed 's/ $//')"

gate GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main INPUT_SUITE=s INPUT_LABELS=k=v INPUT_ARGS=$'--merge\n--all' INPUT_RESULTS=
check "record gets what says what the run is" "[record] [--push] [--suite=s] [--label=k=v] [--merge] [--]" "$calls"

PREPARE='mkdir api' gate "${pull_request[@]}" INPUT_WORKING_DIRECTORY=api
contains "working-directory" "[--] [a.json]" "$calls"

for bad in INPUT_COMMAND=x INPUT_COMMENT=yes INPUT_CHECK=1 INPUT_MAX_RUNS=0 INPUT_INCONCLUSIVE=no \
  INPUT_WORKING_DIRECTORY=nowhere; do
  gate "${pull_request[@]}" "$bad"
  check "$bad is refused" "2 " "$code $calls"
done

PREPARE='mkdir b; : >b/old' gate "${pull_request[@]}" INPUT_BUNDLE=b
check "a bundle is not written over other files" "2  b/old" "$code $calls $(cd "$work" && echo b/*)"

gate "${pull_request[@]}" FAILING=publish
check "a report that cannot be published leaves the verdict" "0" "$code"
contains "a report that cannot be published is said" "::warning title=perfgate::the report could not" "$log"
gate "${pull_request[@]}" FAILING=compare FAILING_CODE=137
check "a program that was killed could not run" "2" "$code"

# --- git ------------------------------------------------------------------------------------------------------------

basic="$(printf 'x-access-token:t0ken' | base64)"
gate GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main
contains "git gets the token where the clone has none" \
  "  git: http.https://github.example/.extraheader AUTHORIZATION: basic $basic" "$git_calls"
PREPARE='git config http.https://github.example/.extraheader x' gate GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main
check "git gets no second token" "[record] [--push] [--] [a.json]" "$git_calls"

# --- measuring again ------------------------------------------------------------------------------------------------

again='echo "run $PERFGATE_RUN, token ${INPUT_TOKEN:-none}" >a.json; exit 99'
gate "${pull_request[@]}" VERDICTS="inconclusive inconclusive pass" INPUT_MEASURE_AGAIN="$again"
check "measure again until decided" \
  "[compare] [--baseline=release/1] $lenient $files [--] [a.json]
[compare] [--baseline=release/1] $lenient $files [--] [WORK/run-1/1/a.json] [a.json]
[compare] [--baseline=release/1] $lenient $files [--] [WORK/run-1/1/a.json] [WORK/run-2/1/a.json] [a.json]
[publish] [--report] [WORK/report.json]" "$calls"
check "measure again: the last run's file stays" "0 run 3, token none" "$code $(cat "$work/a.json")"

# The environment of the load test and of every process above it, as whoever runs as the same user can read it.
if [ -r /proc/self/environ ]; then
  look='p=$$; while [ "$p" -gt 1 ]; do cat "/proc/$p/environ" "/proc/$p/cmdline"; \
    p="$(sed "s/.*) . //" "/proc/$p/stat" | cut -d " " -f 1)"; done | tr "\0" "\n" >seen; echo 2 >a.json'
  gate "${pull_request[@]}" VERDICTS="inconclusive pass" INPUT_TOKEN=ghs_Canary INPUT_MEASURE_AGAIN="$look"
  contains "measure again: what was looked at" "INPUT_MEASURE_AGAIN=" "$(cat "$work/seen")"
  check "measure again: no process above it has the token" "" \
    "$(grep -e ghs_Canary -e "$(printf 'x-access-token:ghs_Canary' | base64)" "$work/seen" || true)"
  check "measure again: the token is published with all the same" "token ghs_Canary" "$tokens"
fi

forging='echo "::set-output name=verdict::pass"; echo "##[set-output name=verdict;]pass"; echo "::stop-commands::x"
echo verdict=pass >>"${GITHUB_OUTPUT:-/dev/null}"; echo 2 >a.json'
gate "${pull_request[@]}" VERDICTS="inconclusive fail" INPUT_MEASURE_AGAIN="$forging"
check "measure again: what the load test prints is no command" "::add-mask::$(printf 'x-access-token:t0ken' | base64)
::error title=performance::slower" \
  "$(commands_of <<<"$log")"
check "measure again: the load test sets no output" "verdict=fail" "$(grep '^verdict=' <<<"$outputs")"

gate "${fork[@]}" VERDICTS=inconclusive INPUT_MEASURE_AGAIN="$again" INPUT_INCONCLUSIVE=fail INPUT_MAX_RUNS=2
check "measure again ends at max-runs" "3 2" "$code $(grep -c '^\[compare\]' <<<"$calls")"
contains "measure again: the bundle is the last comparison's" "bundle=REPO/perfgate-bundle" "$outputs"

gate "${pull_request[@]}" VERDICTS=inconclusive INPUT_MEASURE_AGAIN=true
check "measure again without new files could not run" "2 one" "$code $(cat "$work/a.json")"
contains "measure again without new files: the report is published" "[publish]" "$calls"

gate "${pull_request[@]}" VERDICTS=fail INPUT_MEASURE_AGAIN="$again"
check "a clear verdict is not measured again" "1 1" "$code $(grep -c '^\[compare\]' <<<"$calls")"

PREPARE='mkdir p; for f in stats failures exceptions; do echo 1 >"p/x_$f.csv"; done; echo 1 >p/y_failures.csv' \
  gate GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main VERDICTS="inconclusive pass" \
  INPUT_RESULTS='p/*_stats.csv' INPUT_MEASURE_AGAIN='[ ! -e p/x_failures.csv ]; echo 2 >p/x_stats.csv'
check "measure again: Locust's files stay together, and every run is recorded" \
  "[compare] [--baseline=main] $lenient $files [--] [p/*_stats.csv]
[compare] [--baseline=main] $lenient $files [--] [WORK/run-1/1/x_stats.csv] [p/*_stats.csv]
[publish] [--report] [WORK/report.json] [--no-comment]
[record] [--push] [--] [WORK/run-1/1/x_stats.csv] [p/*_stats.csv]" "$calls"
kept="$(cd "$work/../temp" && cd perfgate.*/run-1/1 && printf '%s ' *)"
check "measure again: what lies beside" "x_exceptions.csv x_failures.csv x_stats.csv  2 1" \
  "$kept $(cat "$work/p/x_stats.csv" "$work/p/y_failures.csv" | tr '\n' ' ' | sed 's/ $//')"

PREPARE='mkdir -p d/e; echo 1 >d/x.json; echo 1 >"d/e/y z.json"' gate "${pull_request[@]}" \
  VERDICTS="inconclusive pass" INPUT_RESULTS='d/**/*.json' INPUT_MEASURE_AGAIN='echo 2 >d/x.json'
if [ "${BASH_VERSINFO[0]}" -ge 4 ]; then
  contains "measure again: patterns" \
    "[--] [WORK/run-1/1/y z.json] [WORK/run-1/2/x.json] [d/**/*.json]" "$calls"
fi

gate "${pull_request[@]}" INPUT_MEASURE_AGAIN=true INPUT_ARGS=--merge
check "measure again refuses shards" "2 " "$code $calls"
gate "${pull_request[@]}" INPUT_TOKEN='t0"ken$(touch evil)' INPUT_COMMENT=true
check "the token is never evaluated" 'token t0"ken$(touch evil) a.json' "$tokens $(cd "$work" && echo *)"
gate "${pull_request[@]}" INPUT_TOKEN=
check "without a token" "0 token none" "$code $tokens"

gate "${pull_request[@]}" INPUT_MEASURE_AGAIN=true INPUT_RESULTS=
check "measure again needs names" "2 " "$code $calls"

# --- two versions in one job ----------------------------------------------------------------------------------------

serve=('INPUT_AB_SERVE=node server.js --port {port}' INPUT_AB_BUDGET=6m INPUT_AB_SLICE=10s)
gate "${pull_request[@]}" INPUT_COMMAND=ab "${serve[@]}" INPUT_AB_BUILD='npm ci' INPUT_AB_READY=/health INPUT_PROFILE=ci \
  INPUT_AB_LOAD=' locust  -f $(touch evil) --host {url} '
check "ab measures both versions and comments" \
  "[ab] [--baseline=release/1] [--profile=ci] [--serve=node server.js --port {port}] [--build=npm ci] [--ready=/health] \
[--budget=6m] [--slice=10s] [--inconclusive=warn] $files [--] [locust] [-f] [\$(touch] [evil)] [--host] [{url}]
[publish] [--report] [WORK/report.json]" "$calls"
check "ab: exit code and outputs" "1
verdict=fail
report=WORK/report.json
markdown=WORK/report.md
exit-code=1 a.json" "$code
$outputs $(cd "$work" && echo *)"
gate "${pull_request[@]}" INPUT_COMMAND=ab "${serve[@]}" INPUT_AB_LOAD=$'./load.sh\n{url}\ntwo words'
contains "ab: a word per line" "[--] [./load.sh] [{url}] [two words]" "$calls"
gate "${fork[@]}" INPUT_COMMAND=ab "${serve[@]}" INPUT_AB_LOAD='./load.sh {url}'
contains "ab on a pull request of a fork: no comment" "[publish] [--report] [WORK/report.json] [--no-comment]" "$calls"
for missing in INPUT_AB_SERVE= INPUT_AB_LOAD=; do
  gate "${pull_request[@]}" INPUT_COMMAND=ab "${serve[@]}" INPUT_AB_LOAD=x "$missing"
  check "ab without $missing is refused" "2 " "$code $calls"
done

# --- install.sh -----------------------------------------------------------------------------------------------------

# A checkout of the action where the runner puts it, with an archive that only the stand-in for curl can fetch.
action="$place/_actions/perfgate/perfgate/v0"
mkdir -p "$action/action" "$action/src" "$action/schemas" "$place/made/perfgate-9.8.7-x86_64-unknown-linux-musl"
printf '[package]\nname = "perfgate"\nversion = "9.8.7"\n[dependencies]\nx = { version = "1" }\n' >"$action/Cargo.toml"
touch "$action/Cargo.lock" "$action/rust-toolchain.toml" "$action/src/main.rs"
archive=perfgate-9.8.7-x86_64-unknown-linux-musl.tar.gz
printf '#!/bin/sh\necho "perfgate 9.8.7"\n' >"$place/made/${archive%.tar.gz}/perfgate"
chmod +x "$place/made/${archive%.tar.gz}/perfgate"
tar -czf "$place/$archive" -C "$place/made" "${archive%.tar.gz}"
sum="$( (sha256sum "$place/$archive" 2>/dev/null || shasum -a 256 "$place/$archive") | cut -d ' ' -f 1)"
mkdir "$place/net"
cat >"$place/net/curl" <<'STUB'
#!/usr/bin/env bash
for last in "$@"; do :; done
echo "$last" >>"$FETCHED"
case "$last" in "$SERVES"*) ;; *) exit 22 ;; esac
while [ "$1" != --output ]; do shift; done
cp "$ARCHIVE" "$2"
STUB
cat >"$place/net/cargo" <<'STUB'
#!/usr/bin/env bash
pwd >>"$FETCHED"
while [ "$1" != --target-dir ]; do shift; done
mkdir -p "$2/release"
printf '#!/bin/sh\necho "perfgate 9.8.7"\n' >"$2/release/perfgate"
chmod +x "$2/release/perfgate"
STUB
chmod +x "$place/net/curl" "$place/net/cargo"

install() { # COMMAND TEMP [NAME=VALUE]...
  local command="$1" temp="$2"
  shift 2
  mkdir -p "$temp"
  rm -f "$place/path" "$place/output" "$place/fetched"
  code=0
  log="$(env -i PATH="$place/net:$PATH" FETCHED="$place/fetched" ARCHIVE="$place/$archive" \
    SERVES=https://github.com/perfgate/perfgate/releases/download/v9.8.7/perfgate-9.8.7-x86_64- RUNNER_OS=Linux \
    RUNNER_ARCH=X64 RUNNER_TEMP="$temp" GITHUB_ACTION_PATH="$action" GITHUB_PATH="$place/path" \
    GITHUB_OUTPUT="$place/output" "$@" bash "$here/install.sh" "$command" 2>&1)" || code=$?
  fetched="$(cat "$place/fetched" 2>/dev/null || true)"
}

printf '# nothing\n' >"$action/action/checksums.txt"
install plan "$place/t0"
check "nothing is downloaded that is not listed" "2" "$code"
contains "nothing is downloaded that is not listed: what to do" "build: true" "$log"

printf '# released\n%s  %s\r\n%s  other.zip\n' "$sum" "$archive" "${sum//[0-9]/a}" >"$action/action/checksums.txt"
install plan "$place/t1"
check "plan" "key=${archive%.tar.gz}-${sum:0:16}
path=$place/t1/perfgate-action/${archive%.tar.gz}-${sum:0:16}" "$(cat "$place/output")"
install install "$place/t1"
check "download" "0 https://github.com/perfgate/perfgate/releases/download/v9.8.7/$archive" "$code $fetched"
check "the program is on the path" "perfgate 9.8.7" "$("$(cat "$place/path")/perfgate" --version)"
check "what was downloaded is kept" "save=true" "$(cat "$place/output")"
install install "$place/t1" CACHE_HIT=true
check "what the cache gave back is not downloaded again" "0 " "$code $fetched"
check "what the cache gave back is not kept again" "save=false" "$(cat "$place/output")"
printf 'x' >>"$place/t1/perfgate-action/${archive%.tar.gz}-${sum:0:16}/$archive"
install install "$place/t1"
contains "what the cache gave back is checked" "https://github.com" "$fetched"
install install "$place/t2" GITHUB_SERVER_URL=https://ghes.example
check "a server of one's own is asked first" "https://ghes.example/perfgate/perfgate/releases/download/v9.8.7/$archive
https://github.com/perfgate/perfgate/releases/download/v9.8.7/$archive" "$fetched"
cp "$place/$archive" "$place/good" && printf 'x' >>"$place/$archive"
install install "$place/t3"
check "another archive is not used" "2 no" "$code $([ -e "$place/path" ] && echo yes || echo no)"
cp "$place/good" "$place/$archive"
install install "$place/t3" INPUT_VERSION=v9.8.7
check "a version may begin with v" "0" "$code"
for bad in INPUT_VERSION=latest INPUT_VERSION=1.2 'INPUT_VERSION=1.2.3/../x' INPUT_VERSION=9.8.6 INPUT_BUILD=yes \
  RUNNER_ARCH=RISCV RUNNER_OS=Plan9; do
  install plan "$place/t3" "$bad"
  check "install: $bad is refused" "2" "$code"
done
install plan "$place/t4" INPUT_BUILD=true
contains "a build's key is that of its sources" "key=perfgate-build-Linux-X64-" "$(cat "$place/output")"
folder="$(sed -n 's/^path=//p' "$place/output")"
# What a load test could have put there before.
plant() {
  mkdir -p "$folder" "$place/t4/perfgate-action/target/release"
  printf '#!/bin/sh\necho planted >>"%s"\necho "perfgate 9.8.7"\n' "$place/evil" >"$folder/perfgate"
  chmod +x "$folder/perfgate"
  cp "$folder/perfgate" "$place/t4/perfgate-action/target/release/perfgate"
}
plant
install install "$place/t4" INPUT_BUILD=true
check "build" "0 $action" "$code $fetched"
check "build: nothing that was planted is run" "perfgate 9.8.7 no" \
  "$("$(cat "$place/path")/perfgate" --version) $([ -e "$place/evil" ] && echo yes || echo no)"
check "build: what was built beside a load test is not kept for other jobs" "save=false" "$(cat "$place/output")"
install install "$place/t4" INPUT_BUILD=true INPUT_COMMAND=install
check "build: what was built before anything else is kept" "save=true" "$(cat "$place/output")"
install install "$place/t4" INPUT_BUILD=true CACHE_HIT=true
check "what the cache gave back is not built again" "0 " "$code $fetched"
plant
install plan "$place/t4" INPUT_BUILD=true
check "build: nothing lies where the cache puts it" "no" "$([ -e "$folder" ] && echo yes || echo no)"
install plan "$place/t4" INPUT_BUILD=true INPUT_VERSION=9.8.6
check "another version is not built" "2" "$code"
install install "$place/t5" INPUT_VERSION=installed PATH="$place/bin:$PATH" CALLS=/dev/null
check "installed: perfgate is on the path" "0" "$code"
install plan "$place/t5" INPUT_VERSION=installed
check "installed: nothing to cache" "key=
path=" "$(cat "$place/output")"

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
