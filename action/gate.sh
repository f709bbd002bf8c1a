#!/usr/bin/env bash
# The gate step: does what the event asks for, with the perfgate that is on PATH. docs/github.md says what that is.
#
# Everything comes by environment variables: the action's inputs as INPUT_*, what is needed of the event as EVENT_*, and
# the runner's own GITHUB_* and RUNNER_*. None of it is evaluated, but for INPUT_MEASURE_AGAIN, which is a command.
# Works with bash 3.2, which is what macOS has.
set -euo pipefail

# Whatever a process was started with, others of the same user can read while it runs (/proc/PID/environ); unsetting a
# variable does not change that. So this script starts itself anew without the token, which it reads from descriptor 3.
if [ "${1:-}" != --token-on-3 ]; then
  secret="${INPUT_TOKEN:-}"
  unset INPUT_TOKEN
  exec bash "${BASH_SOURCE[0]}" --token-on-3 3<<<"$secret"
fi
IFS= read -r token <&3 || true
exec 3<&-

unset CDPATH
shopt -s dotglob # as perfgate's own patterns

# Git for Windows rewrites arguments that look like paths; /api/chat in a label is none.
export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'

# --- messages -------------------------------------------------------------------------------------------------------

annotate() { # LEVEL TEXT
  local text="$2"
  text=${text//\%/%25}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  # To standard error, because a function's output may be on its way into a variable.
  printf '::%s title=perfgate::%s\n' "$1" "$text" >&2
}

die() {
  annotate error "$1"
  exit 2
}

summary() { printf '%s\n' "$1" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"; }

output() { # NAME VALUE
  case "$2" in *$'\n'* | *$'\r'*) die "the output $1 has a line break in it" ;; esac
  printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/null}"
}

# --- inputs ---------------------------------------------------------------------------------------------------------

# On Windows, D:/a/b: a form that programs and this shell both understand.
mixed() {
  if command -v cygpath >/dev/null 2>&1; then cygpath -m -- "$1"; else printf '%s\n' "$1"; fi
}

# The lines of a text, into the array `lines`: without the blanks around them, and without empty ones.
lines_of() {
  local line
  lines=()
  while IFS=$' \t' read -r line || [ -n "$line" ]; do
    line="${line%$'\r'}"
    if [ -n "$line" ]; then lines+=("$line"); fi
  done <<<"$1"
}

# A name per line; a line that is no file may also hold several names with blanks between them.
read_results() {
  local line words
  results=()
  lines_of "${INPUT_RESULTS:-}"
  for line in ${lines[@]+"${lines[@]}"}; do
    if [ -e "$line" ]; then
      results+=("$line")
    else
      IFS=$' \t' read -r -a words <<<"$line"
      results+=("${words[@]}")
    fi
  done
}

# yes_or_no NAME VALUE
yes_or_no() {
  case "$2" in true | false) ;; *) die "$1: \"$2\" is neither true nor false" ;; esac
}

# Adds --NAME=VALUE to the array `options` where there is a value. The equals sign keeps a value that begins with a dash
# from being taken for an option.
option() {
  if [ -n "$2" ]; then options+=("--$1=$2"); fi
}

read_inputs() {
  command="${INPUT_COMMAND:-auto}"
  case "$command" in
    auto | record | compare | ab | publish) ;;
    *) die "command: \"$command\" is none; write auto, record, compare, ab or publish" ;;
  esac
  cd -- "${INPUT_WORKING_DIRECTORY:-.}" || die "working-directory: there is no folder \"$INPUT_WORKING_DIRECTORY\""

  comment="${INPUT_COMMENT:-true}" check="${INPUT_CHECK:-false}"
  yes_or_no comment "$comment"
  yes_or_no check "$check"
  basic="$(printf 'x-access-token:%s' "$token" | base64 | tr -d '\r\n')"
  if [ -n "$token" ]; then printf '::add-mask::%s\n' "$basic"; fi
  measure_again="${INPUT_MEASURE_AGAIN:-}"
  max_runs="${INPUT_MAX_RUNS:-3}"
  if [[ ! "$max_runs" =~ ^[1-9][0-9]?$ ]]; then die "max-runs: \"$max_runs\" is no number from 1 to 99"; fi
  bundle="${INPUT_BUNDLE:-}"
  read_results
  # The files of a run are set aside before the next, so their names must be known here.
  if [ -n "$measure_again" ]; then
    if [ "${#results[@]}" -eq 0 ]; then die "measure-again needs the input \`results\`"; fi
    case "${results[*]}" in
      *'**'*)
        shopt -s globstar 2>/dev/null ||
          die "measure-again: the bash of this machine does not know \`**\`; name the result files without it"
        ;;
    esac
  fi

  # Which test it is: the same for record, compare and publish.
  local line options=()
  option policy "${INPUT_POLICY:-}"
  option suite "${INPUT_SUITE:-}"
  option profile "${INPUT_PROFILE:-}"
  option environment "${INPUT_ENVIRONMENT:-}"
  lines_of "${INPUT_ARGS:-}"
  for line in ${lines[@]+"${lines[@]}"}; do
    case "$line" in
      --tool=*) options+=("$line") ;;
      --tool) die "args: write --tool=NAME in one line" ;;
    esac
  done
  of_test=(${options[@]+"${options[@]}"})

  # What record and compare have in common.
  lines_of "${INPUT_LABELS:-}"
  for line in ${lines[@]+"${lines[@]}"}; do option label "$line"; done
  lines_of "${INPUT_ARGS:-}"
  # How files are read must be the same for both.
  for line in ${lines[@]+"${lines[@]}"}; do
    case "$line" in
      --merge | --lenient | --format-in=*) options+=("$line") ;;
      --format-in) die "args: write --format-in=FORMAT in one line" ;;
    esac
    if [ "$line" = --merge ] && [ -n "$measure_again" ]; then
      die "measure-again cannot tell the shards of one run from those of the next: put \`perfgate merge\` at the end of \
the load test and give its output as results, without --merge"
    fi
  done
  common=(${options[@]+"${options[@]}"})

}

# What decides, into the arrays `deciding` (for publish) and `gate` (for compare). Needs `command`.
read_gate() {
  local name value line options=() missing=warn
  # A pull request that nobody trusts must not turn green for want of a baseline.
  if [ "$command" = publish ]; then missing=fail; fi
  for name in inconclusive missing-baseline; do
    value="${INPUT_INCONCLUSIVE:-warn}"
    if [ "$name" = missing-baseline ]; then value="${INPUT_MISSING_BASELINE:-$missing}"; fi
    case "$value" in
      warn | fail) option "$name" "$value" ;;
      policy) ;; # perfgate.yaml decides
      *) die "$name: \"$value\" is neither warn nor fail nor policy" ;;
    esac
  done
  option require-coverage "${INPUT_REQUIRE_COVERAGE:-}"
  deciding=(${options[@]+"${options[@]}"})
  lines_of "${INPUT_ARGS:-}"
  for line in ${lines[@]+"${lines[@]}"}; do
    case "$line" in --merge | --lenient | --format-in=* | --tool=*) ;; *) options+=("$line") ;; esac
  done
  gate=(${options[@]+"${options[@]}"})
}

# --- the event ------------------------------------------------------------------------------------------------------

# Sets `command`, `baseline`, `record_after`, `comment`, `check` and `bundle` to what the event asks for.
read_event() {
  local event="${GITHUB_EVENT_NAME:-}" default_branch="${EVENT_DEFAULT_BRANCH:-}" asked="$command"
  local on_default_branch=false pull_request=false fork=false
  if [ "$event" = pull_request_target ]; then
    die "perfgate does not run on pull_request_target. This event has the secrets and a token that may write, also for \
pull requests from forks, and a load test runs the code of the pull request: whoever opens one could take both. Use \
the event pull_request, and for forks the pair examples/workflows/fork-safe-measure.yml and fork-safe-publish.yml."
  fi
  # The event of a scheduled run does not name the default branch, but always is one of it.
  if [ "$event" = schedule ]; then default_branch="${default_branch:-${GITHUB_REF_NAME:-}}"; fi
  if [ -n "$default_branch" ] && [ "${GITHUB_REF:-}" = "refs/heads/$default_branch" ]; then on_default_branch=true; fi
  case "$event" in
    pull_request | pull_request_review | pull_request_review_comment)
      pull_request=true
      # A fork that was deleted has no name any more.
      if [ "${EVENT_HEAD_REPOSITORY:-}" != "${GITHUB_REPOSITORY:-}" ]; then fork=true; fi
      ;;
  esac

  record_after=false
  if [ "$command" = auto ]; then
    command=compare
    case "$event" in
      push) if [ "$on_default_branch" = true ]; then command=record; fi ;;
      schedule | workflow_dispatch) record_after="$on_default_branch" ;;
      workflow_run) command=publish ;;
    esac
  fi
  if [ "$command" = record ] && [ "$fork" = true ]; then
    die "a run of a fork is never recorded: others would be held against numbers that anybody could have written"
  fi

  baseline="${INPUT_BASELINE:-}"
  if [ -z "$baseline" ] && [ "$pull_request" = true ]; then baseline="${GITHUB_BASE_REF:-}"; fi
  if [ -z "$baseline" ] && [ "$event" = merge_group ]; then baseline="${EVENT_MERGE_GROUP_BASE:-}"; fi
  if [ -z "$baseline" ]; then baseline="$default_branch"; fi

  if [ "$command" != publish ] && [ "$pull_request" = false ]; then comment=false; fi
  # The token of a fork's pull request may only read.
  if [ "$fork" = true ]; then
    comment=false check=false
    if [ "$command" = compare ]; then bundle="${bundle:-perfgate-bundle}"; fi
  fi
  if [ "$command" = publish ]; then bundle="${bundle:-perfgate-bundle}"; fi

  printf 'perfgate %s (command: %s, event: %s)\n' "$command" "$asked" "${event:-none}"
}

# --- perfgate -------------------------------------------------------------------------------------------------------

# Hands the token on to git for one call, by environment variables, where the clone has none: actions/checkout leaves
# none behind with `persist-credentials: false`. Runs in a subshell.
git_token() {
  local server="${GITHUB_SERVER_URL:-}" count="${GIT_CONFIG_COUNT:-0}"
  if [ -z "$token" ] || [ -z "$server" ]; then return; fi
  if git config --get-regexp '^http\..*extraheader$' >/dev/null 2>&1; then return; fi
  if git config --local --get-regexp '^credential\.' >/dev/null 2>&1; then return; fi
  export "GIT_CONFIG_KEY_$count=http.$server/.extraheader"
  export "GIT_CONFIG_VALUE_$count=AUTHORIZATION: basic $basic"
  export GIT_CONFIG_COUNT=$((count + 1))
}

# A word that ends `::stop-commands::`, and that nobody can guess.
new_mark() { printf 'perfgate-%s' "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"; }

# Runs perfgate with what git needs. Names in results are text that anybody could have written, so the runner is told to
# take no line of this output for a command. It all goes to one stream, whose order is certain.
perfgate_with_git() {
  local mark code=0
  mark="$(new_mark)"
  (
    git_token
    if [ "$1" = publish ]; then export GITHUB_TOKEN="$token"; fi
    printf '::stop-commands::%s\n' "$mark"
    perfgate "$@" 2>&1
  ) || code=$?
  printf '::%s::\n' "$mark"
  return "$code"
}

# An exit code of perfgate, or 2 for any other: a program that is not there, or that was killed.
known_code() {
  case "$1" in 0 | 1 | 2 | 3) printf '%s\n' "$1" ;; *) printf '2\n' ;; esac
}

# The verdict of a report: `  "verdict": "fail",` at the top level.
verdict_of() {
  sed -n '/^  "verdict": "/{s/^  "verdict": "\([a-z_]*\)".*/\1/p;q;}' "$1"
}

# --- record ---------------------------------------------------------------------------------------------------------

# record RESULTS...; sets `code`
record() {
  code=0
  perfgate_with_git record --push ${common[@]+"${common[@]}"} -- "$@" || code="$(known_code $?)"
  if [ "$code" -eq 0 ]; then
    summary "perfgate recorded this run."
  else
    annotate error "the run was not recorded; the log of this step says why. To push it, the job needs \
\`permissions: contents: write\`."
  fi
}

# --- compare --------------------------------------------------------------------------------------------------------

# compare RESULTS...; sets `code` and `verdict`
compare() {
  local to=(--output "json=$report" --output "markdown=$markdown") against=()
  rm -f -- "$report" "$markdown"
  if [ -n "$bundle" ]; then
    rm -rf -- "$bundle" # it was not there when this step began
    to+=(--output "bundle=$bundle")
  fi
  if [ -n "$baseline" ]; then against=("--baseline=$baseline"); fi
  code=0 verdict=""
  perfgate_with_git compare ${against[@]+"${against[@]}"} ${common[@]+"${common[@]}"} ${gate[@]+"${gate[@]}"} \
    "${to[@]}" -- "$@" || code="$(known_code $?)"
  if [ -f "$report" ]; then verdict="$(verdict_of "$report")"; fi
}

# Builds, starts and loads both versions in turn; sets `code` and `verdict`. The load's words are none of a shell's.
measure_ab() {
  local options=() words=() line
  if [ -z "${INPUT_AB_SERVE:-}" ]; then die "ab-serve: name the command that starts a version"; fi
  lines_of "${INPUT_AB_LOAD:-}"
  words=(${lines[@]+"${lines[@]}"})
  if [ "${#words[@]}" -eq 1 ]; then IFS=$' \t' read -r -a words <<<"${words[0]}"; fi
  if [ "${#words[@]}" -eq 0 ]; then die "ab-load: name the load command, with {url} for the version under load"; fi
  option serve "$INPUT_AB_SERVE"
  option build "${INPUT_AB_BUILD:-}"
  option ready "${INPUT_AB_READY:-}"
  option budget "${INPUT_AB_BUDGET:-}"
  option slice "${INPUT_AB_SLICE:-}"
  # There is no stored baseline that could be missing.
  for line in ${gate[@]+"${gate[@]}"}; do
    case "$line" in --missing-baseline=*) ;; *) options+=("$line") ;; esac
  done
  code=0 verdict=""
  perfgate_with_git ab "--baseline=$baseline" ${common[@]+"${common[@]}"} "${options[@]}" \
    --output "json=$report" --output "markdown=$markdown" -- "${words[@]}" || code="$(known_code $?)"
  if [ -f "$report" ]; then verdict="$(verdict_of "$report")"; fi
}

# The files that the results are, into the array `files`.
find_files() {
  local name file found
  files=()
  for name in "${results[@]}"; do
    if [ -f "$name" ]; then
      files+=("$name")
      continue
    fi
    found=false
    while IFS= read -r file; do
      if [ -f "$file" ]; then
        files+=("$file")
        found=true
      fi
    done < <(compgen -G "$name" | LC_ALL=C sort)
    if [ "$found" = false ]; then die "measure-again: no file matches \"$name\""; fi
  done
}

# Moves the result files of a run out of the way, so that what is there afterwards is new. Puts their new names behind
# the array `kept`. What Locust writes beside x_stats.csv (x_failures.csv, x_exceptions.csv) goes with it.
set_aside() { # NUMBER
  local i=0 file folder beside
  for file in "${files[@]}"; do
    i=$((i + 1))
    folder="$work/run-$1/$i"
    mkdir -p -- "$folder"
    case "$file" in
      *_stats.csv)
        for beside in "${file%_stats.csv}"_*.csv; do
          if [ -f "$beside" ]; then mv -- "$beside" "$folder/"; fi
        done
        ;;
      *) mv -- "$file" "$folder/" ;;
    esac
    kept+=("$folder/${file##*/}")
  done
}

# Puts the files of a run back where they were, and takes their names off `kept`.
put_back() { # NUMBER
  local i=0 file folder
  for file in "${files[@]}"; do
    i=$((i + 1))
    case "$file" in */*) folder="${file%/*}" ;; *) folder=. ;; esac
    mv -f -- "$work/run-$1/$i"/* "$folder/"
    unset "kept[$((${#kept[@]} - 1))]"
  done
}

# Runs the load test. It prints what its requests are named, and the program under test: the runner takes no line of that
# for a command, and no output of this step for its own.
load_again() { # NUMBER
  local mark code=0
  mark="$(new_mark)"
  printf '::stop-commands::%s\n' "$mark"
  (
    unset GITHUB_OUTPUT
    PERFGATE_RUN="$1" exec bash -eo pipefail -c "$measure_again"
  ) 2>&1 || code=$?
  printf '\n::%s::\n' "$mark"
  return "$code"
}

# Compares; while the verdict is `inconclusive`, runs the load test again and compares all runs together.
compare_until_decided() {
  local run=1 missing name again
  compare ${results[@]+"${results[@]}"}
  kept=()
  while [ -n "$measure_again" ] && [ "$verdict" = inconclusive ] && [ "$run" -lt "$max_runs" ]; do
    find_files
    set_aside "$run"
    printf '\nThe verdict is inconclusive: measuring again, run %s of at most %s\n' "$((run + 1))" "$max_runs"
    # Load tools end with an error when a threshold of their own is crossed; what counts is whether there are results.
    again=0
    load_again $((run + 1)) || again=$?
    if [ "$again" -ne 0 ]; then
      annotate notice "measure-again ended with exit code $again; only the result files count"
    fi
    missing=""
    for name in "${results[@]}"; do
      if [ ! -f "$name" ] && ! compgen -G "$name" >/dev/null; then missing="$name"; fi
    done
    if [ -n "$missing" ]; then
      put_back "$run"
      annotate error "measure-again wrote no \"$missing\", so there is no further run to decide by"
      code=2
      return
    fi
    run=$((run + 1))
    compare "${kept[@]}" "${results[@]}"
  done
}

# Publishes: step summary, annotations, comment, check. The annotations are the only lines of it that are commands for the
# runner, so they come in a file, which is printed when the runner takes commands again.
# publish (--report FILE | --bundle FOLDER)
publish() {
  local arguments=(publish "$@") annotations code=0
  annotations="$(mktemp "$(mixed "${RUNNER_TEMP:-${TMPDIR:-/tmp}}")/perfgate-annotations.XXXXXX")"
  if [ "$comment" = false ]; then arguments+=(--no-comment); fi
  if [ "$check" = true ]; then arguments+=(--check); fi
  perfgate_with_git "${arguments[@]}" "--annotations=$annotations" || code=$?
  cat -- "$annotations"
  rm -f -- "$annotations"
  return "$code"
}

# None of it changes the verdict.
publish_report() {
  if [ ! -f "$report" ]; then
    summary "perfgate could not run, so nothing was checked. The log of the step says why."
    return
  fi
  publish --report "$report" ||
    annotate warning "the report could not be published (exit code $?); the verdict stands"
}

# --- what is done ---------------------------------------------------------------------------------------------------

read_inputs
read_event
read_gate
command -v perfgate >/dev/null 2>&1 || die "perfgate is not on PATH"

case "$command" in
  record)
    record ${results[@]+"${results[@]}"}
    ;;

  compare | ab)
    if [ -n "$bundle" ] && [ -e "$bundle" ] && [ -n "$(ls -A -- "$bundle")" ]; then
      die "bundle: \"$bundle\" is there already; give every gate step a folder of its own"
    fi
    temp="$(mixed "${RUNNER_TEMP:-${TMPDIR:-/tmp}}")"
    work="$(mktemp -d "$temp/perfgate.XXXXXX")"
    report="$work/report.json" markdown="$work/report.md"
    if [ "$command" = ab ]; then measure_ab; else compare_until_decided; fi
    if [ -f "$report" ]; then
      output verdict "$verdict"
      output report "$report"
      output markdown "$markdown"
    fi
    if [ -n "$bundle" ] && [ -d "$bundle" ]; then output bundle "$(mixed "$(cd -- "$bundle" && pwd)")"; fi
    publish_report
    if [ "$record_after" = true ] && [ "$code" -ne 2 ]; then
      compared="$code"
      record ${kept[@]+"${kept[@]}"} ${results[@]+"${results[@]}"}
      # A regression that was recorded is one all the same; a run that was not recorded must be seen.
      if [ "$compared" -ne 0 ]; then code="$compared"; fi
    fi
    ;;

  publish)
    if [ ! -d "$bundle" ]; then
      die "bundle: there is no folder \"$bundle\"; download the artifact of the measuring workflow first"
    fi
    code=0
    publish --bundle "$bundle" ${deciding[@]+"${deciding[@]}"} ${of_test[@]+"${of_test[@]}"} ||
      code="$(known_code $?)"
    ;;
esac
output exit-code "$code"
exit "$code"
