#!/usr/bin/env bash
# Writes what the demo's pull request looks like into a folder: comment.html, as a forge shows it, page.html, and the repository in shop.
# Needs npx.
set -euo pipefail
perfgate="$(realpath "${1:?usage: docs/pictures/demo.sh PERFGATE FOLDER}")"
folder="$(realpath "${2:?usage: docs/pictures/demo.sh PERFGATE FOLDER}")"
here="$(realpath "$(dirname "$0")")"

"$perfgate" demo --folder "$folder/shop" >/dev/null
cd "$folder/shop"
compared=(--baseline main --profile 20-users results/slower-1_stats.csv)
# They end with 1: the demo's pull request is a regression.
"$perfgate" compare "${compared[@]}" --format markdown >"$folder/comment.md" || [ $? = 1 ]
"$perfgate" report --html "$folder/page.html" "${compared[@]}" 2>/dev/null || [ $? = 1 ]
"$here/comment.sh" "$folder/comment.md" >"$folder/comment.html"
