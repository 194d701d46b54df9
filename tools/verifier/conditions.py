"""The condition language over a case. Values are (type, value) pairs; None is a missing value.

Missing values spread; `and` and `or` are three-valued, so a condition that rests on what was not sent holds nowhere.
"""

from decimal import Decimal

from . import Unchecked
from .counting import Clock, civil_days, exact_ms, parse_span, span_text
from .ledger import Ledger, decimal, fen, scale, yuan
from .history import Digits, keys_of, region_number, region_text
from .times import DAY, date_of, day_number, format_instant, is_day, parse_instant


class Reckoning:
    """How a rule counts."""

    def __init__(self, rule, config):
        self.calendar = config.calendars[rule["calendar"]]
        self.counting, self.ends, self.roll = rule["counting"], rule["ends"], rule["roll"]

    def clock(self, start, day, pauses):
        return Clock(self.calendar, self.counting, self.ends, self.roll, start, day, pauses)

    def due(self, at, day, span):
        return self.clock(at, day, []).due(("span", span))

    def after_grace(self, at, grace):
        return self.due(at, False, grace)[1]

    def shift(self, at, span):
        exact = exact_ms(span)
        if exact is not None:
            return at + exact
        local = self.calendar.zone.local(at)
        return self.calendar.zone.moment(self.shift_day(local // DAY, span) * DAY + local % DAY)

    def shift_day(self, day, span):
        if span[1] == "wd":
            return self.calendar.shift_working(day, span[0])
        return day + civil_days(day, span) if span[1] in ("d", "mo") else None


class Scope:
    """What an expression may see: the facts before `history`, and events with a role."""

    def __init__(self, view, reckoning, history):
        self.view, self.reckoning, self.history = view, reckoning, history
        self.event = self.start = self.stop = self.earlier = None
        self.ledger = self.measure = self.leaves = None

    def but(self, **changes):
        scope = object.__new__(Scope)
        scope.__dict__ = {**self.__dict__, **changes}
        return scope

    def on_event(self, place):
        return self.but(event=place, history=place)

    def holds(self, node):
        return self.value(node) == ("flag", True)

    def allows(self, node):
        return node is None or self.holds(node)

    # -- event sets ----------------------------------------------------------------------------

    def in_set(self, events, place):
        fact = self.view.facts[place]
        for term in events["terms"]:
            if "held" in term:
                named = fact.standing == "held"
            elif "deleted" in term:
                named = fact.standing == "deleted"
            elif fact.standing != "in force":
                named = False
            elif "any" in term:
                named = True
            elif "fee_act" in term:
                named = fact.event.get("fee", {}).get("act") == term["fee_act"]
            else:
                named = fact.activity == term["activity"]
            if not named:
                continue
            if term["test"] is None or self.but(event=place, history=0, leaves=None).holds(term["test"]):
                return True
        return False

    def places(self, events):
        return [place for place in range(self.history) if self.in_set(events, place)]

    def sees(self, place, judged):
        """Is a fact in the window of what is judged at an instant?"""
        if self.view.window is None:
            return True
        fact = self.view.facts[place]
        due = self.reckoning.due(fact.at, fact.is_day, parse_span(self.view.window))
        return due is not None and judged <= due[0]

    def seen_places(self, events):
        """Those of a set that the window of a group lets the judged event, or the end of the history, see."""
        judged = self.event if self.event is not None else self.history - 1
        if self.view.window is None or judged < 0:
            return self.places(events)
        return [place for place in self.places(events) if self.sees(place, self.view.facts[judged].at)]

    def subject(self):
        """The case that `case` and `item` speak of: in a group that of the judged event, and none on a state."""
        if not self.view.members:
            return self.view
        place = self.event if self.event is not None else self.start
        return None if place is None else self.view.case_of(place)

    # -- values --------------------------------------------------------------------------------

    def value(self, node):
        op = node["op"]
        if op in _PLAIN:
            return _PLAIN[op](self, node)
        if op in _FUNCTIONS:
            arguments = node["of"]
            given = [self.value(arguments[place]) if place < len(arguments) else None for place in (0, 1)]
            return _FUNCTIONS[op](self, *given)
        if op in _NAMES:
            value = _NAMES[op](self, node)
        elif op in _HISTORY:
            value = self._history(node)
        else:
            raise Unchecked(f"the operation {op!r} of a condition")
        self._note(node, value)
        return value

    def _note(self, node, value):
        if self.leaves is None:
            return
        leaf = {"name": node["text"]}
        if value is not None:
            leaf["value"] = self._leaf_text(value)
        if leaf not in self.leaves:
            self.leaves.append(leaf)

    def _leaf_text(self, value):
        if value[0] == "event":
            return self.view.facts[value[1]].text()
        return self.view.zone.shown(value[1]) if value[0] == "instant" else text_of(value)

    def _history(self, node):
        op, places = node["op"], self.seen_places(node["set"])
        if op == "cases":
            return "number", Decimal(len({self.view.case_of(place).id for place in places}))
        if op == "seen":
            return "flag", bool(places)
        if op == "count":
            return "number", Decimal(len(places))
        if op in ("first", "last"):
            return ("event", places[0 if op == "first" else -1]) if places else None
        values = [self.event_field(place, node["field"]) for place in places]
        values = [value for value in values if value is not None]
        if op == "sum":
            empty = {"money": ("money", 0), "number": ("number", Decimal(0))}.get(node["type"])
            return _total(values) or empty
        if op in ("least", "most"):
            return self.extreme(values, "<" if op == "least" else ">")
        distinct = []
        for value in values:
            for one in value[1] if value[0] == "list" else [value]:
                if one not in distinct:
                    distinct.append(one)
        return ("list", distinct) if op == "values" else ("number", Decimal(len(distinct)))

    def extreme(self, values, better):
        best = None
        for value in values:
            if best is None or self.compare(better, value, best) == ("flag", True):
                best = value
        return best

    def compare(self, sign, a, b):
        if a is None or b is None:
            return None
        if a[0] == b[0] == "span":
            order = self._span_order(a[1], b[1])
            if order is None:
                return None
        elif a[0] == b[0] and a[0] in ("number", "money", "text", "date", "instant"):
            order = (a[1] > b[1]) - (a[1] < b[1])
        elif sign in ("==", "!="):
            return "flag", (a == b) == (sign == "==")
        else:
            return None
        return "flag", {
            "==": order == 0,
            "!=": order != 0,
            "<": order < 0,
            "<=": order <= 0,
            ">": order > 0,
            ">=": order >= 0,
        }[sign]

    def _span_order(self, a, b):
        def order(x, y):
            return (x > y) - (x < y)

        if a[1] == b[1] or a[0] == 0 or b[0] == 0:
            return order(a[0], b[0])
        if exact_ms(a) is not None and exact_ms(b) is not None:
            return order(exact_ms(a), exact_ms(b))
        base = self.start if self.start is not None else self.event
        if base is None:
            return None
        fact = self.view.facts[base]
        due = [self.reckoning.due(fact.at, fact.is_day, span) for span in (a, b)]
        return None if None in due else order(due[0][0], due[1][0])

    def arithmetic(self, sign, a, b):
        if a is None or b is None:
            return None
        kinds = a[0], b[0]
        x, y = a[1], b[1]
        if kinds == ("number", "number"):
            if sign == "/":
                return None if y == 0 else ("number", x / y)
            return "number", {"+": x + y, "-": x - y, "*": x * y}[sign]
        if kinds == ("money", "money"):
            if sign == "/":
                return None if y == 0 else ("number", Decimal(x) / Decimal(y))
            return ("money", x + y if sign == "+" else x - y) if sign in "+-" else None
        if sign == "*" and set(kinds) == {"money", "number"}:
            money, factor = (x, y) if kinds[0] == "money" else (y, x)
            return "money", scale(money, factor)
        if sign == "/" and kinds == ("money", "number"):
            return None if y == 0 else ("money", scale(x, Decimal(1) / y))
        if sign == "-" and kinds == ("instant", "instant"):
            return "span", (x // 1000 - y // 1000, "s")
        if sign == "-" and kinds == ("date", "date"):
            return "span", (x - y, "d")
        if sign in "+-" and kinds[1] == "span" and kinds[0] in ("instant", "date"):
            span = y if sign == "+" else (-y[0], y[1])
            moved = (self.reckoning.shift if kinds[0] == "instant" else self.reckoning.shift_day)(x, span)
            return None if moved is None else (kinds[0], moved)
        if sign in "+-" and kinds == ("span", "span") and x[1] == y[1]:
            return "span", (x[0] + y[0] if sign == "+" else x[0] - y[0], x[1])
        if sign == "+" and kinds == ("list", "list"):
            return "list", x + y
        return None

    # -- names ---------------------------------------------------------------------------------

    def role(self, node):
        place = getattr(self, node["role"])
        return None if place is None else self.event_field(place, node["field"])

    def event_field(self, place, field):
        fact = self.view.facts[place]
        event = fact.event
        if isinstance(field, dict):
            return self.attr(event, field)
        if field in _FACT_FIELDS:
            return _FACT_FIELDS[field](self, fact, place)
        if "." in field:
            part, name = field.split(".")
            return _part_field(part, name, event.get(part))
        return _text(event.get(field)) if field in _TEXT_FIELDS else _no_field(field)

    def end_of(self, text):
        """The instant at which a time given by a source ends: a day with its last millisecond."""
        if text is None:
            return None
        if is_day(text):
            return "instant", self.view.zone.start_of(day_number(text) + 1) - 1
        return "instant", parse_instant(text)

    def attr(self, event, field):
        """A declared attribute; numbered ones are gathered into a list."""
        attrs = event.get("attrs", {})
        keys = keys_of(attrs, field["attr"])
        if not keys:
            return None
        if field["attr"].endswith("*"):
            return "list", [self.scalar(attrs[key], field["type"]["list"]) for key in keys]
        return self.scalar(attrs[keys[0]], field["type"])

    def scalar(self, raw, kind):
        """A declared attribute read as its declared type; text that does not fit is missing."""
        number = isinstance(raw, (Digits, int)) and not isinstance(raw, bool)
        text = {True: "true", False: "false"}[raw] if isinstance(raw, bool) else str(raw).strip()
        if isinstance(kind, dict):
            members = [member.strip() for member in text.replace("；", ";").split(";")]
            return "list", [self.scalar(member, kind["list"]) for member in members if member]
        try:
            if kind == "text":
                return "text", text
            if kind == "flag":
                return ("flag", text == "true") if text in ("true", "false") else None
            if kind == "number":
                return None if decimal(text) is None else ("number", decimal(text))
            if kind == "money":
                return "money", fen(text)
            if kind == "date":
                return "date", day_number(text) if is_day(text) else self.view.zone.day(parse_instant(text))
            if kind == "instant":
                return ("instant", int(text)) if number else self.end_of(text)
            if kind == "span":
                return "span", parse_span(text)
        except (ValueError, ArithmeticError, Unchecked):
            return None
        raise Unchecked(f"the type {kind!r} of an attribute")

    def case_of_role(self, node):
        """`event.case.x`: a field of the case of an event."""
        place = getattr(self, node["role"])
        return None if place is None else self.case_field_of(self.view.case_of(place), node["field"])

    def case_field(self, node):
        case = self.subject()
        return None if case is None else self.case_field_of(case, node["field"])

    def case_field_of(self, view, field):
        if isinstance(field, dict):
            carrier = view.last_with(field["attr"])
            return None if carrier is None else self.attr(carrier, field)
        if field == "id":
            return "text", view.id
        if field in ("level", "region", "dept"):
            return "text", view.owner[("level", "region", "dept").index(field)]
        if field == "open":
            return "flag", view.open
        if field == "promise_date":
            return self.end_of(view.case.get(field))
        if field == "reported_limit":
            return _reported(view.case.get(field))
        if field == "item_version" and field not in view.case:
            return _text(view.item["version"] if view.item else None)
        return _text(view.case.get(field))

    def item_field(self, node):
        view, field = self.subject(), node["field"]
        if view is None:
            return None
        item, code = view.item, view.case.get("item")
        if item is None:
            if field in ("known", "in_force") and code is not None:
                return "flag", False
            return _text(code) if field == "name" else None
        if field == "known":
            return "flag", True
        if field == "in_force":
            day = view.accepted_on if view.accepted_on is not None else view.first_on
            return "flag", day is not None and view.config.in_force(item, day)
        if field == "name":
            return "text", item["name"]["zh"] or item["name"]["en"] or item["code"]
        return _column(field, item[field])

    def stage_field(self, node):
        if node["code"] is not None:
            code = self.value(node["code"])
        else:
            code = None if self.event is None else self.event_field(self.event, "stage")
        case = self.subject()
        if case is None or case.item is None or code is None or code[0] != "text":
            return None
        for stage in case.item["stages"]:
            if stage["code"] == code[1]:
                return ("flag", True) if node["field"] == "known" else _column(node["field"], stage[node["field"]])
        return ("flag", False) if node["field"] == "known" else None

    def ledger_field(self, node):
        if node["code"] is None:
            ledger, group = self.ledger[:2] if self.ledger else self._whole()
            return ledger.field(group, node["field"])
        code = self.value(node["code"])
        if code is None:
            return None
        ledger = Ledger(self.view, self.history)
        return ledger.field(ledger.of_code(code[1]), node["field"])

    def _whole(self):
        ledger = Ledger(self.view, self.history)
        return ledger, ledger.entries

    def line_field(self, node):
        return _text(dict(self.ledger[2]).get(node["field"])) if self.ledger else None

    def tariff_field(self, node):
        if node["code"] is not None:
            code = self.value(node["code"])
            code = code[1] if code else None
        elif self.ledger:
            code = dict(self.ledger[2]).get("code")
        else:
            code = None if self.event is None else self.view.facts[self.event].event.get("fee", {}).get("code")
        if self.view.item is None or code is None:
            return None
        if self.ledger:
            return self.ledger[0].tariff(self.view.item, code, self.ledger[1], node["field"])
        ledger = Ledger(self.view, self.history)
        return ledger.tariff(self.view.item, code, ledger.of_code(code), node["field"])

    def clock_field(self, node):
        from .kinds import clock_field

        return clock_field(self, node["clock"], node["field"])


def text_of(value):
    """A value as proofs write it."""
    kind, value = value
    if kind == "flag":
        return "true" if value else "false"
    if kind == "number":
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text in ("-0", "") else text
    if kind == "money":
        return f"{yuan(value)}元"
    if kind == "date":
        return str(date_of(value))
    if kind == "instant":
        return format_instant(value)
    if kind == "span":
        return span_text(value)
    if kind == "list":
        return "[" + ", ".join(text_of(member) for member in value) + "]"
    return f"#{value}" if kind == "event" else value


def literal(data):
    if data is None:
        return None
    kind, value = data["type"], data["value"]
    read = {"number": Decimal, "date": day_number, "instant": parse_instant, "span": parse_span}
    if kind == "list":
        return "list", [literal(member) for member in value]
    return kind, read[kind](value) if kind in read else value


def _text(value):
    return None if value is None else ("text", value)


def _texts(values):
    return "list", [("text", value) for value in values]


def _reported(limit):
    return None if limit is None else ("span", (limit["number"], limit["unit"]))


def _column(name, value):
    """A cell of a table of the catalogue."""
    if value is None:
        return None
    if name in ("promise", "statutory", "limit"):
        return "span", parse_span(value)
    if isinstance(value, bool):
        return "flag", value
    if isinstance(value, int):
        return "number", Decimal(value)
    return _texts(value) if isinstance(value, list) else ("text", value)


def _part_field(part, name, data):
    if data is None:
        return None
    if (part, name) == ("fee", "amount") or (part, name) == ("special", "fee"):
        return ("money", fen(data[name])) if name in data else None
    if (part, name) == ("fee", "quantity"):
        value = decimal(data.get("quantity", "1"))
        return None if value is None else ("number", value)
    if (part, name) == ("special", "granted"):
        return ("span", (data["granted"], data.get("unit", "wd"))) if "granted" in data else None
    return _text(data.get(name))


def _no_field(field):
    raise Unchecked(f"the field {field!r} of an event")


def _namesakes(scope, fact, place):
    if not scope.view.several_offices:
        return _texts([])
    same = ("id", "source")
    others = [
        other
        for other in scope.view.facts[:place]
        if all(other.event[name] == fact.event[name] for name in same) and other.address != fact.address
    ]
    return _texts(".".join(("approval", *other.address)) for other in others)


def _in_short(scope, content):
    event = content.event
    at = event["at"]
    zone = scope.view.zone
    line = f"{event['activity']} {zone.shown(zone.start_of(day_number(at)) if is_day(at) else parse_instant(at))}"
    for name in ("item", "stage", "officer", "outcome", "reason"):
        if name in event:
            line += f" {name}={event[name]}"
    if "fee" in event:
        line += f" fee={event['fee']['act']} {event['fee'].get('amount', '')}"
    return "text", line


def _county(fact):
    county = region_number(fact.event["region"]) // 1_000_000
    return None if county % 100 == 0 else ("text", region_text(county * 1_000_000))


def _when(value):
    return None if value is None else ("instant", value)


_TEXT_FIELDS = frozenset(
    "id source level region dept item item_version linked_case officer position reason".split()
)
_FACT_FIELDS = {
    "version": lambda scope, fact, place: ("number", Decimal(fact.record.winner.version if not fact.deemed else 1)),
    "activity": lambda scope, fact, place: ("text", fact.activity),
    "at": lambda scope, fact, place: ("instant", fact.at),
    "arrived": lambda scope, fact, place: _when(fact.arrived),
    "received": lambda scope, fact, place: _when(fact.received),
    "deleted_at": lambda scope, fact, place: _when(fact.record.deleted_by and fact.record.deleted_by.arrived),
    "case_id": lambda scope, fact, place: ("text", scope.view.case_of(place).id),
    "county": lambda scope, fact, place: _county(fact),
    "case_type": lambda scope, fact, place: _text(fact.case_type),
    "stage": lambda scope, fact, place: _text(fact.stage),
    "outcome": lambda scope, fact, place: _text(fact.outcome),
    "materials": lambda scope, fact, place: _texts(fact.event["materials"]) if "materials" in fact.event else None,
    "materials_missing": lambda scope, fact, place: (
        _texts(fact.event["materials_missing"]) if "materials_missing" in fact.event else None
    ),
    "reported_limit": lambda scope, fact, place: _reported(fact.event.get("reported_limit")),
    "promise_date": lambda scope, fact, place: scope.end_of(fact.event.get("promise_date")),
    "deemed": lambda scope, fact, place: ("flag", fact.deemed),
    "declared": lambda scope, fact, place: ("flag", fact.activity in scope.view.config.activities),
    "disputed": lambda scope, fact, place: ("flag", fact.record.rival is not None),
    "rival": lambda scope, fact, place: _in_short(scope, fact.record.rival) if fact.record.rival else None,
    "unmapped": lambda scope, fact, place: _texts(fact.unmapped()),
    "differs": lambda scope, fact, place: _texts(fact.differs),
    "namesakes": _namesakes,
}


def _total(values):
    if not values or any(value[0] != values[0][0] for value in values) or values[0][0] not in ("money", "number"):
        return None
    return values[0][0], sum((value[1] for value in values[1:]), values[0][1])


def _and(scope, node):
    first = scope.value(node["of"][0])
    if first == ("flag", False):
        return first
    second = scope.value(node["of"][1])
    if second == ("flag", False):
        return second
    return ("flag", True) if first == second == ("flag", True) else None


def _or(scope, node):
    first = scope.value(node["of"][0])
    if first == ("flag", True):
        return first
    second = scope.value(node["of"][1])
    if second == ("flag", True):
        return second
    return ("flag", False) if first == second == ("flag", False) else None


def _not(scope, node):
    value = scope.value(node["of"][0])
    return ("flag", not value[1]) if value and value[0] == "flag" else None


def _negate(scope, node):
    value = scope.value(node["of"][0])
    if value is None or value[0] not in ("number", "money", "span"):
        return None
    return value[0], (-value[1][0], value[1][1]) if value[0] == "span" else -value[1]


def _in(scope, node):
    member, members = (scope.value(one) for one in node["of"])
    return None if member is None or members is None else ("flag", member in members[1])


def _coalesce(scope, node):
    value = scope.value(node["of"][0])
    return scope.value(node["of"][1]) if value is None else value


def _choose(scope, node):
    condition = scope.value(node["of"][0])
    if condition is None or condition[0] != "flag":
        return None
    return scope.value(node["of"][1 if condition[1] else 2])


def _pair(scope, node):
    return (scope.value(one) for one in node["of"])


_PLAIN = {
    "literal": lambda scope, node: literal(node["value"]),
    "and": _and,
    "or": _or,
    "not": _not,
    "negate": _negate,
    "in": _in,
    "coalesce": _coalesce,
    "choose": _choose,
    "list": lambda scope, node: ("list", [scope.value(one) for one in node["of"]]),
}
for _sign in ("==", "!=", "<", "<=", ">", ">="):
    _PLAIN[_sign] = lambda scope, node: scope.compare(node["op"], *_pair(scope, node))
for _sign in "+-*/":
    _PLAIN[_sign] = lambda scope, node: scope.arithmetic(node["op"], *_pair(scope, node))

_HISTORY = frozenset("seen count cases first last sum least most values distinct".split())


def _field_of(scope, node):
    event = scope.value(node["of"][0])
    return scope.event_field(event[1], node["field"]) if event and event[0] == "event" else None


_NAMES = {
    "field_of": _field_of,
    "event": Scope.role,
    "case": Scope.case_field,
    "case_of": Scope.case_of_role,
    "item": Scope.item_field,
    "stage": Scope.stage_field,
    "ledger": Scope.ledger_field,
    "line": Scope.line_field,
    "tariff": Scope.tariff_field,
    "clock": Scope.clock_field,
    "measure": lambda scope, node: None if scope.measure is None else ("number", Decimal(scope.measure)),
}


def _of(kind, reckon):
    """A function of values of one kind; of others it is missing."""

    def function(scope, a, b):
        return reckon(scope, a, b) if a is not None and a[0] == kind else None

    return function


def _both(kind, reckon):
    def function(scope, a, b):
        return reckon(a[1], b[1]) if a and b and a[0] == b[0] == kind else None

    return function


def _empty(scope, a, b):
    if a is None:
        return "flag", True
    return "flag", a[0] == "text" and not a[1].strip() or a[0] == "list" and not a[1]


def _day_of(scope, value):
    if value is None or value[0] not in ("instant", "date"):
        return None
    return scope.view.zone.day(value[1]) if value[0] == "instant" else value[1]


def _days(scope, a, b):
    first, last = _day_of(scope, a), _day_of(scope, b)
    return None if first is None or last is None else ("number", Decimal(last - first))


def _workdays(scope, a, b):
    first, last = _day_of(scope, a), _day_of(scope, b)
    if first is None or last is None:
        return None
    return "number", Decimal(scope.reckoning.calendar.working_days(first, last))


def _due(scope, a, b):
    if not (a and b and (a[0], b[0]) == ("instant", "span")):
        return None
    due = scope.reckoning.due(a[1], False, b[1])
    return None if due is None else ("instant", due[0])


def _better(sign):
    return lambda scope, a, b: scope.extreme([a, b], sign) if a is not None and b is not None else None


_FUNCTIONS = {
    "known": lambda scope, a, b: ("flag", a is not None),
    "empty": _empty,
    "size": _of("list", lambda scope, a, b: ("number", Decimal(len(a[1])))),
    "total": _of("list", lambda scope, a, b: _total(a[1])),
    "minus": _both("list", lambda a, b: ("list", [member for member in a if member not in b])),
    "overlap": _both("list", lambda a, b: ("list", [member for member in a if member in b])),
    "date": lambda scope, a, b: None if _day_of(scope, a) is None else ("date", _day_of(scope, a)),
    "days": _days,
    "workdays": _workdays,
    "due": _due,
    "starts": _both("text", lambda a, b: ("flag", a.startswith(b))),
    "ends": _both("text", lambda a, b: ("flag", a.endswith(b))),
    "has": _both("text", lambda a, b: ("flag", b in a)),
    "min": _better("<"),
    "max": _better(">"),
    "abs": lambda scope, a, b: (a[0], abs(a[1])) if a and a[0] in ("number", "money") else None,
}
