#!/bin/sh
# How long a change of configuration takes over CASES cases (20000) when it touches one in a hundred, and how long its preview.
set -eu
cd "$(dirname "$0")/.."
MEASURE_CASES="${1:-20000}" cargo test --release --locked --workspace --test end_to_end -- \
  --ignored --nocapture --exact reload_time::a_change_that_touches_one_case_in_a_hundred_is_measured
uptime
