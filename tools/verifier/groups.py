"""Rules that judge several cases at once: which cases share a key, their merged history, and the lights of each case.

What a case brings is reckoned from its facts as they were known at the instant; deemed facts are not seen.
"""

from collections import defaultdict
from copy import copy

from .conditions import Reckoning, Scope, text_of
from .history import Known, View
from .kinds import CARDS, Found, applies, at, counted_at, judge_kind
from .proofs import Light, hit_of, proven
from .times import day_number, is_day, parse_instant


def key_text(values):
    """What events share, as one text; None where a part is missing."""
    if None in values:
        return None
    return ",".join(text_of(value).replace("\\", "\\\\").replace(",", "\\,") for value in values)


def in_instances(key):
    """A key as instances begin with it."""
    return key.replace("/", "\\-")


def key_of_instance(instance):
    """What an instance of a light of a group begins with."""
    return instance.partition("/")[0]


def _joins(view, rule, reckoning):
    erased = rule["kind"] == "deadline" and any(fact.activity == "closed" and fact.outcome == "deleted" for fact in view.facts)
    return rule["on"] and not erased and applies(view, rule, reckoning)


def _keys(view, rule):
    """The key of each fact of a case; None for one in no group of the rule, or where the case brings none."""
    reckoning = Reckoning(rule, view.config)
    if not _joins(view, rule, reckoning):
        return [None] * len(view.facts)
    scope = Scope(view, reckoning, len(view.facts))
    return [key_text([scope.on_event(place).value(node) for node in rule["group"]["by"]]) for place in range(len(view.facts))]


def groups_of(view):
    """(place of the rule, key) of every group that a case is in."""
    if view.owner is None:
        return set()
    config = view.config
    return {
        (place, key)
        for place in view.profile["groups"]
        for key in _keys(view, config.rules[place])
        if key is not None
    }


def _of_member(fact, member):
    """A fact among those of a group."""
    shared = copy(fact)
    shared.member = member
    return shared


class GroupView(View):
    """The merged history of the cases of a group; None of a case alone is known of it."""

    def __init__(self, rule, key, cases):
        self.members = [case.view for case in sorted(cases, key=lambda case: case.number)]
        facts = []
        for place, view in enumerate(self.members):
            shared = [fact for fact, of in zip(view.facts, _keys(view, rule)) if of == key]
            facts += [_of_member(fact, place) for fact in shared]
        # Canonical order: time, source, the source's own number, id; then the case.
        facts.sort(key=lambda fact: (*fact.record.order()[:4], self.members[fact.member].id))
        self.facts, self.aside, self.several_offices = facts, [], True
        self.case, self.open, self.item = {}, False, None
        self.accepted_on = self.submitted_on = self.first_on = None
        self.window = rule["group"]["window"]
        if facts:
            first = self.members[facts[0].member]
            self.id, self.owner, self.profile, self.zone, self.config = (
                first.id, first.owner, first.profile, first.zone, first.config,
            )

    def seen_as(self, member):
        """The same history with the name and the office of one of its cases."""
        view = copy(self)
        view.id, view.owner = member.id, member.owner
        return view


def _basis(view, rule, reckoning, found, span):
    """Places of the facts that a span rests on."""
    scope = Scope(view, reckoning, len(view.facts))

    def until(instant):
        return [place for place in range(view.upto(instant)) if scope.sees(place, instant)]

    kind, why = rule["kind"], found.why
    if kind == "deadline":
        places = [why.start] + [cut.place for cut in why.pauses] + [place for place, *_ in why.extensions]
        places += [why.stop[0]] if why.stop else []
        return until(span.begin) + [place for place in places if place is not None]
    if kind == "condition":
        what, _, place = why
        if what == "state":
            return until(span.begin)
        return [seen for seen in range(place + 1) if scope.sees(seen, view.facts[place].at)]
    if kind == "requires":
        return [why[0]]
    if kind == "forbids":
        return list(why)
    if kind == "separation":
        return [place for _, place in why[1]]
    card = next(card for card in rule["cards"] if card["card"] == span.card)
    event = hit_of(why, card, span.begin)
    return [*counted_at(scope, rule["count"], why.key, event), event]


class Group:
    """A rule and a key, judged over the cases that have it."""

    def __init__(self, rule, key, cases):
        self.rule, self.key = rule, key
        self.cases = {case.number: case for case in cases}
        self.view = GroupView(rule, key, cases)
        self.found = judge_kind(self.view, rule) if self.view.facts else []

    def findings(self):
        """(case, finding) of every case that is lit; instances begin with the key."""
        lit, of_instance = defaultdict(list), {}
        reckoning = Reckoning(self.rule, self.view.config) if self.found else None
        for found in self.found:
            instance = f"{in_instances(self.key)}/{found.instance}"
            of_instance[instance] = found
            for span in found.spans:
                places = sorted(_basis(self.view, self.rule, reckoning, found, span))
                chosen = {"all": places, "first": places[:1], "last": places[-1:]}[self.rule["group"]["cards_on"]]
                for member in sorted({self.view.facts[place].member for place in chosen}):
                    lit[self.view.members[member].id, instance].append(span)
        for (number, instance), spans in lit.items():
            case, found = self.cases[number], of_instance[instance]
            # An appeal is upheld for the case that made it.
            yield from ((case, kept) for kept in case.waived(self.rule, [Found(instance, spans, found.why)]))

    def lights(self):
        """The lights that stand, by case and (rule id, instance)."""
        standing = {}
        for case, found in self.findings():
            span = at([span for span in found.spans if not case.waits(span)], case.now)
            if span is not None and span.card != "none":
                light = GroupLight(self, case, found, span)
                standing[case.number, light.key()] = light
        return standing


class GroupLight(Light):
    """A light that a group gives a case."""

    def __init__(self, group, case, found, span):
        super().__init__(case, group.rule, found, span)
        self.group = group

    def explained(self):
        """(proof, warnings, evidence)."""
        view = self.group.view.seen_as(self.case.view)
        card = next(card for card in self.rule["cards"] if card["card"] == self.span.card)
        return proven(view, self.rule, card, self.found.why, self.case.now)


def _counts_from(sent, zone):
    """The instant from which a fact counts: when it entered, and not before the clock has reached it."""
    at = sent.fact.get("at")
    if at is None:
        return sent.enters
    return max(sent.enters, zone.start_of(day_number(at)) if is_day(at) else parse_instant(at))


class Groups:
    """The groups of an export: which cases are, or ever were, in which."""

    def __init__(self, facts, config, case_at):
        """`facts` by case as they were sent; `case_at(number, now)` judges one as it was known at an instant."""
        self.case_at, self.ever, self.held = case_at, defaultdict(set), {}
        for number, sent in facts.items():
            for now in sorted({_counts_from(one, config.zone) for one in sent}):
                for place, key in groups_of(View(number, Known(sent, now, config.zone), config)):
                    self.ever[config.rules[place]["id"], in_instances(key)].add(number)

    def keys(self):
        """(rule id, key as instances begin with it) of every group that a case is or ever was in."""
        return sorted(self.ever)

    def lights(self, rule, key, now):
        """The lights of the groups of a rule's id and a key (as instances begin with it), by (case, (rule id, instance))."""
        asked = rule, key, now
        if asked not in self.held:
            # One instant is looked at light by light.
            self.held = {asked: self._judged(*asked)}
        return self.held[asked]

    def _judged(self, rule, key, now):
        cases = defaultdict(list)
        for number in sorted(self.ever.get((rule, key), ())):
            case = self.case_at(number, now)
            for place, of in groups_of(case.view):
                if case.config.rules[place]["id"] == rule and in_instances(of) == key:
                    cases[place, of].append(case)
        standing = {}
        for (place, of), members in cases.items():
            for name, light in Group(members[0].config.rules[place], of, members).lights().items():
                held = standing.get(name)
                if held is None or CARDS.index(held.span.card) < CARDS.index(light.span.card):
                    standing[name] = light
        return standing
