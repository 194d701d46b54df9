#!/usr/bin/env python3
"""Holds the hot paths to the instructions that they took before: wall time is noise on a shared machine, these are not.

    tools/count_instructions.py            compare with tools/instructions.txt; more than TOLERANCE is a failure
    tools/count_instructions.py --write    write tools/instructions.txt anew, after a change that is meant

Replays a generated file under valgrind's callgrind with all shipped rules and one worker, and counts for each hot path,
with all that it calls, instructions an event. The program is target/release/watchlight (PROGRAM names another one).

Counts are of one compiler and one profile: with another compiler, or where a cargo configuration outside the project or the
environment changes the release profile, nothing is compared, and that is said. Processors differ by how the C library copies
and compares memory, which is a tenth of all: on one without AVX2 the counts are to be written anew.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
COMMITTED = PROJECT / "tools" / "instructions.txt"
PROGRAM = os.environ.get("PROGRAM", str(PROJECT / "target/release/watchlight"))
CASES = 400
TOLERANCE = 0.05
PATHS = {
    "read a line": "facts::line::read",
    "join facts to a case": "dataflow::joining::Joining<J>::join",
    "judge a case": "dataflow::case_state::CaseState::judge",
    "bring lights up": "dataflow::lighting::Lighting<J>::bring_up",
    "tell groups": "dataflow::memberships::Memberships::tell",
    "all work on cases": "dataflow::supervise::Supervisor<J>::close",
    "all work on groups": "dataflow::groups::Groups<J>::close",
}


def skip(why):
    print(f"SKIPPED: instruction counts: {why}")
    sys.exit(0)


def compiler():
    return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def changed_profile():
    """Where the release profile is changed from outside the project, if it is."""
    for name in os.environ:
        if name.startswith("CARGO_PROFILE_RELEASE_") or name in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"):
            return name
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    folders = [folder / ".cargo" for folder in (PROJECT, *PROJECT.parents)] + [home]
    for file in (folder / name for folder in folders for name in ("config.toml", "config")):
        if file.is_file() and "profile.release" in file.read_text():
            return str(file)
    return None


def counted():
    """Instructions an event of each path."""
    with tempfile.TemporaryDirectory() as folder:
        events, profile = f"{folder}/events", f"{folder}/callgrind"
        generate = [PROGRAM, "generate", "--profile", "yichun-load", "--cases", str(CASES), "--seed", "1"]
        told = run([*generate, "--out", events, "--truth", f"{folder}/truth"])
        count = int(re.search(r"events (\d+) ", told).group(1))
        until = re.search(r"^clock .* to (\S+)$", told, re.M).group(1)
        replay = [PROGRAM, "replay", events, "--config", str(PROJECT / "config"), "--until", until, "--workers", "1"]
        run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", *replay])
        listed = run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", profile])
    by_name = {}
    for instructions, name in re.findall(r"^ *([\d,]+) \([^)]*\)  [^:]*:(\S.*?)(?: \[[^\]]*\])?$", listed, re.M):
        by_name[name] = max(by_name.get(name, 0), int(instructions.replace(",", "")))
    missing = [name for name in PATHS.values() if name not in by_name]
    if missing:
        sys.exit(f"callgrind saw no {', '.join(missing)}: renamed, or inlined? Name the function that has its place in PATHS")
    return {path: by_name[name] // count for path, name in PATHS.items()}


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "WATCHLIGHT_LOG": "error"})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    write = sys.argv[1:] == ["--write"]
    if sys.argv[1:] and not write:
        sys.exit(__doc__)
    if shutil.which("valgrind") is None:
        skip("valgrind is not installed")
    if changed := changed_profile():
        skip(f"the release profile is changed by {changed}")
    if write:
        lines = [f"{path:<24}{count:>9}\n" for path, count in counted().items()]
        COMMITTED.write_text(f"# Instructions an event, written by tools/count_instructions.py\n{compiler()}\n{''.join(lines)}")
        return
    _, of_compiler, *lines = COMMITTED.read_text().splitlines()
    if of_compiler != compiler():
        skip(f"the committed ones are of {of_compiler}, this is {compiler()}")
    before = {path.strip(): int(count) for path, count in (line.rsplit(maxsplit=1) for line in lines)}
    after = counted()
    worse = []
    for path, count in after.items():
        change = count / before[path] - 1
        print(f"{path:<24}{before[path]:>9} -> {count:>9}  {change:+.1%}")
        if change > TOLERANCE:
            worse.append(path)
        elif change < -TOLERANCE:
            print(f"  less by more than {TOLERANCE:.0%}: write the counts anew, so that the gain is kept")
    if worse:
        sys.exit(f"more instructions than before: {', '.join(worse)}. Meant? tools/count_instructions.py --write")


if __name__ == "__main__":
    main()
