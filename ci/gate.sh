#!/usr/bin/env bash
# What the GitHub action runs: one check of the guides, told as annotations, a job summary and files.
# Everything comes in by environment variables, so that no branch name or title is ever part of a script.
set -euo pipefail

base=""

# The commit that this change is held against, fetched where the clone is too shallow to have it.
since_pull_request() {
  local branch="refs/heads/$GITHUB_BASE_REF" tracked="refs/remotes/origin/$GITHUB_BASE_REF" depth
  local -a fetch=(git fetch --quiet --no-tags origin "+$branch:$tracked")
  if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
    "${fetch[@]}" --depth=1 || true
    for depth in 20 200 2000; do
      if git merge-base "$tracked" HEAD >/dev/null 2>&1; then break; fi
      # Named too: the commit that was checked out is on no branch.
      "${fetch[@]}" "${GITHUB_REF:-HEAD}" --deepen="$depth" || break
    done
    git merge-base "$tracked" HEAD >/dev/null 2>&1 || git fetch --quiet --no-tags --unshallow origin || true
  else
    "${fetch[@]}" || true
  fi
  base="origin/$GITHUB_BASE_REF"
}

# After a push: what was there before it. A new branch has nothing before it, and is checked as a whole.
since_push() {
  local before="${LOCCIT_BEFORE:-}"
  if [ -z "${before//0/}" ]; then return; fi
  git cat-file -e "$before^{commit}" 2>/dev/null || git fetch --quiet --no-tags --depth=1 origin "$before" || return 0
  if [ "$(git rev-parse --is-shallow-repository)" = true ] && ! git merge-base "$before" HEAD >/dev/null 2>&1; then
    git fetch --quiet --no-tags --unshallow origin || true
  fi
  # A forced push may have left it behind for good.
  if git merge-base "$before" HEAD >/dev/null 2>&1; then base="$before"; fi
}

case "${LOCCIT_SINCE:-auto}" in
  none) ;;
  auto)
    case "${GITHUB_EVENT_NAME:-}" in
      pull_request | pull_request_target) since_pull_request ;;
      push | merge_group) since_push ;;
    esac
    ;;
  *) base="$LOCCIT_SINCE" ;;
esac

summary="$RUNNER_TEMP/loccit-summary.md"
rm -f "$summary"
command=(loccit check --quiet --format github --format "markdown:$summary")
if [ -n "${LOCCIT_CONFIG:-}" ]; then command+=(--config "$LOCCIT_CONFIG"); fi
if [ -n "$base" ]; then command+=(--since "$base"); fi
if [ -n "${LOCCIT_STATE:-}" ]; then command+=(--state "$LOCCIT_STATE" --max-age "${LOCCIT_MAX_AGE:-12h}"); fi
if [ -n "${LOCCIT_FAIL_ON:-}" ]; then command+=(--fail-on "$LOCCIT_FAIL_ON"); fi
if [ -n "${LOCCIT_SARIF:-}" ]; then command+=(--format "sarif:$LOCCIT_SARIF"); fi
if [ -n "${LOCCIT_JSON:-}" ]; then command+=(--format "json:$LOCCIT_JSON"); fi
# Paths stand one on a line, so that they may hold spaces; a file's name may begin with a dash and is no option for that.
command+=(--)
while IFS= read -r path; do
  if [ -n "$path" ]; then command+=("$path"); fi
done <<<"${LOCCIT_PATHS:-}"

code=0
"${command[@]}" || code=$?

# GitHub takes 1 MiB of summary from a step.
if [ -f "$summary" ]; then head -c 1000000 "$summary" >>"$GITHUB_STEP_SUMMARY"; fi
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
if [ "$code" = 3 ] && [ "${LOCCIT_INCONCLUSIVE:-pass}" = pass ]; then
  # Told as a warning already.
  code=0
fi
exit "$code"
