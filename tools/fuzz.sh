#!/usr/bin/env bash
# Runs every fuzz target for the given number of seconds (60) on the committed corpus. New inputs go to
# fuzz/target/, failing ones to fuzz/artifacts/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
if ! command -v cargo-fuzz >/dev/null; then
  echo "fuzz: cargo-fuzz is missing; type: cargo install cargo-fuzz" >&2
  exit 3
fi
if ! cargo +nightly --version >/dev/null 2>&1; then
  echo "fuzz: a nightly Rust is missing; type: rustup toolchain install nightly" >&2
  exit 3
fi
for source in fuzz/targets/*.rs; do
  target=$(basename "$source" .rs)
  found=fuzz/target/found/$target
  mkdir -p "$found"
  echo "==> $target, $seconds s"
  cargo +nightly fuzz run "$target" "$found" "fuzz/corpus/$target" -- -max_total_time="$seconds" -max_len=4096
done
