#!/usr/bin/env bash
# Draws the pictures of README.md anew, from the demo: the comment as a forge shows it, and the HTML report.
# Needs perfgate (its path is the argument), Chromium, npx, pngquant, and the fonts DejaVu and Noto Color Emoji (Debian: chromium npm
# pngquant fonts-dejavu-core fonts-noto-color-emoji); prints what it wrote.
set -euo pipefail
perfgate="$(realpath "${1:?usage: docs/pictures/make.sh PERFGATE}")"
cd "$(dirname "$0")"
here="$PWD"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

"$perfgate" demo --folder "$scratch/shop" >/dev/null
cd "$scratch/shop"
compared=(--baseline main --profile 20-users results/slower-1_stats.csv)
# They end with 1: the demo's pull request is a regression.
"$perfgate" compare "${compared[@]}" --format markdown >"$scratch/comment.md" || [ $? = 1 ]
"$perfgate" report --html "$scratch/page.html" "${compared[@]}" 2>/dev/null || [ $? = 1 ]

"$here/comment.sh" "$scratch/comment.md" >"$scratch/comment.html"

# FILE WIDTH,HEIGHT NAME
draw() {
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1.5 \
    --user-data-dir="$scratch/profile" --window-size="$2" --screenshot="$scratch/$3" "file://$1" 2>/dev/null
  pngquant --force --strip --output "$here/$3" 32 "$scratch/$3"
  ls -l "$here/$3"
}
draw "$scratch/comment.html" 900,496 comment.png
draw "$scratch/page.html" 1240,760 page.png
