#!/usr/bin/env bash
# Draws page, site and comment of the demo as somebody sees them: in light and in dark, on a screen and on a phone, and on paper.
# Needs perfgate (its path is the first argument; the second is the folder for the pictures), Chromium and npx, as make.sh does.
# Prints how many lines the console got and how many requests the page made.
set -euo pipefail
perfgate="$(realpath "${1:?usage: docs/pictures/look.sh PERFGATE FOLDER}")"
folder="${2:?usage: docs/pictures/look.sh PERFGATE FOLDER}"
mkdir -p "$folder"
folder="$(realpath "$folder")"
here="$(realpath "$(dirname "$0")")"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

"$here/demo.sh" "$perfgate" "$scratch"
cd "$scratch/shop"
"$perfgate" report --site "$scratch/site" 2>/dev/null

browser() {
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-background-networking --enable-logging=stderr \
    --allow-file-access-from-files --user-data-dir="$scratch/profile" "$@"
}

# NAME FILE: a screen is 1280 pixels wide; a phone's 390 are a frame of this width, which no window can be.
look() {
  local frame="$scratch/$1-phone.html"
  printf '<!doctype html><style>body{margin:0}iframe{border:0;width:390px;height:2600px}</style><iframe src="%s"></iframe>' "$2" >"$frame"
  for scheme in light dark; do
    local dark=()
    [ "$scheme" = light ] || dark=(--force-dark-mode)
    browser "${dark[@]}" --window-size=1280,2600 --screenshot="$folder/$1-$scheme.png" "file://$2" 2>>"$scratch/$1.log"
    browser "${dark[@]}" --window-size=390,2600 --screenshot="$folder/$1-$scheme-390.png" "file://$frame" 2>>"$scratch/$1.log"
  done
  browser --no-pdf-header-footer --print-to-pdf="$folder/$1.pdf" "file://$2" 2>>"$scratch/$1.log"
  sed 's|</body>|<script>document.title = performance.getEntriesByType("resource").length;</script></body>|' "$2" >"$2.counted.html"
  local requests
  requests="$(browser --dump-dom "file://$2.counted.html" 2>>"$scratch/$1.log" | sed -n 's|.*<title>\([0-9]*\)</title>.*|\1|p' | head -n 1)"
  echo "$1: $(grep -c CONSOLE "$scratch/$1.log" || true) lines in the console, ${requests:-?} requests"
}
look page "$scratch/page.html"
look site "$scratch/site/index.html"
look endpoint "$(find "$scratch/site" -name '*checkout*.html' | head -n 1)"
look comment "$scratch/comment.html"
ls -l "$folder"
