#!/usr/bin/env python3
"""Checks that what was said of each light is one unbroken chain, and that it ends in the lights that stand.

    tools/check_chain.py TRANSITIONS... [--standing STANDING]     # files of `replay` or `export`
    tools/check_chain.py --service http://127.0.0.1:8600          # what a service's ledger holds of ALERTS

TRANSITIONS are the messages of ALERTS, one a line, in the order of the stream: as `watchlight replay --out` and `export`
write them, or each as {"sequence": ..., "transition": ...} as the API gives them. Per (case, rule, instance) revisions
grow by one from 1, each message begins where the one before ended, its id is that of its place, its clock does not go
back, and its kind fits its cards. The last messages must be the lights that stand: those of STANDING, or of the service.

--dropped  the oldest messages are gone (the stream keeps them for a while only): a chain may begin later than at 1

Standard library only, Python 3.11 or later. Exit status: 0 whole, 1 broken, 2 wrong usage or nothing to read.
"""

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

CARDS = ("none", "warning", "yellow", "red")
ROW = ("case", "rule", "instance", "card", "light", "since", "level", "region", "dept")
LEVELS = ("province", "city", "county", "township")
SHOWN = 20
TRIES = 5
PAGE = 500


def messages_of(paths):
    """(where, transition) of each line."""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    data = json.loads(line)
                    yield f"{path}:{number}", data.get("transition", data)


def ask(base, path, **parameters):
    with urlopen(f"{base}{path}?{urlencode(parameters)}", timeout=30) as answer:
        return json.load(answer)


def messages_of_service(base):
    """(where, transition) of every message that the ledger holds, oldest first."""
    messages, before = [], {}
    while page := ask(base, "/api/transitions", limit=PAGE, **before)["transitions"]:
        messages += [(f"ALERTS {entry['sequence']}", entry["transition"]) for entry in page]
        before = {"before": page[-1]["sequence"]}
    return messages[::-1]


def standing_of_service(base):
    """The rows that stand at one moment: asked by level, again if they changed meanwhile."""
    for _ in range(TRIES):
        answers = [ask(base, "/api/digest", level=level) for level in LEVELS]
        if len({answer["digest"] for answer in answers}) == 1:
            return [row for answer in answers for row in answer["rows"]]
    raise OSError("the lights change faster than they can be asked for")


def key_of(light):
    return light["case"], light["rule"], light["instance"]


def name_of(key):
    case, rule, instance = key
    return f"case {case}, rule {rule}, instance {instance}"


def kind_fits(said):
    if not {said["card_before"], said["card"]} <= set(CARDS):
        return False
    before, after = CARDS.index(said["card_before"]), CARDS.index(said["card"])
    return {
        "raised": before == 0 and after > 0,
        "escalated": 0 < before < after,
        "eased": 0 < after < before,
        "cleared": after == 0 < before,
        "retracted": after < before,
    }.get(said["kind"], False)


def check(messages, dropped):
    """Faults of the chains, and the last message of each light."""
    last, faults = {}, []
    for where, said in messages:
        key = key_of(said)
        held = last.get(key)
        if held is None:
            first = said["revision"] if dropped else 1
            before = said["card_before"] if dropped and first > 1 else "none"
            lamp = said["light_before"] if dropped and first > 1 else "green"
            held = {"revision": first - 1, "card": before, "light": lamp, "decided_at": ""}
        revision = held["revision"] + 1
        text = "\t".join((*key, str(revision)))
        for name, value in (
            ("revision", revision),
            ("card_before", held["card"]),
            ("light_before", held["light"]),
            ("id", hashlib.sha256(text.encode()).hexdigest()[:32]),
        ):
            if said[name] != value:
                faults.append(f"{where}: {name_of(key)}: {name} is {said[name]}; the chain asks for {value}")
        if _instant(said["decided_at"]) < _instant(held["decided_at"]):
            faults.append(f"{where}: {name_of(key)}: decided_at goes back from {held['decided_at']}")
        if not kind_fits(said):
            faults.append(f"{where}: {name_of(key)}: {said['kind']} from {said['card_before']} to {said['card']}")
        last[key] = said
    return faults, last


def _instant(text):
    """Canonical instants in their order: the fraction, if any, before the Z."""
    return text.rstrip("Z").ljust(23, "0") if "." in text else text.rstrip("Z") + ".000" if text else ""


def compare(last, standing):
    """Where the fold of the chains is not what stands. The light of a silent source stands beside those of cases."""
    of_cases = {key: said for key, said in last.items() if said["card"] != "none" and "about" not in said}
    fold = {key: [said[name] for name in ROW[3:]] for key, said in of_cases.items()}
    stands = {key_of(light): [light[name] for name in ROW[3:]] for light in standing}
    return [
        f"{name_of(key)}: said was {fold.get(key, 'nothing')}, there stands {stands.get(key, 'nothing')}"
        for key in sorted({*fold, *stands})
        if fold.get(key) != stands.get(key)
    ]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("transitions", nargs="*", help="files of messages, in the order of the stream")
    options.add_argument("--standing", help="a file of the lights that stand, one a line")
    options.add_argument("--service", help="address of a running service, instead of files")
    options.add_argument("--dropped", action="store_true", help="the oldest messages are gone")
    chosen = options.parse_args()
    if bool(chosen.transitions) == bool(chosen.service) or chosen.service and chosen.standing:
        options.error("name files of transitions, or a service")
    try:
        if chosen.service:
            base = chosen.service.rstrip("/")
            for _ in range(TRIES):
                # What the workers know the ledger may learn a moment later.
                messages = messages_of_service(base)
                faults, last = check(messages, chosen.dropped)
                apart = compare(last, standing_of_service(base))
                if not apart:
                    break
                time.sleep(1)
            faults += apart
        else:
            messages = list(messages_of(chosen.transitions))
            faults, last = check(messages, chosen.dropped)
            if chosen.standing:
                faults += compare(last, [light for _, light in messages_of([chosen.standing])])
    except (OSError, URLError, ValueError, KeyError) as error:
        print(f"check_chain: {error!r}", file=sys.stderr)
        return 2
    for fault in faults[:SHOWN]:
        print(fault)
    if len(faults) > SHOWN:
        print(f"... and {len(faults) - SHOWN} more")
    kinds = Counter(said["kind"] for _, said in messages)
    lit = sum(said["card"] != "none" for said in last.values())
    told = "  ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    print(f"messages {len(messages)}  chains {len(last)}  standing {lit}  {told}")
    print("every chain is whole" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
