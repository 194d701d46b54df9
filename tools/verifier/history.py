"""What is known of a case at an instant: the version of each record that holds, and what the facts say of the case."""

import hashlib
import json
import re
from collections import namedtuple

from .times import DAY, day_number, is_day, parse_instant

FINAL = 2**32 - 1
_LEVELS = ("province", "city", "county", "township")
_ASIDE = frozenset(
    "card_issued card_feedback card_supervised card_revoked waived complaint complaint_decided complaint_closed "
    "consulted consult_answered rated".split()
)

# One line of facts.ndjson. `raw` is the fact's own text, `line` its place in the file.
Sent = namedtuple("Sent", "enters sequence fact raw line")


def keys_of(attrs, key):
    """The attributes that a declared name reads: itself, or for `name_*` the numbered ones in order."""
    if not key.endswith("*"):
        return [key] if key in attrs else []
    begin = key[:-1]
    numbered = [one for one in attrs if one.startswith(begin) and one[len(begin) :].isascii() and one[len(begin) :].isdigit()]
    return sorted(numbered, key=lambda one: (int(one[len(begin) :]), one))


class Digits(str):
    """A number of a fact, as it is written: no digit is lost."""


def read_fact(text, line):
    """One line of facts.ndjson."""
    data = json.loads(text, parse_float=Digits)
    raw = text[text.index('"fact":') + 7 : text.rindex("}")]
    return Sent(parse_instant(data["enters"]), data["sequence"], data["fact"], raw, line)


class Content:
    """One version of a record with one content, however often it was sent."""

    def __init__(self, sent):
        self.sent, self.event = sent, sent.fact
        self.delete = self.event.get("op") == "delete"
        self.version = self.event.get("version", FINAL if self.delete else 1)
        self.raw = re.sub(r'"arrived":"[^"]*",', "", sent.raw, count=1) if "arrived" in self.event else sent.raw
        self.arrived = parse_instant(self.event["arrived"]) if "arrived" in self.event else None
        self.sequence = sent.sequence

    def rank(self):
        """The greater of two versions wins: by version, delete before put, hash of the content."""
        return self.version, self.delete, hashlib.sha256(self.raw.encode()).digest()


def _least(values):
    known = [value for value in values if value is not None]
    return min(known) if known else None


class Record:
    """The winner of one record, with what the losers still tell."""

    def __init__(self, contents, zone):
        contents.sort(key=Content.rank)
        self.winner = winner = contents[-1]
        self.event, self.arrived, self.sequence = winner.event, winner.arrived, winner.sequence
        self.first_arrived = _least(content.arrived for content in contents)
        rivals = [one for one in contents[:-1] if (one.version, one.delete) == (winner.version, winner.delete)]
        self.rival = rivals[-1] if rivals else None
        at = self.event.get("at", "1970-01-01T00:00:00Z")
        self.is_day = is_day(at)
        self.at = zone.start_of(day_number(at)) if self.is_day else parse_instant(at)
        # Of a record deleted for good: the delete, and the greatest put that it bars.
        self.deleted_by, self.barred = None, None
        if winner.delete:
            puts = [one for one in contents if not one.delete]
            if puts and winner.version == FINAL:
                self.barred = Record(puts, zone)
                self.barred.first_arrived, self.barred.deleted_by = None, self

    def order(self):
        event = self.event
        seq = event.get("seq")
        return self.at, event["source"], (seq is not None, seq or 0), event["id"], address_order(event)


def address_order(event):
    return _LEVELS.index(event["level"]), region_number(event["region"]), event["dept"]


def region_number(region):
    return int(region.ljust(12, "0"))


def region_text(number):
    """Six digits where they suffice, else nine or twelve."""
    text = f"{number:012d}"
    for digits in (6, 9):
        if set(text[digits:]) <= {"0"}:
            return text[:digits]
    return text


class Known:
    """The records of a case as known at an instant: in force, dated beyond the clock, deleted for good."""

    def __init__(self, sent, when, zone):
        by_record = {}
        for one in sent:
            if one.enters <= when:
                fact = one.fact
                key = (fact["level"], fact["region"], fact["dept"], fact["source"], fact["id"])
                contents = by_record.setdefault(key, {})
                content = Content(one)
                held = contents.setdefault((content.version, content.delete, content.raw), content)
                held.arrived = _least((held.arrived, content.arrived))
                held.sequence = _least((held.sequence, content.sequence))
        records = [Record(list(contents.values()), zone) for contents in by_record.values()]
        standing = sorted((record for record in records if not record.winner.delete), key=Record.order)
        self.reached = [record for record in standing if record.at <= when]
        self.held = [record for record in standing if record.at > when]
        self.deleted = [record.barred for record in records if record.barred]


class Fact:
    """A fact as rules see it: its codes mapped."""

    def __init__(self, record, config, zone, standing="in force"):
        self.record, self.event, self.at = record, record.event, record.at
        self.map = config.sources.get(self.event["source"])
        midnight = self.map and self.map["midnight_is_day"] and zone.local(self.at) % DAY == 0
        self.is_day = record.is_day or bool(midnight)
        self.arrived, self.received, self.sequence = record.first_arrived, record.arrived, record.sequence
        self.deemed, self.standing, self.differs = False, standing, []
        # In a group: the place of its case among the members.
        self.member = None
        self.activity = self.event.get("activity", "")

    def mapped(self, field, table):
        raw = self.event.get(field)
        return raw if raw is None or self.map is None else self.map[table].get(raw, raw)

    @property
    def outcome(self):
        return self.mapped("outcome", "outcomes")

    @property
    def stage(self):
        return self.mapped("stage", "stages")

    @property
    def case_type(self):
        return self.mapped("case_type", "case_types")

    def unmapped(self):
        for field, table in (("case_type", "case_types"), ("stage", "stages"), ("outcome", "outcomes")):
            code = self.event.get(field)
            if self.map and code is not None and self.map[table] and code not in self.map[table]:
                yield f"{field} {code}"

    @property
    def address(self):
        return self.event["level"], self.event["region"], self.event["dept"]

    def text(self):
        level, region, dept = self.address
        return f"{level}.{region}.{dept}/{self.event['source']}/{self.event['id']}"


class _Deemed:
    """What stands in for the record of a fact that the law makes of silence."""

    def __init__(self, event, at, day):
        self.event, self.at, self.is_day = event, at, day
        self.first_arrived = self.arrived = self.sequence = self.rival = self.deleted_by = None


def _owner(records):
    for wanted in ("accepted", "submitted", None):
        for record in records:
            if wanted in (None, record.event.get("activity")):
                return record.event["level"], record.event["region"], record.event["dept"]
    return None


class View:
    """A case made ready for judgement."""

    # Of a group: the views of its cases, and how far back an event is seen.
    members, window = (), None

    def __init__(self, case, known, config, deemed=()):
        self.id, self.config = case, config
        deleted = sorted(known.deleted, key=lambda one: (one.at, one.event["id"], address_order(one.event)))
        self.owner = _owner(known.reached) or _owner(known.held)
        if self.owner is None and deleted:
            first = deleted[0].event
            self.owner = (first["level"], first["region"], first["dept"])
        if self.owner is None:
            self.facts = []
            return
        self.profile = config.profile(self.owner[1])
        self.zone = self.profile["zone_table"]
        self.facts = [Fact(record, config, self.zone) for record in known.reached]
        for event, at, day in deemed:
            fact = Fact(_Deemed(event, at, day), config, self.zone)
            fact.is_day, fact.deemed = day, True
            self.facts.insert(sum(other.at <= at for other in self.facts), fact)
        self.aside = [Fact(record, config, self.zone, "held") for record in known.held]
        self.aside += [Fact(record, config, self.zone, "deleted") for record in known.deleted]
        self.several_offices = len({fact.address for fact in self.facts}) > 1
        self._case_facts()
        day = self.accepted_on if self.accepted_on is not None else self.first_on
        self.item = config.find_item(self.case.get("item"), self.case.get("item_version"), day)

    def with_aside(self, aside):
        """The view in which a fact that is not in force stands among the others, and its place there."""
        view = object.__new__(View)
        view.__dict__.update(self.__dict__)
        fact = self.aside[aside]
        place = sum(other.at <= fact.at for other in self.facts)
        view.facts = [*self.facts[:place], fact, *self.facts[place:]]
        view.aside, view.several_offices = [], True
        return view, place

    def _case_facts(self):
        self.case, self.open = {}, True
        self.accepted_on = self.submitted_on = None
        telling = [fact for fact in self.facts if fact.activity not in _ASIDE] or self.facts
        self.first_on = self.zone.day(telling[0].at) if telling else None
        for fact in self.facts:
            if fact.activity == "accepted" and self.accepted_on is None:
                self.accepted_on = self.zone.day(fact.at)
            elif fact.activity == "submitted" and self.submitted_on is None:
                self.submitted_on = self.zone.day(fact.at)
            elif fact.activity in ("closed", "withdrawn", "not_accepted"):
                self.open = False
            elif fact.activity == "reopened":
                self.open = True
            if fact.activity in _ASIDE:
                continue
            fact.differs = []
            for name in ("item", "item_version", "case_type", "linked_case", "promise_date", "reported_limit"):
                value = fact.case_type if name == "case_type" else fact.event.get(name)
                if value is not None:
                    if self.case.get(name) not in (None, value):
                        fact.differs.append(name)
                    self.case[name] = value

    def last_with(self, key):
        """The last event that tells a declared attribute."""
        for fact in reversed(self.facts):
            if fact.activity not in _ASIDE and keys_of(fact.event.get("attrs", {}), key):
                return fact.event
        return None

    def case_of(self, place):
        """The case of a fact: in a group one of its members."""
        return self.members[self.facts[place].member] if self.members else self

    def record_text(self, place):
        """The record of a fact in instances; in a group its case stands before it."""
        text = self.facts[place].text()
        return f"{self.case_of(place).id}/{text}" if self.members else text

    def upto(self, instant):
        return sum(fact.at <= instant for fact in self.facts)

    def instants(self):
        return sorted({fact.at for fact in self.facts})
