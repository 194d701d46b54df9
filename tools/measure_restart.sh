#!/bin/sh
# How long a start from a checkpoint of CASES cases takes (20000), from kept cases and from facts alone, and what both cost on disk.
set -eu
cd "$(dirname "$0")/.."
MEASURE_CASES="${1:-20000}" cargo test --release --locked --workspace --test end_to_end -- \
  --ignored --nocapture --exact restart_time::a_start_from_a_checkpoint_is_measured
uptime
