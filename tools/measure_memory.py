#!/usr/bin/env python3
"""Memory of `watchlight replay` over a long time in which cases open and close at a constant rate.

    tools/measure_memory.py [--cases 1000000] [--block 20000] [--days 7] [--workers 1] [--out FOLDER] [--program FILE]

A block of cases, ten weeks long (watchlight generate, seed 1), is played again and again, each time 70 days later and under
new case numbers, through one replay on its standard input. Resident memory is read while it runs. Writes memory.csv
(cases, resident MiB, seconds) and memory.svg to FOLDER, and prints what follows from them. Needs nothing but Python and a
built program.
"""
import argparse
import datetime
import os
import re
import subprocess
import sys
import tempfile
import time

INSTANT = re.compile(rb'"(at|arrived|promise_date)":"(\d{4}-\d{2}-\d{2})')
NUMBER = re.compile(rb'"case":"([^"]*)')
CASE = re.compile(rb'"(case|linked_case)":"')
PERIOD = datetime.timedelta(days=70)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=1_000_000)
    options.add_argument("--block", type=int, default=20_000)
    options.add_argument("--days", type=int, default=7, help="state.retention_days")
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--out", default=".")
    options.add_argument("--program", default="target/release/watchlight")
    options.add_argument("--profile", default="yichun-load", help="of watchlight generate")
    options = options.parse_args()
    program = options.program
    with tempfile.TemporaryDirectory() as folder:
        events = os.path.join(folder, "events.ndjson")
        subprocess.run([program, "generate", "--cases", str(options.block), "--seed", "1", "--profile", options.profile, "--out", events,
                        "--truth", os.path.join(folder, "truth.csv")], check=True, stdout=subprocess.DEVNULL)
        with open(events, "rb") as file:
            lines = file.readlines()
    # A case that is open when the block ends would be open for ever.
    closed = {number(line) for line in lines if b'"activity":"closed"' in line}
    lines = [line for line in lines if number(line) in closed]
    options.block = len(closed)
    samples, told = play(program, lines, options)
    with open(os.path.join(options.out, "memory.csv"), "w") as file:
        file.write("cases,resident_mib,seconds\n")
        file.writelines(f"{cases},{mib:.1f},{seconds:.1f}\n" for cases, mib, seconds in samples)
    with open(os.path.join(options.out, "memory.svg"), "w") as file:
        file.write(svg(samples, options))
    sys.stdout.write(told)
    half = samples[len(samples) // 2]
    last = samples[-1]
    print(f"cases {last[0]}, retention {options.days} days, {options.workers} workers: resident {half[1]:.0f} MiB at "
          f"half way, {last[1]:.0f} MiB at the end, most {max(mib for _, mib, _ in samples):.0f} MiB; "
          f"{last[2]:.0f} s; {(last[1] - half[1]) * 1048576 / (last[0] - half[0]):.0f} bytes for each case more")


def play(program, lines, options):
    """Feeds the blocks to one replay; returns (cases, MiB, seconds) as it went, and what the replay said."""
    blocks = max(1, options.cases // options.block)
    dates = {date for line in lines for _, date in INSTANT.findall(line)}
    last = datetime.date.fromisoformat(max(dates).decode())
    until = f"{last + PERIOD * blocks}T00:00:00Z"
    environment = dict(os.environ, WATCHLIGHT_STATE_RETENTION_DAYS=str(options.days),
                       WATCHLIGHT_LOG=os.environ.get("WATCHLIGHT_LOG", "warn"))
    command = [program, "replay", "-", "--config", "config", "--until", until, "--workers", str(options.workers),
               "--digest"]
    replay = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=False)
    began = time.monotonic()
    samples = []
    step = max(1, len(lines) // 10)
    for block in range(blocks):
        later = {date: (datetime.date.fromisoformat(date.decode()) + PERIOD * block).isoformat().encode()
                 for date in dates}
        moved = CASE.sub(lambda found: b'"' + found.group(1) + b'":"%d-' % block, b"".join(lines))
        moved = INSTANT.sub(lambda found: b'"' + found.group(1) + b'":"' + later[found.group(2)], moved)
        moved = moved.splitlines(keepends=True)
        for start in range(0, len(moved), step):
            replay.stdin.write(b"".join(moved[start:start + step]))
            done = block * options.block + options.block * min(start + step, len(moved)) // len(moved)
            samples.append((done, resident_mib(replay.pid), time.monotonic() - began))
    replay.stdin.close()
    told = replay.stdout.read().decode()
    if replay.wait() != 0:
        sys.exit(f"the replay failed: {told}")
    return samples, told


def number(line):
    return NUMBER.search(line).group(1)


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS:"))


def svg(samples, options):
    """The samples as a line, drawn in plain SVG."""
    width, height, left, bottom = 720, 320, 60, 40
    most_cases, most = samples[-1][0], max(mib for _, mib, _ in samples) * 1.15
    x = lambda cases: left + (width - left - 20) * cases / most_cases
    y = lambda mib: height - bottom - (height - bottom - 30) * mib / most
    line = " ".join(f"{x(cases):.1f},{y(mib):.1f}" for cases, mib, _ in samples)
    tick = next(size for size in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000) if most / size <= 6)
    rows = "".join(
        f'<line x1="{left}" x2="{width - 20}" y1="{y(mib):.1f}" y2="{y(mib):.1f}" stroke="#ddd"/>'
        f'<text x="{left - 8}" y="{y(mib) + 4:.1f}" text-anchor="end">{mib}</text>\n'
        for mib in range(0, int(most) + 1, tick))
    columns = "".join(
        f'<text x="{x(most_cases * part / 5):.1f}" y="{height - bottom + 18}" text-anchor="middle">'
        f'{most_cases * part // 5:,}</text>\n' for part in range(6))
    title = f"Resident MiB against cases replayed; {options.days} days of retention, {options.workers} workers"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
            f'font-size="12" fill="#333">\n<rect width="{width}" height="{height}" fill="#fff"/>\n'
            f'<text x="{left}" y="18">{title}</text>\n{rows}{columns}'
            f'<polyline points="{line}" fill="none" stroke="#1f5fbf" stroke-width="1.5"/>\n</svg>\n')


if __name__ == "__main__":
    main()
