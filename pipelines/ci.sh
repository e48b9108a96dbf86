#!/usr/bin/env bash
# What a changed parameter needs, anywhere: fetch what the DVC remote has, run again what is out of date, push, and
# write the comment for the pull request.
#
#   pipelines/ci.sh [BASE] [COMMENT]
#
# BASE: the commit to compare with (default origin/main). COMMENT: the Markdown file to write (default
# .xstilts/comment.md). The remote is DVC's default one; without any, or with one that cannot be read (a fork has no
# credentials), everything is run here. A push that fails where reading did not fails this script, after the comment.
set -euo pipefail

base=${1:-origin/main}
comment=${2:-.xstilts/comment.md}
log=$(mktemp)
told=$(mktemp)
trap 'rm -f "$log" "$told"' EXIT
mkdir -p "$(dirname "$comment")"

if ! git cat-file -e "$base^{commit}" 2>/dev/null; then
    echo "ci.sh: there is no commit $base here; fetch it first (git fetch origin), or name another" >&2
    exit 2
fi

# A name or value in Markdown: no link, picture, mention, tag or emphasis comes out of it.
escaped() {
    sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/[\\`*_[~]/\\&/g' -e $'s/@/@\u200b/g'
}

remote=$(dvc config core.remote 2>/dev/null || true)
read=no
if [ -n "$remote" ]; then
    # With --quiet DVC would not say what is wrong.
    if dvc fetch --run-cache >"$told" 2>&1; then
        read=yes
    else
        echo "ci.sh: not all that dvc.lock names came from the remote $remote; it is made here. DVC says:" >&2
        grep -E "^(ERROR|WARNING)" "$told" >&2 || tail -n 5 "$told" >&2
    fi
    dvc checkout --allow-missing --force >"$told" 2>&1 || tail -n 5 "$told" >&2
else
    echo "ci.sh: no default DVC remote (dvc remote add -d NAME URL); everything is run here" >&2
fi

xstilts check
dvc repro 2>&1 | tee "$log"
# Target weights have done their work; what the remote gets is their cards.
xstilts drop-targets --yes --unless-kept

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
        printf '%s\n' "$parameters" | escaped
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
        printf '%s\n' "$metrics" | head -n 202 | escaped
        if [ "$rows" -gt 200 ]; then
            echo
            echo "… and $((rows - 200)) more: \`dvc metrics diff $base\`."
        fi
    fi
    if [ -f reports/summary.md ]; then
        echo
        head -c 30000 reports/summary.md | iconv -c -f UTF-8 -t UTF-8 # without half a character at its end
    fi
} >"$comment.partial"
mv "$comment.partial" "$comment"
echo "ci.sh: $(printf '%s' "$ran" | grep -c . || true) stages ran; the comment is in $comment"

if [ -n "$remote" ] && ! dvc push --run-cache >"$told" 2>&1; then
    grep -E "^ERROR" "$told" >&2 || tail -n 5 "$told" >&2
    echo "ci.sh: the results could not be pushed to the remote $remote; the comment is whole" >&2
    printf '\nThe results could not be pushed to the DVC remote `%s`: whoever checks this commit out makes them again.\n' \
        "$remote" >>"$comment"
    [ "$read" = no ] # a remote that could not be read either, as in a fork, fails nothing
fi
