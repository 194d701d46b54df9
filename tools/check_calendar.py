#!/usr/bin/env python3
"""Compare config/calendars/cn with the independent package chinesecalendar, day by day.

    tools/check_calendar.py             install the package into .tools/calendar if needed, compare
    tools/check_calendar.py --offline   the same without ever installing
    tools/check_calendar.py --print     write what the package says, one "2010-01-01 off" a line

Exit status: 0 all days agree, 1 some differ. Where the package is not there and cannot be installed
the script prints SKIPPED; that is a failure (2) with CI=true, and always with --print.
"""

import datetime
import os
import pathlib
import subprocess
import sys
import tomllib
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOME = ROOT / ".tools" / "calendar"
PYTHON = HOME / "bin" / "python"
YEARS = range(2010, 2027)
ASK = """
import datetime, sys
from chinese_calendar import is_workday
day, end = datetime.date.fromisoformat(sys.argv[1]), datetime.date.fromisoformat(sys.argv[2])
while day <= end:
    print(day, "work" if is_workday(day) else "off")
    day += datetime.timedelta(days=1)
"""


def installed():
    if not PYTHON.exists():
        return False
    return subprocess.run([PYTHON, "-c", "import chinese_calendar"], capture_output=True).returncode == 0


def install():
    venv.create(HOME, with_pip=True)
    pinned = ROOT / "tools" / "calendar-oracle.txt"
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", pinned]
    subprocess.run(command, check=True, stdout=sys.stderr)


def skip(reason):
    print(f"SKIPPED calendar comparison: {reason}", file=sys.stderr)
    must = os.environ.get("CI") == "true" or "--print" in sys.argv
    sys.exit(2 if must else 0)


def ask():
    first, last = f"{YEARS[0]}-01-01", f"{YEARS[-1]}-12-31"
    run = subprocess.run([PYTHON, "-c", ASK, first, last], check=True, capture_output=True, text=True)
    return run.stdout


def shipped():
    """Whether each day of the shipped files works, by date."""
    listed = {}
    for year in YEARS:
        with open(ROOT / "config" / "calendars" / "cn" / f"{year}.toml", "rb") as stream:
            listed |= {entry["date"]: not entry["off"] for entry in tomllib.load(stream)["day"]}
    return lambda day: listed.get(day, day.weekday() < 5)


def main(arguments):
    if unknown := set(arguments) - {"--offline", "--print"}:
        print(f"unknown argument {unknown.pop()}\n{__doc__}", file=sys.stderr)
        sys.exit(2)
    if not installed():
        if "--offline" in arguments:
            skip(f"{HOME} does not hold the package; run tools/check_calendar.py once with a network")
        try:
            install()
        except (OSError, subprocess.CalledProcessError) as fault:
            skip(f"could not install the package ({fault})")
    said = ask()
    if "--print" in arguments:
        sys.stdout.write(said)
        return
    works = shipped()
    differ = []
    for line in said.splitlines():
        day, kind = line.split(" ")
        if works(datetime.date.fromisoformat(day)) != (kind == "work"):
            differ.append(f"{day}: the package says {kind}, config/calendars/cn says the contrary")
    print("\n".join(differ) if differ else f"{len(said.splitlines())} days agree")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
