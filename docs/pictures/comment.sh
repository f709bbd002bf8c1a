#!/usr/bin/env bash
# Prints a comment in Markdown as a page that looks as on a forge. Needs npx.
set -euo pipefail
echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>Comment</title><style>'
cat "$(dirname "$0")/comment.css"
echo '</style><body><div class="comment">'
npx --yes marked@16 --gfm <"${1:?usage: comment.sh COMMENT.md}"
echo '</div></body></html>'
