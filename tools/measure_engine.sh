#!/usr/bin/env bash
# Measures the engine against a plain program that does the three-rule job by hand (bench/src/plain.rs): both read the same
# file and write their alerts, in turn, in one run.
#
#     tools/measure_engine.sh [CASES [RUNS]]        default: 38000 cases (280,000 events), 5 runs
#
# Prints events a second of wall time, median and range, and each engine's ratio to the plain program: three rules with two
# workers, with one, with one on one CPU, and all shipped rules with two; peak memory beside. Needs GNU time and taskset.
# A plain program below 1.0 M events a second is told: then the machine is too busy for the ratios to be worth anything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cases=${1:-38000} runs=${2:-5}
folder_of_programs=${PROGRAMS:-target/release}
engine=$folder_of_programs/watchlight plain=$folder_of_programs/plain
export WATCHLIGHT_LOG=${WATCHLIGHT_LOG:-warn}
for program in "$engine" "$plain"; do
  [[ -x $program ]] || { echo "there is no $program; build it with cargo build --release --workspace --bins" >&2; exit 2; }
done
[[ -x /usr/bin/time ]] || { echo "GNU time is missing; install the package time" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

told=$("$engine" generate --profile yichun-load --cases "$cases" --seed 1 --out "$folder/events" --truth "$folder/truth")
events=$(sed -n 's/.*  events \([0-9]*\) .*/\1/p' <<<"$told")
until=$(sed -n 's/^clock .* to //p' <<<"$told")
cp -r config "$folder/three"
find "$folder/three/rules" -mindepth 1 ! -name names.toml -delete
rm "$folder/three/profiles/hunan-2018.toml"   # it words a rule that is not among the three
cp bench/three-rules.toml "$folder/three/rules/"

echo "date      $(date -u +%F)"
echo "program   $("$engine" --version), $(git describe --always --dirty 2>/dev/null || echo 'no git')"
echo "machine   $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1 /proc/loadavg)"
echo "workload  generate --profile yichun-load --cases $cases --seed 1: $events events, $(($(stat -c %s "$folder/events") / events)) bytes each"

# timed NAME COMMAND...: one run; its wall seconds, CPU seconds and peak KiB go to the file of that name.
timed() {
  local name=$1
  shift
  /usr/bin/time -a -o "$folder/$name.times" -f '%e %U %S %M' "$@" >/dev/null
}
replay() { # NAME CONFIG WORKERS [taskset ...]
  local name=$1 config=$2 workers=$3
  shift 3
  timed "$name" "$@" "$engine" replay "$folder/events" --config "$config" --until "$until" --workers "$workers" --out "$folder/alerts"
}
for _ in $(seq "$runs"); do
  timed plain "$plain" "$folder/events" "$folder/alerts" "$until"
  replay three-2 "$folder/three" 2
  replay three-1 "$folder/three" 1
  replay three-1-cpu "$folder/three" 1 taskset -c 0
  replay all-2 config 2
done

# rates NAME: events a second, the middle run, the least and the most.
rates() {
  awk -v events="$events" '{ print events / $1 }' "$folder/$1.times" | sort -n \
    | awk '{ v[NR] = $1 } END { printf "%d %d %d", v[int((NR + 1) / 2)], v[1], v[NR] }'
}
read -r base _ _ <<<"$(rates plain)"
echo
echo "| program | events a second | to the plain program | CPU s | peak MiB |"
echo "| --- | --- | --- | --- | --- |"
for name in plain three-2 three-1 three-1-cpu all-2; do
  read -r rate least most <<<"$(rates "$name")"
  awk -v name="$name" -v rate="$rate" -v least="$least" -v most="$most" -v base="$base" '
    { cpu[NR] = $2 + $3; if ($4 > peak) peak = $4 }
    END { for (i in cpu) sum += cpu[i]
      printf "| %s | %d [%d..%d] | %.2f | %.2f | %d |\n", name, rate, least, most, rate / base, sum / NR, peak / 1024 }' "$folder/$name.times"
done
if ((base < 1000000)); then
  echo
  echo "the plain program read $base events a second, less than 1,000,000: the machine is too slow or too busy for this measurement"
fi
