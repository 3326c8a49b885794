#!/usr/bin/env bash
# New labels as a branch, ready for a pull request: for cron and for CI (docs/automation.md).
#
#   scripts/refresh_labels.sh [BRANCH]        default: labels/refresh
#
# Does nothing when no label changed. Otherwise: refresh, `dvc push`, one commit with params.yaml,
# dvc.lock, metrics and plots on BRANCH (restarted from the current commit), pushed to origin; then a
# pull request if the `gh` command is there. Ends with 0, or with the status of what failed.
set -euo pipefail
cd "$(dirname "$0")/.."
branch="${1:-labels/refresh}"

if [[ -n "$(git status --porcelain --untracked-files=no)" ]]; then
    echo "refresh_labels: there are uncommitted changes; commit or stash them first" >&2
    exit 1
fi
base="$(git branch --show-current)"
dvc pull --quiet

status=0
maskbench refresh --check || status=$?
if [[ $status -eq 0 ]]; then exit 0; fi
if [[ $status -ne 10 ]]; then exit "$status"; fi

back() { # leave the work tree as it was found, so that the next run can begin
    git restore --staged --worktree .
    git switch --quiet "$base"
    dvc checkout --quiet
}
trap back EXIT
maskbench refresh
report="$(mktemp)"
maskbench diff HEAD --md "$report" > /dev/null
git switch --quiet --force-create "$branch"
git add --update
git commit --quiet -m "Labels: $(git diff --cached params.yaml | sed -n "s/^+ *snapshot: //p" | tr -d "'")"
dvc push --quiet
git push --quiet --force origin "$branch"
echo "pushed $branch"
if command -v gh > /dev/null; then
    gh pr view "$branch" --json state --jq .state 2> /dev/null | grep -q OPEN \
        && gh pr edit "$branch" --body-file "$report" \
        || gh pr create --base "$base" --head "$branch" --title "New labels" --body-file "$report"
fi
