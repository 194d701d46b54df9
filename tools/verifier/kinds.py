"""What each kind of rule finds in a case: instances, each with the spans of its cards over time.

A span is a card that holds on [from, until) of the supervision clock, with the legal instant `since`.
"""

from collections import namedtuple

from . import Unchecked
from .conditions import Reckoning, Scope, text_of
from .counting import parse_mark, parse_span
from .ledger import Ledger
from .times import day_number, is_day, parse_instant

CARDS = ("none", "warning", "yellow", "red")

Span = namedtuple("Span", "card light since begin until held absent", defaults=(False,))
Found = namedtuple("Found", "instance spans why")
# Of a deadline: the place of the start, from when it counts, how it ended, what stopped and lengthened it.
Run = namedtuple("Run", "start moment day stop cancel pauses extensions")
# A pause as it acts.
Cut = namedtuple("Cut", "name place cap begin end ground")


def at(spans, now):
    """The worst card that holds at `now`; of equal ones the one that held first."""
    holding = [span for span in spans if span.begin <= now and (span.until is None or now < span.until)]
    return max(holding, key=lambda span: (CARDS.index(span.card), -span.since)) if holding else None


def judge_rule(view, rule):
    """What one rule finds in a view."""
    if not rule["on"] or not applies(view, rule, Reckoning(rule, view.config)):
        return []
    return judge_kind(view, rule)


def judge_kind(view, rule):
    """What one rule finds in a view to which it applies."""
    return _KINDS[rule["kind"]](view, rule, rule[rule["kind"]], Reckoning(rule, view.config))


def applies(view, rule, reckoning):
    force, scope = rule["in_force"], rule["applies_to"]
    day = {"accepted": view.accepted_on, "submitted": view.submitted_on, "first": None}[force["by"]]
    day = view.first_on if day is None else day
    if day is not None:
        if force["from"] is not None and day < day_number(force["from"]):
            return False
        if force["until"] is not None and day >= day_number(force["until"]):
            return False
    level, region, dept = view.owner
    item, kind = view.case.get("item"), view.item["item_type"] if view.item else None
    fits = [
        (scope["levels"], level, lambda one: one == level),
        (scope["regions"], region, lambda one: region.ljust(12, "0").startswith(one)),
        (scope["depts"], dept, dept.startswith),
        (scope["items"], item, lambda one: _glob(one, item)),
        (scope["item_types"], kind, lambda one: one == kind),
        (scope["case_types"], view.case.get("case_type"), lambda one: one == view.case.get("case_type")),
    ]
    for wanted, value, test in fits:
        if wanted and (value is None or not any(test(one) for one in wanted)):
            return False
    return Scope(view, reckoning, len(view.facts)).allows(scope["where"])


def _glob(glob, code):
    if glob == "*":
        return True
    if glob.startswith("*") and glob.endswith("*"):
        return glob.strip("*") in code
    if glob.startswith("*"):
        return code.endswith(glob[1:])
    return code.startswith(glob[:-1]) if glob.endswith("*") else code == glob


def chosen(places, each):
    return {"every": places, "first": places[:1], "last": places[-1:]}[each]


def _span(card, since, begin, until):
    return Span(card["card"], card["light"], since, begin, until, card["held"])


def _cards(rule):
    return [card for card in rule["cards"] if card["card"] != "none"]


def not_after(a, b, lenient=False):
    """Is `a` at or before `b`? Within one instant the source's own order decides, where there is one."""
    if a.at != b.at:
        return a.at < b.at
    seqs = a.event.get("seq"), b.event.get("seq")
    if lenient or a.event["source"] != b.event["source"] or None in seqs:
        return True
    return seqs[0] <= seqs[1]


def _event_span(rule, scope, card, since, place):
    """The span of one card about an event, if it applies."""
    if not scope.allows(card["when"]):
        return None
    fact = scope.view.facts[place]
    begin = since
    if rule["grace"] is not None:
        seen = fact.at if fact.arrived is None else max(fact.arrived, fact.at)
        begin = scope.reckoning.after_grace(seen, parse_span(rule["grace"]))
    legal, shown = since, begin
    if card["from"] is not None:
        told = scope.value(card["from"])
        if told is None or told[0] != "instant":
            return None
        legal = told[1]
        shown = max(begin, legal) if rule["grace"] is not None else legal
    until = None
    if isinstance(card["clears"], dict):
        until = _healed(scope, card["clears"], fact.at)
    return _span(card, legal, shown, until) if until is None or until > shown else None


def _on_event(rule, scope, instance, since, place, why):
    """A finding about an event."""
    spans = [_event_span(rule, scope, card, since, place) for card in _cards(rule)]
    spans = [span for span in spans if span is not None]
    return Found(instance, spans, why) if spans else None


def _healed(scope, node, begin):
    for instant in scope.view.instants():
        if instant >= begin and scope.but(history=scope.view.upto(instant)).holds(node):
            return instant
    return None


def _first_of_each(found):
    kept = {}
    for one in found:
        if one is not None:
            kept.setdefault(one.instance, one)
    return list(kept.values())


# -- deadlines -----------------------------------------------------------------------------------


def _deadline(view, rule, spec, reckoning):
    if any(fact.activity == "closed" and fact.outcome == "deleted" for fact in view.facts):
        return []
    scope = Scope(view, reckoning, len(view.facts))
    found = []
    for run in runs(scope, spec):
        instance = view.record_text(run.start) if spec["each"] == "every" and run.start is not None else "-"
        # What has not come may be on its way.
        absent = ended(run) is None
        spans = [span for card in _cards(rule) for span in _card_spans(scope, rule, spec, card, run)]
        spans = [span._replace(absent=absent) for span in spans]
        if spans:
            found.append(Found(instance, spans, run))
    return found


def in_run(scope, run):
    return scope.but(start=run.start, event=run.start, stop=run.stop[0] if run.stop else None)


def clock_of(scope, run):
    pauses = [(cut.begin, cut.end, cut.ground) for cut in run.pauses]
    return scope.reckoning.clock(run.moment, run.day, pauses)


def grants_of(run):
    return [(moment, by) for _, moment, by in run.extensions]


def limit_of(scope, spec, card, run):
    """('span' | 'date' | 'instant', value), or None."""
    node = card["limit"] if card["limit"] is not None else spec["limit"]
    value = in_run(scope, run).value(node) if node is not None else None
    return value if value is not None and value[0] in ("span", "date", "instant") else None


def mark_of(scope, spec, card, run):
    limit = limit_of(scope, spec, card, run)
    return None if limit is None else clock_of(scope, run).mark(limit, parse_mark(card["mark"]), grants_of(run))


def ended(run):
    ends = [end[1] for end in (run.stop, run.cancel) if end is not None]
    return min(ends) if ends else None


def _card_spans(scope, rule, spec, card, run):
    if not in_run(scope, run).allows(card["when"]):
        return []
    grace = rule["grace"]

    def late(begin):
        return begin if grace is None else scope.reckoning.after_grace(begin, parse_span(grace))

    end = ended(run)
    if spec["silent"]:
        due = mark_of(scope, spec, card, run)
        passed = due and run.stop and run.stop[1] >= due[1] and run.stop[1] == end
        return [_span(card, run.stop[1], late(run.stop[1]), None)] if passed else []
    if card["clears"] == "never":
        due = mark_of(scope, spec, card, run)
        passed = due and (end is None or end >= due[1])
        return [_span(card, due[0], late(due[1]), None)] if passed else []
    spans = []
    for due, next_one in _stretches(scope, spec, card, run):
        begin = late(due[1])
        if isinstance(card["clears"], dict):
            until = _healed(in_run(scope, run), card["clears"], begin)
        else:
            known = [one for one in (end, next_one) if one is not None]
            until = min(known) if known else None
        if (end is None or end >= due[1]) and (until is None or begin < until):
            spans.append(_span(card, due[0], begin, until))
    if card["card"] == "warning":
        for cut in run.pauses:
            spans = [part for span in spans for part in _without(span, cut.begin, cut.end)]
    return spans


def _stretches(scope, spec, card, run):
    """The stretches in which a mark has passed: each extension starts a new one."""
    limit = limit_of(scope, spec, card, run)
    if limit is None:
        return
    clock, grants, mark = clock_of(scope, run), grants_of(run), parse_mark(card["mark"])
    for granted in range(len(grants) + 1):
        longer = limit
        for _, by in grants[:granted]:
            if longer is None or longer[0] != "span" or longer[1][1] != by[1]:
                longer = None
                break
            longer = ("span", (longer[1][0] + by[0], by[1]))
        if longer is None:
            continue
        following = grants[granted][0] if granted < len(grants) else None
        due = clock.mark(longer, mark)
        if due is not None and (following is None or due[1] < following):
            yield due, following


def _without(span, begin, end):
    """The parts of a span outside a pause."""
    if not ((span.until is None or begin < span.until) and (end is None or span.begin < end)):
        return [span]
    parts = []
    if span.begin < begin:
        parts.append(span._replace(until=begin))
    if end is not None and (span.until is None or end < span.until):
        parts.append(span._replace(begin=end))
    return parts


def runs(scope, spec):
    """Every run of the clock."""
    view, start = scope.view, spec["start"]
    if start == "case":
        first = view.facts[:1]
        starts = [(None, fact.at, fact.is_day) for fact in first]
    elif "instant" in start:
        value = scope.value(start["instant"])
        starts = [(None, value[1], False)] if value and value[0] == "instant" else []
        if value and value[0] == "date":
            starts = [(None, view.zone.start_of(value[1]), True)]
    else:
        places = [
            place
            for place in scope.places(start["events"])
            if scope.on_event(place).but(start=place).allows(spec["where"])
        ]
        places = chosen(places, spec["each"])
        starts = [(place, view.facts[place].at, view.facts[place].is_day) for place in places]
    used, found = [], []
    for place, moment, day in starts:
        run = _run(scope, spec, place, moment, day, used)
        if run.stop and run.stop[0] is not None:
            used.append(run.stop[0])
        found.append(run)
    return found


def _end_of(scope, place):
    fact, calendar = scope.view.facts[place], scope.reckoning.calendar
    return place, calendar.opening(calendar.day(fact.at)) if fact.is_day else fact.at


def _run(scope, spec, start, moment, day, used):
    stops = []
    for stop in spec["stops"]:
        if "events" in stop:
            taken = used if spec["one_to_one"] else []
            place = _stop_event(scope, spec, stop["events"], start, moment, taken)
            if place is not None:
                stops.append(_end_of(scope, place))
        elif "instant" in stop:
            value = scope.value(stop["instant"])
            if value and value[0] == "instant":
                stops.append((None, value[1]))
            elif value and value[0] == "date":
                stops.append((None, scope.reckoning.calendar.opening(value[1])))
        else:
            for instant in scope.view.instants():
                seen = scope.but(history=scope.view.upto(instant), start=start)
                if instant >= moment and seen.holds(stop["when"]):
                    stops.append((None, instant))
                    break
    stop = min(stops, key=lambda one: one[1]) if stops else None
    cancel = None
    if spec["cancel"] is not None:
        place = _cancel_event(scope, spec, start, moment)
        cancel = None if place is None else _end_of(scope, place)
    pauses = [cut for pause in spec["pauses"] for cut in _pauses(scope, pause, moment)]
    extensions = [] if spec["extension"] is None else _extensions(scope, spec["extension"], moment)
    return Run(start, moment, day, stop, cancel, pauses, extensions)


def _counts_days(scope, spec, start):
    if spec["limit"] is None:
        return True
    limit = scope.but(start=start, event=start).value(spec["limit"])
    return limit is not None and (limit[0] == "date" or limit[0] == "span" and limit[1][1] in ("wd", "d", "mo"))


def _stop_event(scope, spec, events, start, moment, used):
    """The stop that serves a start; where days are counted, one of the start's day serves, too."""
    facts = scope.view.facts

    def paired(place):
        fields = spec["pair_by"] if start is not None else []
        return all(scope.event_field(place, field) == scope.event_field(start, field) for field in fields)

    places = [place for place in scope.places(events) if place != start and place not in used and paired(place)]
    if spec["start"] == "case":
        return _ends_first(scope, places)
    return _first_end(scope, spec, start, moment, places)


def _ends_first(scope, places):
    """The one that ends earliest: a fact that knows only its day stands first on it, and ends with the opening."""
    return min(places, key=lambda place: _end_of(scope, place)[1], default=None)


def _first_end(scope, spec, start, moment, places):
    facts, day = scope.view.facts, scope.reckoning.calendar.day

    def follows(place):
        return moment <= facts[place].at if start is None else not_after(facts[start], facts[place])

    same_day = [place for place in places if not follows(place) and day(facts[place].at) == day(moment)]
    after = [place for place in places if follows(place)]
    if not _counts_days(scope, spec, start):
        return _ends_first(scope, after)
    if spec["each"] == "every":
        return _ends_first(scope, after or same_day)
    return _ends_first(scope, same_day + after)


def _cancel_event(scope, spec, start, moment):
    def agrees(place):
        values = [(scope.event_field(place, field), field) for field in (spec["pair_by"] if start is not None else [])]
        return all(value is None or value == scope.event_field(start, field) for value, field in values)

    places = [place for place in scope.places(spec["cancel"]) if place != start and agrees(place)]
    return _first_end(scope, spec, start, moment, places)


def _pauses(scope, spec, moment):
    facts, calendar = scope.view.facts, scope.reckoning.calendar

    def key(place):
        return [scope.event_field(place, field) for field in spec["pair_by"]]

    ends = scope.places(spec["to"])
    begins = [place for place in scope.places(spec["from"]) if facts[place].at >= moment]
    cuts = []
    for begin in begins[: spec["max_times"]]:
        fitting = [end for end in ends if not_after(facts[begin], facts[end]) and end != begin and key(end) == key(begin)]
        end = fitting[0] if fitting else None
        if end is not None:
            ends.remove(end)
        cap = scope.but(start=begin, event=begin).value(spec["cap"]) if spec["cap"] is not None else None
        cap = cap[1] if cap is not None and cap[0] == "span" and cap[1][0] > 0 else None
        ground = facts[begin].event.get("special", {}).get("ground", spec["name"])
        first = _day_edge(calendar, facts[begin], calendar.opening)
        last = None if end is None else _day_edge(calendar, facts[end], calendar.closing)
        if cap is not None:
            granted = scope.reckoning.clock(first, False, [])
            granted.ends, granted.roll = None, True
            capped = granted.due(("span", cap))
            last = last if capped is None else capped[0] if last is None else min(last, capped[0])
        cuts.append(Cut(spec["name"], begin, cap, first, last, ground))
    return cuts


def _day_edge(calendar, fact, edge):
    return edge(calendar.day(fact.at)) if fact.is_day else fact.at


def _extensions(scope, spec, moment):
    at_most = scope.value(spec["at_most"]) if spec["at_most"] is not None else None
    places = [place for place in scope.places(spec["on"]) if scope.view.facts[place].at >= moment]
    found = []
    for place in places[: spec["times"]]:
        by = scope.on_event(place).value(spec["by"])
        if by is None or by[0] != "span":
            continue
        by = by[1]
        if at_most is not None and at_most[0] == "span" and at_most[1][1] == by[1]:
            by = (min(by[0], at_most[1][0]), by[1])
        found.append((place, scope.view.facts[place].at, by))
    return found


def deemed_of(view, rule):
    """The fact that the law makes of silence: (event, at, is a day, first instant in force), or None."""
    spec, reckoning = rule["deadline"], Reckoning(rule, view.config)
    if not rule["on"] or not applies(view, rule, reckoning):
        return None
    scope = Scope(view, reckoning, len(view.facts))
    run = next(iter(runs(scope, spec)), None)
    if run is None or run.start is None or spec["limit"] is None:
        return None
    limit = in_run(scope, run).value(spec["limit"])
    if limit is None or limit[0] != "span":
        return None
    due = clock_of(scope, run).due(limit, grants_of(run))
    if due is None:
        return None
    for stop in spec["stops"]:
        for place in scope.places(stop["events"]) if "events" in stop else []:
            if _end_of(scope, place)[1] < due[1]:
                return None
    if ended(run) is not None and ended(run) < due[1]:
        return None
    fact, activity = view.facts[run.start], spec["deems"]["activity"]
    event = {name: value for name, value in fact.event.items() if name not in ("seq", "version", "op", "arrived")}
    event.update(id=f"{rule['id']}:{activity}:{fact.event['id']}", activity=activity)
    if spec["deems"]["dated"] == "start":
        moment, day = fact.at, fact.record.is_day
    else:
        moment, day = due[0], False
    return event, moment, day, due[1]


def clock_field(scope, place, field):
    """`clock.NAME.x`, as of the judged event or the end of the seen history."""
    if field in ("used", "left", "over"):
        raise Unchecked(f"clock.{scope.view.config.clocks[place]['name']}.{field}")
    spec = scope.view.config.clocks[place]["deadline"]
    seen = scope.but(event=None, start=None, stop=None, leaves=None)
    run = next(iter(runs(seen, spec)), None)
    last = scope.event if scope.event is not None else scope.history - 1
    if run is None or last < 0:
        return None
    now = scope.view.facts[last].at
    limit = in_run(seen, run).value(spec["limit"]) if spec["limit"] is not None else None
    if limit is None or limit[0] not in ("span", "date", "instant"):
        return None
    if field == "start":
        return "instant", run.moment
    if field == "due":
        due = clock_of(scope, run).due(limit, grants_of(run))
        return None if due is None else ("instant", due[0])
    paused = any(cut.begin <= now and (cut.end is None or now < cut.end) for cut in run.pauses)
    return "flag", (ended(run) is None or ended(run) > now) and not paused


# -- the other kinds -----------------------------------------------------------------------------


def _requires(view, rule, spec, reckoning):
    scope = Scope(view, reckoning, len(view.facts))
    found = []
    for place in chosen(scope.places(spec["event"]), spec["each"]):
        on_event = scope.on_event(place)
        if not on_event.allows(spec["where"]):
            continue
        after = None
        if spec["since"] is not None:
            since = on_event.seen_places(spec["since"])
            if not since:
                continue
            after = since[-1]
        missing = [
            index
            for index, events in enumerate(spec["before"])
            if not any(_serves(scope, spec, events, other, place, after) for other in range(len(view.facts)))
        ]
        broken = bool(missing) if spec["need"] == "all" else len(missing) == len(spec["before"])
        if broken:
            instance = view.record_text(place) if spec["each"] == "every" else "-"
            found.append(_on_event(rule, on_event, instance, view.facts[place].at, place, (place, missing)))
    return [one for one in found if one is not None]


def _serves(scope, spec, events, other, place, after):
    facts, reckoning = scope.view.facts, scope.reckoning
    earlier, event = facts[other], facts[place]
    if other == place or not scope.sees(other, event.at) or not scope.in_set(events, other) or not not_after(earlier, event, spec["lenient"]):
        return False
    if after is not None and not not_after(facts[after], earlier, spec["lenient"]):
        return False
    if any(_same(scope, other, field) != _same(scope, place, field) for field in spec["same"]):
        return False
    if spec["directly"]:
        order = facts[other], *(facts[one] for one in range(len(facts)) if one not in (other, place)), facts[place]

        def before(a, b):
            return not not_after(b, a, spec["lenient"])

        if any(before(order[0], between) and before(between, order[-1]) for between in order[1:-1]):
            return False
    if spec["at_least"] is not None:
        span = parse_span(spec["at_least"])
        due, day = reckoning.due(earlier.at, False, span), reckoning.calendar.day
        exact = span[1] in ("h", "min", "s")
        if due is None or not (event.at >= due[0] if exact else day(event.at) >= day(due[0])):
            return False
    if spec["at_most"] is not None:
        due = reckoning.due(earlier.at, earlier.is_day, parse_span(spec["at_most"]))
        return due is not None and event.at <= due[0]
    return True


def _same(scope, place, field):
    """What the fact has for a field in which two facts must agree, or what its case has."""
    of_case = isinstance(field, dict) and "case" in field
    return scope.case_field_of(scope.view.case_of(place), field["case"]) if of_case else scope.event_field(place, field)


def _forbids(view, rule, spec, reckoning):
    scope = Scope(view, reckoning, len(view.facts))
    bans = scope.places(spec["after"])
    lifts = scope.places(spec["unless"]) if spec["unless"] is not None else []
    found = []
    for event in chosen(scope.places(spec["event"]), spec["each"]):
        banning = [ban for ban in bans if _is_banned(scope, spec, lifts, ban, event)]
        if banning:
            seen = scope.on_event(event).but(earlier=banning[-1])
            instance = view.record_text(event) if spec["each"] == "every" else "-"
            found.append(_on_event(rule, seen, instance, view.facts[event].at, event, (event, banning[-1])))
    return [one for one in found if one is not None]


def _is_banned(scope, spec, lifts, earlier, event):
    facts, reckoning, lenient = scope.view.facts, scope.reckoning, spec["lenient"]
    before, after = facts[earlier], facts[event]
    if earlier == event or not scope.sees(earlier, after.at) or not_after(after, before, lenient):
        return False
    for bound, kept in (("within", lambda due: after.at <= due), ("later_than", lambda due: after.at > due)):
        if spec[bound] is not None:
            due = reckoning.due(before.at, before.is_day, parse_span(spec[bound]))
            if due is None or not kept(due[0]):
                return False
    for field in spec["same"]:
        value = _same(scope, earlier, field)
        if value is None or value != _same(scope, event, field):
            return False

    def between(place):
        if place in (earlier, event):
            return False
        return not_after(before, facts[place], lenient) and not_after(facts[place], after, lenient)

    parting = list(lifts) + (list(range(len(facts))) if spec["directly"] else [])
    if any(between(place) for place in parting):
        return False
    return scope.on_event(event).but(earlier=earlier).allows(spec["where"])


# How often: the key, and the event and instant of each card that came.
Tally = namedtuple("Tally", "key hits")


def _key(scope, place, fields):
    """What a fact is counted under; None where it lacks a field."""
    values = [scope.event_field(place, field) for field in fields]
    if None in values:
        return None
    return ",".join(text_of(value).replace("\\", "\\\\").replace(",", "\\,") for value in values)


def counted_at(scope, spec, key, event):
    """What is counted under a key at an event."""
    facts = scope.view.facts
    found = []
    for place in scope.places(spec["of"]):
        fact, judged = facts[place], facts[event]
        in_time = place <= event if spec["max"] is not None else not_after(fact, judged)
        if not in_time or not scope.sees(place, judged.at) or _key(scope, place, spec["by"]) != key:
            continue
        if spec["within"] is not None:
            due = scope.reckoning.due(fact.at, fact.is_day, parse_span(spec["within"]))
            if due is None or judged.at > due[0]:
                continue
        found.append(place)
    return found


def _count(view, rule, spec, reckoning):
    scope = Scope(view, reckoning, len(view.facts))
    keys = {}
    for place in scope.places(spec["of"] if spec["max"] is not None else spec["at"]):
        key = _key(scope, place, spec["by"])
        if key is not None:
            keys.setdefault(key, []).append(place)
    found = []
    for key, places in keys.items():
        numbers = [(place, len(counted_at(scope, spec, key, place))) for place in places]
        if spec["max"] is not None:
            breaches = [(place, number) for place, number in numbers if number > spec["max"]]
        else:
            breaches = [(place, number) for place, number in numbers if number < spec["min"]]
        spans, hits = [], []
        for card in _cards(rule):
            last = None
            for place, number in breaches:
                moment = view.facts[place].at
                if last is not None and (last.until is None or moment < last.until):
                    continue
                span = _event_span(rule, scope.on_event(place).but(measure=number), card, moment, place)
                if span is not None:
                    last = span
                    spans.append(span)
                    hits.append((card["card"], span.begin, place))
        if spans:
            found.append(Found(key or "-", spans, Tally(key, hits)))
    return found


def _separation(view, rule, spec, reckoning):
    scope = Scope(view, reckoning, len(view.facts))
    people = {}
    for place in range(len(view.facts)):
        person = scope.event_field(place, spec["by"])
        if person is None or person[0] != "text":
            continue
        for act, events in enumerate(spec["acts"]):
            if scope.in_set(events, place):
                people.setdefault(person[1], {}).setdefault(act, place)
    found = []
    for person, acts in people.items():
        acts = list(acts.items())
        spans = []
        for shared in range(2, len(acts) + 1):
            place = acts[shared - 1][1]
            seen = scope.on_event(place).but(measure=shared)
            moment = view.facts[place].at
            spans += [_span(card, moment, moment, None) for card in rule["cards"] if seen.allows(card["when"])]
        if spans:
            found.append(Found(person, spans, (person, acts)))
    return found


# A visited stage, with how often the case had been reopened.
Step = namedtuple("Step", "place code at round")


def path(scope, spec):
    """Stages in the order in which they were visited."""
    view = scope.view
    reopened = [fact.at for fact in view.facts if fact.activity == "reopened"]
    stages = {stage["code"]: stage for stage in view.item["stages"]}
    steps = []
    for place in scope.places(spec["of"]):
        code = scope.event_field(place, spec["step"])
        if code is not None and code[0] == "text":
            moment = view.facts[place].at
            steps.append(Step(place, code[1], moment, sum(again <= moment for again in reopened)))

    def order(step):
        return stages[step.code]["order"] if step.code in stages else 2**32

    ordered = []
    for instant in sorted({step.at for step in steps}):
        together = [step for step in steps if step.at == instant]
        events = [view.facts[step.place].event for step in together]
        # Only where one source numbered all steps of an instant do its numbers order them.
        told = len({event["source"] for event in events}) == 1 and all("seq" in event for event in events)
        number = {step.place: event["seq"] if told else 0 for step, event in zip(together, events)}
        ordered += sorted(together, key=lambda step: (number[step.place], order(step)))
    return ordered


def _workflow(view, rule, spec, reckoning):
    if view.item is None or not view.item["stages"]:
        return []
    scope = Scope(view, reckoning, len(view.facts))
    stages = {stage["code"]: stage for stage in view.item["stages"]}
    steps, breaches = path(scope, spec), []
    if spec["check"] == "complete":
        ends = scope.places(spec["at"])
        if ends:
            closed = view.facts[ends[0]]
            seen = {step.code for step in steps if not_after(view.facts[step.place], closed)}
            lacking = [stage["code"] for stage in view.item["stages"] if stage["required"] and stage["code"] not in seen]
            breaches = [(code, ends[0], {"missing": code}) for code in lacking]
    elif spec["check"] == "edges":
        known = [step for step in steps if step.code in stages]
        for one, other in zip(known, known[1:]):
            stage = stages[one.code]
            edge = other.code == one.code or other.code in stage["next"] or other.code in stage["returns"]
            if one.round == other.round and not edge:
                breaches.append((f"{one.code}>{other.code}", other.place, {"edge": [one.code, other.code]}))
    elif spec["check"] == "order":
        for one, other in zip(steps, steps[1:]):
            a, b = stages.get(one.code), stages.get(other.code)
            if one.round == other.round and a and b and b["order"] < a["order"] and other.code not in a["returns"]:
                breaches.append((other.code, other.place, {}))
    else:
        breaches = [(step.code, step.place, {}) for step in steps if step.code not in stages]
    return _first_of_each(
        _on_event(rule, scope.on_event(place), instance, view.facts[place].at, place, (place, what))
        for instance, place, what in breaches
    )


def _episodes(view, holds):
    """Times [begin, end) in which a state holds, looked at once after each instant."""
    episodes = []
    for instant in view.instants():
        is_open = episodes and episodes[-1][1] is None
        if holds(instant) and not is_open:
            episodes.append([instant, None])
        elif is_open and not holds(instant):
            episodes[-1][1] = instant
    return episodes


def _state_spans(rule, scope, episode, scope_at):
    spans = []
    for card in _cards(rule):
        def within(instant, card=card):
            inside = instant >= episode[0] and (episode[1] is None or instant < episode[1])
            return inside and scope_at(instant).allows(card["when"])

        for begin, end in _episodes(scope.view, within):
            lasted = begin
            if card["after"] is not None:
                due = scope.reckoning.due(begin, False, parse_span(card["after"]))
                if due is None:
                    continue
                lasted = due[0]
            if card["from"] is not None:
                told = scope_at(begin).value(card["from"])
                if told is None or told[0] != "instant":
                    continue
                since = max(lasted, told[1])
            else:
                since = lasted
            shown = since + 1 if since > begin else since
            if rule["grace"] is not None:
                shown = max(shown, scope.reckoning.after_grace(shown, parse_span(rule["grace"])))
            if card["clears"] == "never":
                until = None
            elif card["clears"] == "ended":
                until = end
            else:
                instants = [one for one in scope.view.instants() if one >= begin]
                until = next((one for one in instants if scope_at(one).holds(card["clears"])), None)
            if (end is None or shown < end) and (until is None or shown < until):
                spans.append(_span(card, since, shown, until))
    return spans


def fee_scope(view, reckoning, spec, key, instant):
    """The state at an instant, with the ledger and the line group as they stood then."""
    history = view.upto(instant)
    ledger = Ledger(view, history)
    group = ledger.groups(spec["by"]).get(key, [])
    return Scope(view, reckoning, history).but(ledger=(ledger, group, key))


def _fee(view, rule, spec, reckoning):
    whole = Ledger(view, len(view.facts))
    if not whole.entries:
        return []
    found = []
    for key, entries in whole.groups(spec["by"]).items():
        scopes = {instant: fee_scope(view, reckoning, spec, key, instant) for instant in view.instants()}

        def holds(instant, scopes=scopes):
            return any(scopes[instant].holds(ground) for ground in spec["grounds"])

        for episode in _episodes(view, holds):
            spans = _state_spans(rule, Scope(view, reckoning, len(view.facts)), episode, scopes.__getitem__)
            own = [entry.fact for entry in entries if entry.at == episode[0]]
            began = own or [fact for fact in view.facts if fact.at == episode[0]]
            name = ",".join(value or "" for _, value in key) if key else "-"
            if spans:
                found.append(Found(f"{name}@{began[0].text()}", spans, (key, episode[0])))
    return found


def _condition(view, rule, spec, reckoning):
    scope = Scope(view, reckoning, len(view.facts))
    if spec["on"] == "case":
        return _condition_on_case(view, rule, spec, scope)
    found = []
    for place in chosen(scope.places(spec["on"]), spec["each"]):
        seen = scope.on_event(place)
        if any(seen.holds(ground) for ground in spec["grounds"]):
            fact = view.facts[place]
            instance = view.record_text(place) if spec["each"] == "every" else "-"
            found.append(_on_event(rule, seen, instance, fact.at, place, ("event", view, place)))
    if any("held" in term or "deleted" in term for term in spec["on"]["terms"]):
        for aside in range(len(view.aside)):
            other, place = view.with_aside(aside)
            seen = Scope(other, reckoning, len(other.facts)).on_event(place)
            if seen.in_set(spec["on"], place) and any(seen.holds(ground) for ground in spec["grounds"]):
                fact = other.facts[place]
                found.append(_on_event(rule, seen, fact.text(), fact.at, place, ("event", other, place)))
    return [one for one in found if one is not None]


def _condition_on_case(view, rule, spec, scope):
    def scope_at(instant):
        return scope.but(history=view.upto(instant))

    found = []
    for episode in _episodes(view, lambda instant: any(scope_at(instant).holds(one) for one in spec["grounds"])):
        spans = _state_spans(rule, scope, episode, scope_at)
        began = next(place for place, fact in enumerate(view.facts) if fact.at == episode[0])
        if spans:
            found.append(Found(view.record_text(began), spans, ("state", view, episode[0])))
    return found


_KINDS = {
    "deadline": _deadline,
    "requires": _requires,
    "forbids": _forbids,
    "count": _count,
    "separation": _separation,
    "workflow": _workflow,
    "fee": _fee,
    "condition": _condition,
}
