"""The proof of a finding, in the form of the export; and which lights a case has at an instant."""

from .conditions import Reckoning, Scope
from .counting import span_text
from .history import View
from .kinds import (
    CARDS,
    Found,
    at,
    clock_of,
    counted_at,
    deemed_of,
    ended,
    fee_scope,
    grants_of,
    judge_rule,
    limit_of,
    mark_of,
    path,
)
from .times import date_of, format_instant


class Light:
    """A light that stands, with what is needed to prove it."""

    def __init__(self, case, rule, found, span):
        self.case, self.rule, self.found, self.span = case, rule, found, span

    def explained(self):
        """(proof, warnings, evidence); None where the finding is no longer made."""
        return self.case.explained(self)

    def key(self):
        return self.rule["id"], self.found.instance


class Case:
    """A case as known at an instant, judged."""

    def __init__(self, number, known, config, now, silences=None):
        """`silences` tells, by office and source, when each was silent: (first silent instant, from when on that counts,
        first instant at which it spoke again, or None)."""
        self.number, self.known, self.config, self.now = number, known, config, now
        self.view = View(number, known, config)
        self.owner = self.view.owner
        self.rules = [config.rules[index] for index in self.view.profile["rules"]] if self.owner else []
        self.deemed = self._deemed()
        self.silent_since = self._silent_since(silences or {})

    def _silent_since(self, silences):
        """The first instant at which the source through which the owner first spoke was silent, while it is."""
        sources = [fact.event["source"] for fact in self.view.facts if fact.address == self.owner]
        spells = silences.get((self.owner, sources[0]), []) if sources else []
        return next((since for since, begin, end in spells if begin <= self.now and (end is None or self.now < end)), None)

    def waited(self, span):
        """Does the card rest on what the silent source may not have said?"""
        return self.silent_since is not None and span.absent and span.begin >= self.silent_since

    def waits(self, span):
        return self.waited(span) and self.now < span.begin + self.config.hold_ms

    def _deemed(self):
        """The facts that the law makes of silence, by the instant from which each is in force."""
        found = []
        for rule in self.rules:
            if rule["kind"] == "deadline" and rule["deadline"]["deems"] is not None:
                found += [one for one in [deemed_of(self.view, rule)] if one]
        return sorted(found, key=lambda one: one[3])

    def _with_deemed(self, deemed):
        return View(self.number, self.known, self.config, [one[:3] for one in deemed])

    def _blind(self, rule):
        return rule["kind"] == "deadline" and rule["deadline"]["deems"] is not None

    def found(self, rule):
        """What a rule finds over all times: with each deemed fact from the instant on at which it is in force."""
        without = judge_rule(self.view, rule)
        if not self.deemed or self._blind(rule):
            return self.waived(rule, without)
        joined = {one.instance: one for one in _clipped(without, None, self.deemed[0][3])}
        for place, (*_, begin) in enumerate(self.deemed):
            until = self.deemed[place + 1][3] if place + 1 < len(self.deemed) else None
            for one in _clipped(judge_rule(self._with_deemed(self.deemed[: place + 1]), rule), begin, until):
                held = joined.get(one.instance)
                spans = held.spans + one.spans if held else one.spans
                joined[one.instance] = Found(one.instance, spans, one.why)
        return self.waived(rule, list(joined.values()))

    def waived(self, rule, found):
        """An upheld appeal holds an instance at none up to a card."""
        waivers = [fact.event.get("attrs", {}) for fact in self.view.facts if fact.activity == "waived"]
        kept = []
        for one in found:
            named = [w.get("card") for w in waivers if (w.get("rule"), w.get("instance")) == (rule["id"], one.instance)]
            most = max((CARDS.index(card) for card in named if card in CARDS), default=None)
            spans = [span for span in one.spans if most is None or CARDS.index(span.card) > most]
            if spans:
                kept.append(one._replace(spans=spans))
        return kept

    def lights(self, only=None):
        """The lights that stand, by (rule id, instance); of `only` one rule id where it is given."""
        standing = {}
        for rule in self.rules:
            if only is not None and rule["id"] != only:
                continue
            for found in self.found(rule):
                span = at([span for span in found.spans if not self.waits(span)], self.now)
                if span is None or span.card == "none":
                    continue
                light = Light(self, rule, found, span)
                held = standing.get(light.key())
                if held is None or CARDS.index(held.span.card) < CARDS.index(span.card):
                    standing[light.key()] = light
        return standing

    def explained(self, light):
        """(proof, warnings, evidence) of a light; None where the finding is no longer made."""
        rule = light.rule
        in_force = [one for one in self.deemed if one[3] <= self.now]
        view = self.view if self._blind(rule) or not in_force else self._with_deemed(in_force)
        found = [one for one in judge_rule(view, rule) if one.instance == light.found.instance]
        if not found:
            return None
        card = next(card for card in rule["cards"] if card["card"] == light.span.card)
        return proven(view, rule, card, found[0].why, self.now)


def proven(view, rule, card, why, now):
    """(proof, warnings, evidence) of a card that a rule gives for a reason."""
    if rule["kind"] == "count":
        why = why.key, hit_of(why, card, now)
    return _PROOFS[rule["kind"]](view, rule, card, why)


def _clipped(found, begin, until):
    kept = []
    for one in found:
        spans = []
        for span in one.spans:
            ends = [end for end in (span.until, until) if end is not None]
            end = min(ends) if ends else None
            start = span.begin if begin is None else max(span.begin, begin)
            if end is None or start < end:
                spans.append(span._replace(begin=start, until=end))
        if spans:
            kept.append(one._replace(spans=spans))
    return kept


def cited(fact):
    """A record as a proof names it."""
    fields = [("stage", fact.stage), ("officer", fact.event.get("officer")), ("outcome", fact.outcome)]
    shown = [f"{name}={value}" for name, value in fields if value is not None]
    shown += ["deemed"] if fact.deemed else []
    shown += [f"case={fact.event['case']}"] if fact.member is not None else []
    cite = {"id": fact.event["id"], "activity": fact.activity, "at": format_instant(fact.at)}
    return {**cite, "fields": shown} if shown else cite


def evidence(fact):
    """The records that show a fact: its own, the other content of its version, the delete that bars it."""

    def of(event, version, sequence):
        shown = {"source": event["source"], "id": event["id"], "version": version}
        return shown if sequence is None else {**shown, "sequence": sequence}

    record = fact.record
    if fact.deemed:
        return [of(fact.event, 1, None)]
    shown = [of(fact.event, record.winner.version, record.sequence)]
    if record.rival:
        shown.append(of(record.rival.event, record.rival.version, record.rival.sequence))
    if record.deleted_by:
        delete = record.deleted_by
        shown.append(of(delete.event, delete.winner.version, delete.sequence))
    return shown


def _all_evidence(view, places):
    return [one for place in places for one in evidence(view.facts[place])]


def _without_none(fields):
    return {name: value for name, value in fields.items() if value is not None and value != []}


def _limit_text(limit):
    if limit is None:
        return ""
    return {"span": span_text, "date": lambda day: str(date_of(day)), "instant": format_instant}[limit[0]](limit[1])


def _deadline(view, rule, card, run):
    spec, reckoning = rule["deadline"], Reckoning(rule, view.config)
    scope = Scope(view, reckoning, len(view.facts))
    clock, grants = clock_of(scope, run), grants_of(run)
    limit = limit_of(scope, spec, card, run)
    due, acting = None, []
    if limit is not None:
        due, acting = clock.settle(limit, ("shift", (0, None)), grants)
    start = view.facts[run.start if run.start is not None else 0]
    node = card["limit"] if card["limit"] is not None else spec["limit"]
    source = node["text"] if node is not None else ""
    if view.item and ("item." in source or "stage_of" in source):
        source = f"{source} ({view.item['code']}@{view.item['version']})"
    marks = []
    for one in rule["cards"]:
        mark = mark_of(scope, spec, one, run)
        shown = {"card": one["card"], "mark": one["mark_text"], "limit": _limit_text(limit_of(scope, spec, one, run))}
        marks.append({**shown, "at": format_instant(mark[0])} if mark else shown)
    pauses = [
        _without_none(
            {
                "name": cut.name,
                "id": view.facts[cut.place].event["id"],
                "from": format_instant(cut.begin),
                "to": None if cut.end is None else format_instant(cut.end),
                "cap": None if cut.cap is None else span_text(cut.cap),
            }
        )
        for cut in run.pauses
    ]
    extensions = [
        {"id": view.facts[place].event["id"], "at": format_instant(moment), "by": span_text(by)}
        for place, moment, by in run.extensions
        if (moment, by) in acting
    ]
    days = clock.ledger(limit[1], grants, due[0]) if limit is not None and limit[0] == "span" and due else []
    words = {"date": "date", "instant": "instant"}
    proof = {
        "kind": "deadline",
        "counting": words.get(limit[0] if limit else "", rule["counting"]),
        "calendar": reckoning.calendar.name,
        "zone": reckoning.calendar.zone.name,
        "start": cited(start),
        "counted_from": None if clock.start == start.at else format_instant(clock.start),
        "stop": cited(view.facts[run.stop[0]]) if run.stop and run.stop[0] is not None else None,
        "limit": _limit_text(limit),
        "limit_from": source,
        "due": None if due is None else format_instant(due[0]),
        "pauses": pauses,
        "extensions": extensions,
        "days": days,
    }
    places = [run.start] if run.start is not None else []
    places += [cut.place for cut in run.pauses] + [place for place, *_ in run.extensions]
    places += [run.stop[0]] if run.stop and run.stop[0] is not None else []
    uncovered = limit is not None and clock.uncovered(limit, due[0] if due else None)
    return {**_without_none(proof), "marks": marks}, ["calendar_uncovered"] * uncovered, _all_evidence(view, places)


def _workflow(view, rule, card, why):
    spec, reckoning = rule["workflow"], Reckoning(rule, view.config)
    place, what = why
    steps = path(Scope(view, reckoning, len(view.facts)), spec)
    proof = {
        "kind": "workflow",
        "graph": f"{view.item['code']}@{view.item['version']}",
        "required": [stage["code"] for stage in view.item["stages"] if stage["required"]],
        "path": [cited(view.facts[step.place]) for step in steps],
        "at": cited(view.facts[place]),
    }
    if "missing" in what:
        proof["missing"] = [what["missing"]]
    if "edge" in what:
        proof["edge"] = what["edge"]
    return proof, [], _all_evidence(view, [place])


def _grounds(scope, grounds):
    """The grounds that hold, and what their names stood for."""
    leaves, holding = [], []
    for ground in grounds:
        if scope.holds(ground):
            scope.but(leaves=leaves).holds(ground)
            holding.append(ground["text"])
    proof = {"expression": " ; ".join(holding), "leaves": leaves}
    return proof if scope.event is None else {**proof, "event": cited(scope.view.facts[scope.event])}


def _fee(view, rule, card, why):
    spec, reckoning = rule["fee"], Reckoning(rule, view.config)
    key, begin = why
    scope = fee_scope(view, reckoning, spec, key, begin)
    ledger, group, _ = scope.ledger
    lines = [
        _without_none(
            {
                "id": entry.fact.event["id"],
                "act": entry.act,
                "at": format_instant(entry.at),
                "code": entry.code,
                "fen": entry.signed(),
                "left_out": entry.left_out,
            }
        )
        for entry in group
    ]
    proof = {
        "kind": "fee",
        "line": ",".join(f"{name}={value or ''}" for name, value in key),
        "ledger": lines,
        "net": ledger.net(group),
        "condition": _grounds(scope, spec["grounds"]),
    }
    code = dict(key).get("code")
    rows = [row for row in view.item["fees"] if row["code"] == code] if view.item and code is not None else []
    if rows:
        bounds = {name: ledger.tariff(view.item, code, group, name) for name in ("min", "max")}
        charged = ledger.counting(group, "charged", "total")
        proof["tariff"] = _without_none(
            {
                "code": code,
                **{name: None if bound is None else bound[1] for name, bound in bounds.items()},
                "quantity": "+".join(_quantity(entry.quantity) for entry in charged),
                "basis": rows[0]["basis"] or None,
            }
        )
    history = view.upto(begin)
    places = [place for place in range(history) if "fee" in view.facts[place].event]
    return proof, [], _all_evidence(view, places)


def _quantity(value):
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _condition(view, rule, card, why):
    spec, reckoning = rule["condition"], Reckoning(rule, view.config)
    what, seen, place = why
    if what == "event":
        scope = Scope(seen, reckoning, len(seen.facts)).on_event(place)
        places = [place]
    else:
        scope = Scope(seen, reckoning, seen.upto(place))
        places = [index for index, fact in enumerate(seen.facts) if fact.at == place]
    return {"kind": "condition", **_grounds(scope, spec["grounds"])}, [], _all_evidence(seen, places)


def _separation(view, rule, card, why):
    person, acts = why
    shown = [[rule["separation"]["acts"][act]["text"], cited(view.facts[place])] for act, place in acts]
    places = [place for _, place in acts]
    return {"kind": "separation", "person": person, "acts": shown}, [], _all_evidence(view, places)


def _requires(view, rule, card, why):
    spec, reckoning = rule["requires"], Reckoning(rule, view.config)
    place, lacking = why
    scope = Scope(view, reckoning, len(view.facts))
    missing = []
    for index in lacking:
        nearest = scope.places(spec["before"][index])
        missing.append([spec["before"][index]["text"], cited(view.facts[nearest[0]]) if nearest else None])
    proof = {"kind": "requires", "event": cited(view.facts[place]), "missing": missing}
    return proof, [], _all_evidence(view, [place])


def _forbids(view, rule, card, why):
    spec, (event, earlier) = rule["forbids"], why
    proof = {
        "kind": "forbids",
        "event": cited(view.facts[event]),
        "earlier": cited(view.facts[earlier]),
        "within": spec["within"],
        "later_than": spec["later_than"],
        "unless": spec["unless"] and spec["unless"]["text"],
    }
    return _without_none(proof), [], _all_evidence(view, [earlier, event])


def hit_of(tally, card, now):
    """The event that brought the card that holds."""
    hits = [hit for hit in tally.hits if hit[0] == card["card"]]
    known = [hit for hit in hits if hit[1] <= now]
    return (known[-1] if known else (hits or tally.hits)[0])[2]


def _count(view, rule, card, why):
    spec, (key, event) = rule["count"], why
    scope = Scope(view, Reckoning(rule, view.config), len(view.facts))
    places = counted_at(scope, spec, key, event)
    proof = {
        "kind": "count",
        "key": key,
        "bound": spec["max"] if spec["max"] is not None else spec["min"],
        "within": spec["within"],
        "at": cited(view.facts[event]) if spec["min"] is not None else None,
    }
    proof = {**_without_none(proof), "counted": [cited(view.facts[place]) for place in places]}
    return proof, [], _all_evidence(view, [place for place in places if place != event] + [event])


_PROOFS = {
    "deadline": _deadline,
    "workflow": _workflow,
    "fee": _fee,
    "condition": _condition,
    "separation": _separation,
    "requires": _requires,
    "forbids": _forbids,
    "count": _count,
}
