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

"$here/demo.sh" "$perfgate" "$scratch"

# FILE WIDTH,HEIGHT NAME
draw() {
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1.5 \
    --user-data-dir="$scratch/profile" --window-size="$2" --screenshot="$scratch/$3" "file://$1" 2>/dev/null
  pngquant --force --strip --output "$here/$3" 32 "$scratch/$3"
  ls -l "$here/$3"
}
draw "$scratch/comment.html" 900,496 comment.png
draw "$scratch/page.html" 1240,760 page.png
