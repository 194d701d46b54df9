#!/usr/bin/env bash
# Measures `watchlight replay` on a generated file, several times for each number of workers.
#
#     tools/measure_replay.sh [CASES [RUNS [WORKERS ...]]]        default: 276500 cases (2 M events), 5 runs, 1 2
#
# Prints, for each number of workers, the median and the range of CPU seconds, wall seconds and peak memory,
# and what follows from the medians. Nothing but the digest is written by the runs. Needs GNU time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cases=${1:-276500} runs=${2:-5}
shift $(($# < 2 ? $# : 2))
workers=("${@:-1}")
[[ $# -gt 0 ]] || workers=(1 2)
export WATCHLIGHT_LOG=${WATCHLIGHT_LOG:-warn}
program=${PROGRAM:-target/release/watchlight}

[[ -x $program ]] || { echo "there is no $program; build it with cargo build --release" >&2; exit 2; }
[[ -x /usr/bin/time ]] || { echo "GNU time is missing; install the package time" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

told=$("$program" generate --cases "$cases" --seed 1 --out "$folder/events.ndjson" --truth "$folder/truth.csv")
events=$(sed -n 's/.*  events \([0-9]*\) .*/\1/p' <<<"$told")
until=$(sed -n 's/^clock .* to //p' <<<"$told")
bytes=$(stat -c %s "$folder/events.ndjson")

echo "date      $(date -u +%F)"
echo "program   $("$program" --version), $(git describe --always --dirty 2>/dev/null || echo 'no git')"
echo "machine   $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1 /proc/loadavg)"
echo "workload  generate --cases $cases --seed 1: $events events, $((bytes / events)) bytes each"

# The middle line of sorted numbers on standard input, with the first and the last.
median() {
  sort -n | awk '{ v[NR] = $1 } END { printf "%s [%s..%s]", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

for count in "${workers[@]}"; do
  : >"$folder/runs"
  for _ in $(seq "$runs"); do
    /usr/bin/time -a -o "$folder/runs" -f '%U %S %e %M' \
      "$program" replay "$folder/events.ndjson" --config config --until "$until" --workers "$count" --digest \
      | sed -n 's/^digest //p' >>"$folder/digests"
  done
  cpu=$(awk '{ print $1 + $2 }' "$folder/runs" | median)
  wall=$(awk '{ print $3 }' "$folder/runs" | median)
  peak=$(awk '{ printf "%d\n", $4 / 1024 }' "$folder/runs" | median)
  echo "workers $count, $runs runs: CPU s $cpu   wall s $wall   peak MiB $peak"
  awk -v events="$events" -v cases="$cases" -v cpu="${cpu%% *}" -v wall="${wall%% *}" -v peak="${peak%% *}" 'BEGIN {
    printf "  events a CPU second %d   events a second %d   peak bytes a case %d\n",
      events / cpu, events / wall, peak * 1048576 / cases }'
done

echo "digests that differ: $(($(sort -u "$folder/digests" | wc -l) - 1))"
