#!/usr/bin/env python3
"""Works every light of an export out again, and names what does not hold.

    tools/verify_proofs.py EXPORT

EXPORT is a folder that `watchlight export` wrote (docs/export.md). Every case is judged again from its facts, the rules,
items and calendars of the folder; each standing light must come out as it stands there, with its proof to the day, the
fen and the record, and no other light; the digest is worked out again; each transition must continue its chain, and be
what the facts known at its instant say. Nothing is shared with the program: see tools/verifier. Python 3.11 or later,
standard library only.

Prints what was looked at, and every place that does not hold. Exit status: 0 all holds, 1 something does not, 2 wrong
usage or no export.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from verifier import Unchecked
from verifier.compare import apart
from verifier.groups import Groups, key_of_instance
from verifier.history import Known, read_fact
from verifier.proofs import Case
from verifier.times import Calendar, Zone, date_of, day_number, format_instant, parse_instant

SHOWN = 20


class Configuration:
    """Rules and tables of the export."""

    def __init__(self, data):
        self.zones = {name: Zone(name, changes) for name, changes in data["zones"].items()}
        self.zone = self.zones[data["zone"]]
        self.calendars = {name: Calendar(calendar, self.zones) for name, calendar in data["calendars"].items()}
        self.rules, self.clocks, self.items = data["rules"], data["clocks"], data["items"]
        self.activities, self.sources = set(data["activities"]), data["sources"]
        self.hold_ms = (data.get("silence") or {"hold_ms": 0})["hold_ms"]
        self.profiles = data["profiles"]
        for profile in self.profiles:
            profile["zone_table"] = self.zones[profile["zone"]]

    def profile(self, region):
        """The profile whose region fits best, else the default one."""
        code, best = region.ljust(12, "0"), None
        for profile in self.profiles:
            fit = max((len(prefix) for prefix in profile["regions"] if code.startswith(prefix)), default=None)
            if fit is not None and (best is None or fit >= best[0]):
                best = fit, profile
        return best[1] if best else next(profile for profile in self.profiles if profile["default"])

    @staticmethod
    def in_force(item, day):
        begun = item["from"] is None or day_number(item["from"]) <= day
        return begun and (item["until"] is None or day < day_number(item["until"]))

    def find_item(self, code, version, day):
        """The named version of an item; without a name the one in force on the day."""
        versions = [item for item in self.items if item["code"] == code]
        if version is not None:
            versions = [item for item in versions if item["version"] == version]
            return versions[0] if versions else None
        if day is None:
            return versions[-1] if versions else None
        return next((item for item in versions if self.in_force(item, day)), None)


class Verifier:
    """An export and what was found of it."""

    def __init__(self, folder):
        self.about = json.loads((folder / "export.json").read_text(encoding="utf-8"))
        if self.about.get("format") != "watchlight-export" or self.about.get("format_version") != 1:
            sys.exit(f"{folder}: form {self.about.get('format')} {self.about.get('format_version')} is not known")
        self.config = Configuration(json.loads((folder / "configuration.json").read_text(encoding="utf-8")))
        self.facts, self.lines = defaultdict(list), 0
        for line, text in self._lines(folder / "facts.ndjson"):
            sent = read_fact(text, line)
            self.facts[sent.fact["case"]].append(sent)
            self.lines += 1
        self.grouping = {rule["id"] for rule in self.config.rules if rule["group"]}
        standing = [(line, json.loads(text)) for line, text in self._lines(folder / "standing.ndjson")]
        self.standing = [(line, light) for line, light in standing if light["rule"] not in self.grouping]
        self.of_groups = [(line, light) for line, light in standing if light["rule"] in self.grouping]
        transitions = [(line, json.loads(text)) for line, text in self._lines(folder / "transitions.ndjson")]
        self.transitions = [(line, said) for line, said in transitions if "about" not in said]
        self.of_sources = [(line, said) for line, said in transitions if "about" in said]
        self.silences = self._silences()
        self.faults, self.days, self.proofs = [], 0, 0
        self.groups = Groups(self.facts, self.config, self.case) if self.grouping else None

    @staticmethod
    def _lines(path):
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield number, text.rstrip("\n")

    def fault(self, place, text):
        self.faults.append(f"{place}: {text}")

    def case(self, number, now):
        return Case(number, Known(self.facts[number], now, self.config.zone), self.config, now, self.silences)

    def _silences(self):
        """When each source was silent, as its light tells. What a source said beside facts is not in the export, so that
        it was silent is believed; what that does to the lights of its cases is reckoned."""
        spells = defaultdict(list)
        for _, said in self.of_sources:
            key = (said["level"], said["region"], said["dept"]), said["case"].partition("/")[2]
            decided = parse_instant(said["decided_at"])
            if spells[key] and spells[key][-1][2] is None:
                spells[key][-1][2] = decided
            if said["card"] != "none":
                spells[key].append([parse_instant(said["since"]) + 1, decided, None])
        return spells

    def verify(self):
        self.check_counts()
        self.check_standing()
        self.check_chains()
        self.check_transitions()

    def check_counts(self):
        counted = {"facts": self.lines, "transitions": len(self.transitions) + len(self.of_sources), "lights": len(self.standing) + len(self.of_groups)}
        for name, count in counted.items():
            if self.about[name] != count:
                self.fault("export.json", f"{name}: the export says {self.about[name]}; there are {count}")

    def check_standing(self):
        """Judges every case: its lights and their proofs must be those that stand, and no others."""
        now, said = parse_instant(self.about["as_of"]), defaultdict(dict)
        for line, light in self.standing:
            key = light["rule"], light["instance"]
            if key in said[light["case"]]:
                self.fault(f"standing.ndjson line {line}", f"{_light(light)} stands twice")
            said[light["case"]][key] = line, light
        rows = self.check_groups(now)
        for number in sorted({*self.facts, *said}):
            try:
                case = self.case(number, now)
                lights = case.lights()
            except Unchecked as unknown:
                self.fault(f"case {number}", f"cannot be checked: this verifier does not know {unknown}")
                continue
            for key in sorted({*lights, *said[number]}):
                light = lights.get(key)
                if light is not None:
                    rows.append(_row(number, key, light, case.owner))
                if key not in said[number]:
                    self.fault("standing.ndjson", f"missing is {_reckoned(number, key, light)}")
                    continue
                line, stands = said[number][key]
                place = f"standing.ndjson line {line}, {_light(stands)}"
                if light is None:
                    why = self.uncited(case, stands.get("proof"))
                    self.fault(place, f"no such light by facts, rules and calendars{why}")
                else:
                    self.hold(place, stands, light, case)
        if not self.faults:
            digest = _digest(rows, self.config.zone)
            if digest != self.about["digest"]:
                self.fault("export.json", f"digest: the export says {self.about['digest']}; reckoned is {digest}")

    def check_groups(self, now):
        """Judges every group: its lights must be those that stand, and no others. Returns their rows of the digest."""
        said = {}
        for line, light in self.of_groups:
            key = light["case"], (light["rule"], light["instance"])
            if key in said:
                self.fault(f"standing.ndjson line {line}", f"{_light(light)} stands twice")
            said[key] = line, light
        reckoned = {}
        for rule, key in self.groups.keys() if self.groups else ():
            try:
                reckoned.update(self.groups.lights(rule, key, now))
            except Unchecked as unknown:
                self.fault(f"rule {rule}, group {key}", f"cannot be checked: this verifier does not know {unknown}")
        for number, key in sorted({*reckoned, *said}):
            light = reckoned.get((number, key))
            if (number, key) not in said:
                self.fault("standing.ndjson", f"missing is {_reckoned(number, key, light)}")
                continue
            line, stands = said[number, key]
            place = f"standing.ndjson line {line}, {_light(stands)}"
            if light is None:
                self.fault(place, f"no such light by the facts of the cases that share its key{self.lost(stands)}")
            else:
                self.hold(place, stands, light, light.case)
        return [_row(number, key, light, light.case.owner) for (number, key), light in reckoned.items()]

    def lost(self, said):
        """Records that the proof of a light of a group cites and that are not among the facts of any case."""
        known = {sent.fact["id"] for facts in self.facts.values() for sent in facts}
        gone = sorted(name for name in _ids(said.get("proof")) if name not in known and ":" not in name)
        return f" (the proof cites records that are not among the facts: {', '.join(gone)})" if gone else ""

    def hold(self, place, said, light, case):
        """Holds one light, as it is said, against the reckoning."""
        explained = light.explained()
        if explained is None:
            if "proof" in said:
                self.fault(place, "the finding behind it is not made any more, so it has no proof")
            return
        proof, warnings, evidence = explained
        warnings = [*warnings, "source_silent"] if case.waited(light.span) else warnings
        level, region, dept = case.owner
        reckoned = {
            "proof": proof,
            "card": light.span.card,
            "light": light.span.light,
            "since": format_instant(light.span.since),
            "rule_version": light.rule["label"],
            "warnings": warnings,
            "level": level,
            "region": region,
            "dept": dept,
            "basis": light.rule["basis"],
        }
        if "evidence" in said:
            reckoned["evidence"] = evidence
        self.proofs += 1
        self.days += len(proof.get("days", []))
        for name, value in reckoned.items():
            given = said.get(name, [] if name == "warnings" else None)
            found = apart(given, value, name)
            if found:
                uncited = self.lost(said) if light.rule["group"] else self.uncited(case, said.get("proof"))
                self.fault(place, found + uncited)
                return

    @staticmethod
    def uncited(case, proof):
        """Records that a proof cites and that are not among the facts."""
        known = {fact.event["id"] for fact in (*case.view.facts, *getattr(case.view, "aside", []))}
        lost = sorted(name for name in _ids(proof) if name not in known and ":" not in name)
        return f" (the proof cites records that are not among the facts: {', '.join(lost)})" if lost else ""

    def check_chains(self):
        """Per light the transitions form one unbroken chain, whose end is what stands."""
        last = {}
        for line, said in sorted(self.transitions + self.of_sources, key=lambda one: one[0]):
            key = said["case"], said["rule"], said["instance"]
            place = f"transitions.ndjson line {line}, {_light(said)}"
            before = last.get(key, {"revision": 0, "card": "none", "light": "green"})
            for name, value in (
                ("revision", before["revision"] + 1),
                ("card_before", before["card"]),
                ("light_before", before["light"]),
                ("id", _transition_id(key, before["revision"] + 1)),
            ):
                if said[name] != value:
                    self.fault(place, f"{name}: the export says {said[name]}; the chain before it asks for {value}")
            last[key] = said
        names = ("card", "light", "since", "level", "region", "dept")
        of_cases = {key: said for key, said in last.items() if said["card"] != "none" and "about" not in said}
        fold = {key: [said[name] for name in names] for key, said in of_cases.items()}
        stands = {
            (light["case"], light["rule"], light["instance"]): [light[name] for name in names]
            for _, light in (*self.standing, *self.of_groups)
        }
        for key in sorted({*fold, *stands}):
            if fold.get(key) != stands.get(key):
                case, rule, instance = key
                self.fault(
                    f"case {case}, rule {rule}, instance {instance}",
                    f"its transitions end in {fold.get(key)}; standing.ndjson says {stands.get(key)}",
                )

    def check_transitions(self):
        """What was said last of a light at an instant is what the facts known then say."""
        final = {}
        for line, said in self.transitions:
            final[said["case"], said["rule"], said["instance"], said["decided_at"]] = line, said
        # What a group says of several cases at one instant is judged once.
        ordered = sorted(final.items(), key=lambda one: (one[0][1], key_of_instance(one[0][2]), one[0][3], one[1][0]))
        for (number, rule, instance, _), (line, said) in ordered:
            place = f"transitions.ndjson line {line}, {_light(said)}"
            try:
                now = parse_instant(said["decided_at"])
                case = self.case(number, now)
                if rule in self.grouping:
                    lights = self.groups.lights(rule, key_of_instance(instance), now)
                    light = lights.get((number, (rule, instance)))
                else:
                    light = case.lights(only=rule).get((rule, instance)) if case.owner else None
            except Unchecked as unknown:
                self.fault(place, f"cannot be checked: this verifier does not know {unknown}")
                continue
            if light is None and said["card"] != "none":
                self.fault(place, f"no such light by what was known then{self.uncited(case, said.get('proof'))}")
            elif light is not None and said["card"] == "none":
                self.fault(place, f"by what was known then there is {_reckoned(number, (rule, instance), light)}")
            elif light is not None:
                self.hold(place, said, light, case)


def _ids(proof):
    """Ids of the records that a proof cites."""
    if isinstance(proof, dict):
        if "id" in proof:
            yield proof["id"]
        for value in proof.values():
            yield from _ids(value)
    elif isinstance(proof, list):
        for value in proof:
            yield from _ids(value)


def _light(light):
    return f"case {light['case']}, rule {light['rule']}, instance {light['instance']}"


def _reckoned(number, key, light):
    rule, instance = key
    since = format_instant(light.span.since)
    return f"case {number}, rule {rule}, instance {instance}: card {light.span.card} since {since}"


def _row(number, key, light, owner):
    """(day key of the bucket is made of) since, owner and the row of the digest."""
    since = format_instant(light.span.since)
    fields = (number, *key, light.span.card, light.span.light, since, *owner)
    return light.span.since, owner, "\t".join(fields)


def _digest(rows, zone):
    """Buckets by day and owner, each with the sum of its rows' hashes; the hash of the sorted buckets."""
    sums, counts = Counter(), Counter()
    for since, owner, row in rows:
        key = "\t".join((str(date_of(zone.day(since))), *owner))
        sums[key] += int.from_bytes(hashlib.sha256(row.encode()).digest())
        counts[key] += 1
    text = "".join(f"{key}\t{counts[key]}\t{sums[key] % 2**256:064x}\n" for key in sorted(sums))
    return hashlib.sha256(text.encode()).hexdigest()


def _transition_id(key, revision):
    return hashlib.sha256("\t".join((*key, str(revision))).encode()).hexdigest()[:32]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", type=Path, help="a folder that `watchlight export` wrote")
    folder = parser.parse_args().export
    if not (folder / "export.json").is_file():
        print(f"{folder} holds no export: there is no export.json", file=sys.stderr)
        return 2
    verifier = Verifier(folder)
    verifier.verify()
    for fault in verifier.faults[:SHOWN]:
        print(fault)
    if len(verifier.faults) > SHOWN:
        print(f"... and {len(verifier.faults) - SHOWN} more")
    about = verifier.about
    print(
        f"cases {len(verifier.facts)}  lights {len(verifier.standing) + len(verifier.of_groups)}  "
        f"transitions {len(verifier.transitions)}  "
        f"proofs {verifier.proofs}  days {verifier.days}  clock {about['as_of']}"
    )
    print("everything holds" if not verifier.faults else f"{len(verifier.faults)} places do not hold")
    return 1 if verifier.faults else 0


if __name__ == "__main__":
    sys.exit(main())
