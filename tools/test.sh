#!/usr/bin/env bash
# Runs everything that must hold before a change is taken, each phase timed; a table closes the run.
#
# All phases use the release profile, so that build scripts and macros are compiled once. The order is
# from quick to slow. A phase that fails ends the run, after the table.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
names=() seconds=() failed=

phase() {
  local name=$1 begin=$SECONDS
  shift
  [[ -z $failed ]] || return 0
  printf '\n==> %s\n' "$name"
  "$@" 2>&1 | tee -a "$log"
  local status=${PIPESTATUS[0]}
  names+=("$name") seconds+=($((SECONDS - begin)))
  [[ $status -eq 0 ]] || failed=$name
}


phase "format" cargo fmt --all --check
phase "lints" cargo clippy --release --locked --workspace --all-targets -- -D warnings
phase "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --workspace
phase "build" cargo test --release --locked --workspace --no-run
# Without --show-output the harness would keep what a skipped, and so passing, test says.
phase "tests" cargo test --release --locked --workspace -- --show-output
# The operator against the reference twin, on other histories for every day of commits: a commit is tried with the same ones wherever
# it is tried.
committed=$(git log -1 --date=format:%Y%m%d --format=%cd 2>/dev/null || date -u +%Y%m%d)
phase "convergence" env WATCHLIGHT_TWIN_CASES="${WATCHLIGHT_TWIN_CASES:-100000}" \
  WATCHLIGHT_SEED="${WATCHLIGHT_SEED:-$committed}" \
  cargo test --release --locked --workspace --lib -- --exact --nocapture \
  tests::convergence::the_operator_says_and_shows_what_the_twin_finds
# What the hot paths cost, in instructions, against what they cost before.
phase "instructions" tools/count_instructions.py

printf '\n%-16s %8s\n' phase seconds
for index in "${!names[@]}"; do printf '%-16s %8d\n' "${names[index]}" "${seconds[index]}"; done
printf '%-16s %8d\n' all "$SECONDS"

skipped=$(grep -c '^SKIPPED:' "$log")
printf '\nskipped: %d\n' "$skipped"
grep '^SKIPPED:' "$log"

if [[ -n $failed ]]; then
  printf '\nfailed: %s\n' "$failed"
  exit 1
fi
