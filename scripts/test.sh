#!/usr/bin/env bash
# Every check, in order of speed. Stops at the first that fails and says which.
set -euo pipefail
BIN=${BIN:-.venv/bin}
step() { printf '\n== %s\n' "$1"; }

step "style";      "$BIN/ruff" check .; "$BIN/ruff" format --check .
step "types";      "$BIN/mypy"
step "data";       "$BIN/review" check
step "workflows";  "$BIN/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
                   "$BIN/check-jsonschema" --builtin-schema vendor.citation-file-format CITATION.cff
                   "$BIN/zizmor" --offline --quiet .github/workflows
                   "$BIN/check-jsonschema" --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml .github/ISSUE_TEMPLATE/correction.yml
                   "$BIN/review" forms --check
step "book";       "$BIN/review" build
step "chapters run again and give the same (nbval)"
"$BIN/pytest" --quiet --nbval --nbval-current-env -p no:cacheprovider _build/jupyter_execute/book
step "tests";      "$BIN/pytest" --quiet tests
printf '\nAll checks passed. The site is in _build/html: make serve\n'
