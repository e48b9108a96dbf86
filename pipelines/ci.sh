#!/usr/bin/env bash
# What a changed parameter needs, anywhere: fetch what the DVC remote has, run again what is out of date, push, and
# write the comment for the pull request.
#
#   pipelines/ci.sh [BASE] [COMMENT]
#
# BASE: the commit to compare with (default origin/main). COMMENT: the Markdown file to write (default
# .xstilts/comment.md). The remote is DVC's default one; without any, everything is run here and nothing is pushed.
set -euo pipefail

base=${1:-origin/main}
comment=${2:-.xstilts/comment.md}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
mkdir -p "$(dirname "$comment")"

if ! git cat-file -e "$base^{commit}" 2>/dev/null; then
    echo "ci.sh: there is no commit $base here; fetch it first (git fetch origin), or name another" >&2
    exit 2
fi

remote=$(dvc config core.remote 2>/dev/null || true)
if [ -n "$remote" ]; then
    dvc fetch --run-cache --quiet || echo "ci.sh: the remote $remote lacks some of what dvc.lock names; it is made here" >&2
    dvc checkout --quiet --allow-missing --force
else
    echo "ci.sh: no default DVC remote (dvc remote add -d NAME URL); everything is run here" >&2
fi

xstilts check
dvc repro 2>&1 | tee "$log"
# Target weights have done their work; what the remote gets is their cards.
xstilts drop-targets --yes --unless-kept
if [ -n "$remote" ]; then
    dvc push --run-cache --quiet
fi

ran=$(sed -n "s/^Running stage '\(.*\)':.*/\1/p" "$log")
parameters=$(dvc params diff --md "$base")
# Means in points, and the answer; every language is in the report.
metrics=$(dvc metrics diff --md "$base" --)
rows=$(printf '%s\n' "$metrics" | tail -n +3 | grep -c . || true)
{
    echo "## What this change does"
    echo
    echo "### Parameters"
    echo
    if [ "$(printf '%s\n' "$parameters" | grep -c '^|')" -gt 2 ]; then
        printf '%s\n' "$parameters"
    else
        echo "No parameter differs from \`$base\`."
    fi
    echo
    echo "### Stages that ran"
    echo
    if [ -n "$ran" ]; then
        printf '%s\n' "$ran" | sed 's/.*/- `&`/'
    else
        echo "None: everything was up to date."
    fi
    echo
    echo "### Metrics"
    echo
    if [ "$rows" -eq 0 ]; then
        echo "No score differs from \`$base\`."
    else
        # GitHub takes 65,536 characters a comment.
        printf '%s\n' "$metrics" | head -n 202
        if [ "$rows" -gt 200 ]; then
            echo
            echo "… and $((rows - 200)) more: \`dvc metrics diff $base\`."
        fi
    fi
    if [ -f reports/summary.md ]; then
        echo
        head -c 30000 reports/summary.md
    fi
} >"$comment.partial"
mv "$comment.partial" "$comment"
echo "ci.sh: $(printf '%s' "$ran" | grep -c . || true) stages ran; the comment is in $comment"
