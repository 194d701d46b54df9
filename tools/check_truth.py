#!/usr/bin/env python3
"""Works out the lights of a generated run again, from its plans, and compares them with its truth.

    tools/check_truth.py PLANS.ndjson TRUTH.csv [--config DIR]

PLANS and TRUTH are what the generator writes; DIR holds calendars/cn/*.toml, catalogue/*.csv and sources/*.toml
(default: config beside this file's folder). Standard library only, Python 3.11 or later. Nothing here
is shared with the generator or with the rules: days are walked one by one, ledgers entry by entry.

Prints, for each rule, how many cases were meant to break it, how many to keep it by a hair, and how
many lights stand; then every difference. Exit status: 0 the truth holds, 1 it differs, 2 wrong usage.
"""

import argparse
import csv
import json
import sys
import tomllib
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

LOCAL = timezone(timedelta(hours=8))
CLOSE = time(18, 0)
ONE_DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=timezone.utc)
LAMP = {"warning": "yellow", "yellow": "yellow", "red": "red"}
ABNORMAL = {"returned", "voided", "deleted"}
SKEW = timedelta(minutes=5)
KNOWN_ACTIVITIES = set(
    """submitted pre_accepted pre_rejected accepted not_accepted supplement_notified supplement_received
    stage_started stage_completed stage_returned special_started special_ended forwarded returned_from_above
    hearing_requested hearing_notified hearing_held fee closed reopened withdrawn certificate_issued delivered
    complaint complaint_decided complaint_closed consulted consult_answered rated progress
    card_issued card_feedback card_supervised card_revoked waived""".split()
)
CASE_FACTS = ("item", "item_version", "case_type", "linked_case", "promise_date", "reported_limit")
CODES = {"outcome": "outcomes", "case_type": "case_types", "stage": "stages"}
BROKEN_OFF = ABNORMAL | {"withdrawn", "lapsed"}
SHOWN = 20


class Calendar:
    """Working days, walked one by one."""

    def __init__(self, folder):
        self.listed, years = {}, []
        for path in sorted(folder.glob("*.toml")):
            year = tomllib.loads(path.read_text(encoding="utf-8"))
            years.append(year["year"])
            for row in year.get("day", []):
                self.listed[row["date"]] = not row["off"]
        if not years:
            sys.exit(f"{folder}: no calendars; give the folder that holds them with --config")
        self.end = date(max(years), 12, 31)

    def works(self, day):
        return self.listed.get(day, day.weekday() < 5)

    def due(self, start, limit, stopped=frozenset()):
        """Close of business of the limit-th counted working day after start; NEVER beyond the calendars."""
        day, left = start.astimezone(LOCAL).date(), limit
        if limit == 0:
            while not self.works(day):
                day += ONE_DAY
        while left > 0:
            day += ONE_DAY
            if day > self.end:
                return NEVER
            if self.works(day) and day not in stopped:
                left -= 1
        return datetime.combine(day, CLOSE, LOCAL)

    def span(self, first, last):
        """The civil days from first up to, without, last."""
        days, last = set(), min(last, self.end)
        while first < last:
            days.add(first)
            first += ONE_DAY
        return days


class Catalogue:
    """Items in the version in force on the day of acceptance, with their stages and fees."""

    def __init__(self, folder):
        self.items = self.read(folder / "items.csv", ("item",))
        self.stages = self.read(folder / "stages.csv", ("item", "version"))
        self.fees = self.read(folder / "fees.csv", ("item", "version"))

    @staticmethod
    def read(path, key):
        rows = defaultdict(list)
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows[tuple(row[column] for column in key)].append(row)
        return rows

    def item(self, code, day):
        """The version in force; None for an item that is not listed."""
        return next((row for row in self.items[(code,)] if holds_on(row, day)), None)


def holds_on(row, day):
    begins = not row["from"] or date.fromisoformat(row["from"]) <= day
    return begins and (not row["until"] or day < date.fromisoformat(row["until"]))


def working_days(text):
    assert text.endswith("wd"), text
    return int(text[:-2])


def fen(text):
    yuan, _, rest = text.partition(".")
    return int(yuan) * 100 + int((rest + "00")[:2])


def local_day(instant):
    return instant.astimezone(LOCAL).date()


class Case:
    """One case's facts, and the lights they come to at `until`."""

    def __init__(self, plan, calendar, catalogue, sources, until):
        self.plan, self.calendar, self.until = plan, calendar, until
        self.facts = plan["facts"]
        for fact in self.facts:
            for key in ("at", "arrived", "received"):
                fact[key] = datetime.fromisoformat(fact[key])
            fact["unmapped"] = self.translate(fact, sources.get(fact["source"], {}))
        accepted = self.all("accepted") or self.facts
        code = self.told("item")
        self.item = catalogue.item(code, local_day(accepted[0]["at"])) if code else None
        key = (self.item["item"], self.item["version"]) if self.item else ("", "")
        self.stages = {row["stage"]: row for row in catalogue.stages[key]}
        self.tariffs = {row["code"]: row for row in catalogue.fees[key]}
        closings = self.all("closed")
        self.closing = closings[0] if closings else None
        self.outcome = self.closing.get("outcome") if self.closing else None
        self.rows = []

    @staticmethod
    def translate(fact, codes):
        """Our words for the source's codes; True if its map lacks one of them."""
        lacking = False
        for field, table in CODES.items():
            if field in fact and codes.get(table):
                lacking |= fact[field] not in codes[table]
                fact[field] = codes[table].get(fact[field], fact[field])
        return lacking

    def told(self, field):
        """The last value of a fact of the case."""
        return next((fact[field] for fact in reversed(self.facts) if field in fact), None)

    def all(self, activity):
        return [fact for fact in self.facts if fact["activity"] == activity]

    def when(self, *activities):
        """The first instant of any of these; NEVER if none happened."""
        return min((fact["at"] for fact in self.facts if fact["activity"] in activities), default=NEVER)

    def record(self, fact):
        said = {**self.plan, **fact}
        return f"{said['level']}.{said['region']}.{said['dept']}/{said['source']}/{said['id']}"

    def light(self, rule, instance, card, since):
        plan = self.plan
        told = since.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        owner = (plan["level"], plan["region"], plan["dept"])
        self.rows.append((plan["case"], rule, instance, card, LAMP[card], told, *owner))

    def light_if_open(self, rule, instance, marks, ended):
        """The worst mark passed, as long as the duty has not ended."""
        passed = [(card, mark) for card, mark in marks if mark < self.until]
        if ended == NEVER and passed:
            self.light(rule, instance, *passed[-1])

    def lights(self):
        if self.outcome != "deleted":
            start = self.answered()
            if self.item:
                if start != NEVER:
                    self.limits(start)
                self.open_stages()
            self.special_limits()
            self.delivery()
        else:
            start = self.when("accepted")
        if self.item:
            self.ledger()
            self.path()
        self.closed_unaccepted()
        self.persons()
        self.reasons()
        self.item_at_fault(start)
        self.facts_at_fault()
        self.records_at_fault()
        return self.rows

    # Time.

    def ended(self):
        return self.when("closed", "withdrawn")

    def answered(self):
        """OD-01; returns the acceptance that the clocks count from."""
        submitted = self.when("submitted")
        if submitted == NEVER:
            return self.when("accepted")
        decided = self.when("accepted", "not_accepted", "supplement_notified", "closed", "withdrawn")
        due = self.calendar.due(submitted, 5)
        marks = [("warning", self.calendar.due(submitted, 4)), ("red", due)]
        self.light_if_open("OD-01", "-", marks, decided)
        deemed = due < self.until and decided > due
        return submitted if deemed else self.when("accepted")

    def special_days(self):
        """Civil days that special procedures take out of the count."""
        days = set()
        ends = {fact["special"]["no"]: fact["at"] for fact in self.all("special_ended")}
        for fact in self.all("special_started"):
            special = fact["special"]
            if special["kind"] != "B":
                continue
            last = date.max
            if special["no"] in ends:
                last = local_day(ends[special["no"]])
            if special["granted"] > 0:
                last = min(last, local_day(self.calendar.due(fact["at"], special["granted"])))
            days |= self.calendar.span(local_day(fact["at"]), last)
        return days

    def limits(self, start):
        """OD-04, OD-05, OD-06."""
        stopped = self.special_days()
        notices = [fact["at"] for fact in self.all("supplement_notified") if fact["at"] >= start]
        if notices:
            received = self.when("supplement_received")
            last = date.max if received == NEVER else local_day(received)
            stopped |= self.calendar.span(local_day(notices[0]), last)
        more, most = 0, 15 if self.item["joint"] == "yes" else 10
        for fact in self.all("special_started"):
            special = fact["special"]
            if special["kind"] == "A" and special.get("approver") and special.get("ground") and not more:
                more = min(special["granted"], most)
        ended = self.ended()
        if self.item["promise"] and local_day(self.until) not in stopped:
            promise = working_days(self.item["promise"]) + more
            warning = self.calendar.due(start, promise - 1, stopped)
            self.light_if_open("OD-04", "-", [("warning", warning)], ended)
        for rule, card, limit in (("OD-05", "yellow", "promise"), ("OD-06", "red", "statutory")):
            if not self.item[limit]:
                continue
            due = self.calendar.due(start, working_days(self.item[limit]) + more, stopped)
            if due < min(ended, self.until):
                self.light(rule, "-", card, due)

    def open_stages(self):
        """OD-07."""
        stopped = self.special_days()
        for place, fact in enumerate(self.facts):
            if fact["activity"] != "stage_started" or fact["stage"] not in self.stages:
                continue
            later = self.facts[place:]
            if any(one["activity"] == "stage_completed" and one["stage"] == fact["stage"] for one in later):
                continue
            limit = working_days(self.stages[fact["stage"]]["limit"])
            marks = [
                ("warning", self.calendar.due(fact["at"], limit - 1, stopped)),
                ("yellow", self.calendar.due(fact["at"], limit, stopped)),
            ]
            self.light_if_open("OD-07", self.record(fact), marks, NEVER)

    def special_limits(self):
        """OD-08: a warning ends with the procedure, a card stays."""
        broken_off = self.when("withdrawn")
        if self.outcome in BROKEN_OFF:
            broken_off = min(broken_off, self.closing["at"])
        ends = {fact["special"]["no"]: fact["at"] for fact in self.all("special_ended")}
        for fact in self.all("special_started"):
            special = fact["special"]
            if special["kind"] != "B" or special["granted"] == 0:
                continue
            ended = min(ends.get(special["no"], NEVER), broken_off)
            shown = None
            for card, days in (("warning", -3), ("yellow", 0), ("red", 1)):
                mark = self.calendar.due(fact["at"], special["granted"] + days)
                stays = card != "warning" or ended == NEVER
                if mark < min(self.until, ended) and stays:
                    shown = (card, mark)
            if shown:
                self.light("OD-08", self.record(fact), *shown)

    def delivery(self):
        """OD-12."""
        if self.outcome in ("granted", "certified"):
            closed = self.closing["at"]
            marks = [("warning", self.calendar.due(closed, 8)), ("red", self.calendar.due(closed, 10))]
            self.light_if_open("OD-12", "-", marks, self.when("delivered"))

    # Money.

    def ledger(self):
        """FE-01, FE-03, FE-04, FE-07: each entry in turn opens, keeps or ends a state."""
        begun, entries = {}, []
        for fact in self.all("fee"):
            entries.append(fact)
            held = self.states(entries)
            begun = {state: begun.get(state, fact) for state in held}
        for (rule, key), fact in begun.items():
            self.light(rule, f"{key}@{self.record(fact)}", "red", fact["at"])

    def states(self, entries):
        voided = {fact["fee"].get("receipt") for fact in entries if fact["fee"]["act"] == "revoked"}
        once = {}
        for place, fact in enumerate(entries):
            fee = fact["fee"]
            if fee["act"] in ("charged", "refunded") and fee.get("receipt") not in voided:
                once.setdefault((fee["act"], fee["code"], fee.get("receipt") or place), fact)
        net, charges, periods = Counter(), defaultdict(list), Counter()
        for (act, code, _), fact in once.items():
            sign = 1 if act == "charged" else -1
            net[code] += sign * fen(fact["fee"]["amount"])
            periods[(code, fact["fee"].get("period", ""))] += sign
            if act == "charged":
                charges[code].append(fact)
        if self.item["charges"] != "yes":
            return {("FE-01", "-")} if sum(net.values()) > 0 else set()
        held = {("FE-07", f"{code},{period}") for (code, period), count in periods.items() if count > 1}
        for code, amount in net.items():
            tariff = self.tariffs.get(code)
            if amount > 0 and not (tariff and all(holds_on(tariff, local_day(one["at"])) for one in charges[code])):
                held.add(("FE-03", code))
            if tariff and charges[code]:
                quantity = int(charges[code][0]["fee"].get("quantity", 1))
                if amount > fen(tariff["max"]) * quantity:
                    held.add(("FE-04", code))
        return held

    # Process.

    def path(self):
        """PS-01, PS-03."""
        steps = self.all("stage_completed")
        if self.closing and self.outcome not in BROKEN_OFF:
            closed = self.closing["at"]
            visited = {fact["stage"] for fact in steps if fact["at"] <= closed}
            for code, stage in self.stages.items():
                if stage["required"] == "yes" and code not in visited:
                    self.light("PS-01", code, "red", closed)
        met = set()
        for before, after in zip(steps, steps[1:]):
            edge = (before["stage"], after["stage"])
            stage = self.stages.get(before["stage"], {"next": "", "returns": ""})
            if edge[1] not in stage["next"].split(";") + stage["returns"].split(";") and edge not in met:
                met.add(edge)
                self.light("PS-03", ">".join(edge), "red", after["at"])

    def closed_unaccepted(self):
        """PS-04."""
        if self.closing and self.outcome not in BROKEN_OFF:
            closed = self.closing["at"]
            known_for = self.until - max(closed, self.closing["arrived"])
            if self.when("accepted") > closed and known_for > timedelta(hours=24):
                self.light("PS-04", self.record(self.closing), "red", closed)

    def persons(self):
        """PS-07."""
        if self.told("case_type") == "instant":
            return
        roles, cards = defaultdict(set), {}
        for fact in self.all("stage_completed"):
            mine = roles[fact["officer"]]
            if fact["stage"] in ("handle", "review", "approve") and fact["stage"] not in mine:
                mine.add(fact["stage"])
                if len(mine) > 1:
                    cards[fact["officer"]] = ("yellow" if len(mine) == 2 else "red", fact["at"])
        for officer, card in cards.items():
            self.light("PS-07", officer, *card)

    def reasons(self):
        """PS-11."""
        for fact in self.facts:
            refusal = fact["activity"] == "not_accepted" or fact.get("outcome") == "refused"
            if refusal and not fact.get("reason"):
                self.light("PS-11", self.record(fact), "red", fact["at"])


    # Data.

    def warn(self, rule, fact, since=None):
        self.light(rule, self.record(fact), "warning", since or fact["at"])

    def item_at_fault(self, start):
        """DQ-05, DQ-06: `start` is the acceptance, by an office or by silence."""
        if not self.item:
            rule = "DQ-05"
            start = min(start, self.when("accepted", "stage_started", "stage_completed", "fee", "closed"))
        elif not (self.item["promise"] and self.item["statutory"]):
            rule = "DQ-06"
        else:
            return
        if start != NEVER:
            self.light(rule, "-", "warning", start)

    def facts_at_fault(self):
        """DQ-03, DQ-04, DQ-07, DQ-08, DQ-09, DQ-10: each fact against the catalogue and against those before it."""
        offices, counties, known = defaultdict(set), set(), {}
        for fact in self.facts:
            if fact["activity"] not in KNOWN_ACTIVITIES:
                self.warn("DQ-03", fact)
            if fact["unmapped"]:
                self.warn("DQ-04", fact)
            if fact["activity"] == "stage_started" and self.item:
                if not self.stages.get(fact["stage"], {}).get("limit"):
                    self.warn("DQ-07", fact)
            said_by = offices[fact["source"], fact["id"]]
            office = (fact["level"], fact["region"], fact["dept"])
            if said_by - {office}:
                self.warn("DQ-08", fact)
            said_by.add(office)
            county = fact["region"][:6]
            if fact["activity"] in ("submitted", "accepted") and not county.endswith("00"):
                if counties - {county}:
                    self.warn("DQ-09", fact)
                counties.add(county)
            told = {name: fact[name] for name in CASE_FACTS if name in fact}
            if any(known.get(name, value) != value for name, value in told.items()):
                self.warn("DQ-10", fact)
            known.update(told)

    def records_at_fault(self):
        """DQ-01, DQ-02, DQ-11: what came of each record, and when."""
        for fact in self.facts:
            if fact["rivalled"]:
                self.warn("DQ-01", fact)
            if fact["at"] - fact["received"] > SKEW:
                self.warn("DQ-11", fact, fact["received"])
        for record in self.plan["deleted"]:
            again = record["again"]
            if record["final"] and again and again["version"] > record["version"]:
                received = datetime.fromisoformat(again["received"])
                if received > datetime.fromisoformat(record["deleted"]):
                    self.warn("DQ-02", {"id": record["id"]}, received)


def work_out(path, calendar, catalogue, sources):
    """All lights of the plans in path, and how many cases were meant for which rule."""
    rows, meant = [], Counter()
    with path.open(encoding="utf-8") as file:
        until = datetime.fromisoformat(json.loads(next(file))["until"])
        for line in file:
            plan = json.loads(line)
            rows += Case(plan, calendar, catalogue, sources, until).lights()
            if plan["script"]:
                meant[plan["script"]["rule"], plan["script"]["aim"]] += 1
    return rows, meant


def read_truth(path):
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        assert header == "case,rule,instance,card,light,since,level,region,dept".split(","), header
        return [tuple(row) for row in reader]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plans", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--config", type=Path, default=Path(__file__).resolve().parent.parent / "config")
    args = parser.parse_args()
    calendar = Calendar(args.config / "calendars" / "cn")
    catalogue = Catalogue(args.config / "catalogue")
    sources = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in args.config.glob("sources/*.toml")}
    ours, meant = work_out(args.plans, calendar, catalogue, sources)
    theirs = read_truth(args.truth)
    standing = Counter(row[1] for row in ours)
    print(f"{'rule':8}{'broken':>8}{'nearly':>8}{'lights':>8}")
    for rule in sorted({rule for rule, _ in meant} | set(standing)):
        print(f"{rule:8}{meant[rule, 'breach']:8}{meant[rule, 'near_miss']:8}{standing[rule]:8}")
    ours, theirs = Counter(ours), Counter(theirs)
    missing, extra = sorted((ours - theirs).elements()), sorted((theirs - ours).elements())
    for what, rows in (("missing from the truth", missing), ("wrongly in the truth", extra)):
        for row in rows[:SHOWN]:
            print(f"{what}: {' '.join(row)}")
        if len(rows) > SHOWN:
            print(f"{what}: {len(rows) - SHOWN} more")
    print(f"{sum(ours.values())} lights worked out, {sum(theirs.values())} in the truth, "
          f"{len(missing) + len(extra)} differences")
    return 1 if missing or extra else 0


if __name__ == "__main__":
    sys.exit(main())
