"""Limits: when they fall due, where marks stand, which days count.

A due instant is a pair: the last instant in time (`since` of a card), and the first from which a light holds.
`legal` counts whole days, the first not counted; `elapsed` counts office seconds.
"""

import re
from calendar import monthrange
from datetime import date

from . import Unchecked
from .times import DAY, date_of

_EXACT = {"h": 3_600_000, "min": 60_000, "s": 1_000}
_DAYS = ("wd", "d", "mo")
_WALK_MAX = 40_000


def parse_span(text):
    """(number, unit) of 5wd, 3d, 1mo, 24h, 30min, 10s."""
    found = re.fullmatch(r"(-?\d+)(wd|d|mo|h|min|s)", text)
    if not found:
        raise Unchecked(f"the span {text!r}")
    return int(found[1]), found[2]


def span_text(span):
    return f"{span[0]}{span[1]}"


def exact_ms(span):
    return span[0] * _EXACT[span[1]] if span[1] in _EXACT else None


def parse_mark(text):
    """('shift', span) | ('over', n) | ('percent', n)"""
    if text.endswith("%"):
        return "percent", int(text[:-1])
    if text.startswith("over >= "):
        return "over", int(text[8:])
    if text == "due":
        return "shift", (0, None)
    sign, span = text[4], parse_span(text[6:])
    return "shift", (span[0] if sign == "+" else -span[0], span[1])


def civil_days(day, span):
    """Civil days of a span from a day on; a month goes to the same day, or to the last one."""
    number, unit = span
    if unit != "mo":
        return number
    at = date_of(day)
    months = at.year * 12 + at.month - 1 + number
    year, month = divmod(months, 12)
    moved = date(year, month + 1, min(at.day, monthrange(year, month + 1)[1]))
    return (moved - at).days


def union(stretches):
    """Disjoint stretches [from, to) in order; `None` is without end."""
    merged = []
    for start, end in sorted(stretches, key=lambda one: (one[0], one[1] is not None, one[1] or 0)):
        if end is not None and end <= start:
            continue
        if merged and merged[-1][1] is None:
            break
        if merged and start <= merged[-1][1]:
            merged[-1][1] = None if end is None else max(end, merged[-1][1])
        else:
            merged.append([start, end])
    return merged


class Line:
    """A line along which time passes: office seconds, clock time, or plain milliseconds."""

    def __init__(self, calendar, name):
        self.calendar, self.name = calendar, name

    def position(self, ms):
        return {"secs": self.calendar.secs_at, "civil": self.calendar.zone.local, "exact": int}[self.name](ms)

    def moment(self, position):
        return {"secs": self.calendar.at_secs, "civil": self.calendar.zone.moment, "exact": int}[self.name](position)

    def advance(self, start, amount, paused):
        if amount <= 0:
            return start
        cursor, rest = self.position(start), amount
        for begin, end in paused:
            if end is not None and end <= start:
                continue
            gap = max(self.position(max(begin, start)) - cursor, 0)
            if rest <= gap:
                break
            rest -= gap
            if end is None:
                return None
            cursor = self.position(end)
        return self.moment(cursor + rest)

    def passed(self, start, end, paused):
        def between(a, b):
            return max(self.position(b) - self.position(a), 0) if b > a else 0

        stopped = sum(between(max(a, start), min(end if b is None else b, end)) for a, b in paused)
        return max(between(start, end) - stopped, 0)


class Clock:
    """A start and how time counts from there. `pauses` are (from, to or None, ground)."""

    def __init__(self, calendar, counting, ends, roll, start, is_day, pauses):
        self.calendar, self.counting, self.ends, self.roll = calendar, counting, ends, roll
        self.pauses = sorted(pauses, key=lambda one: (one[0], one[1] is not None, one[1] or 0))
        self.start = calendar.closing(calendar.day(start)) if is_day else start
        self.day = calendar.day(self.start)

    # -- what acts -----------------------------------------------------------------------------

    def settle(self, limit, mark, extensions):
        """(due, extensions that act): each pause and extension acts only if it begins before the light holds."""
        extensions = sorted(extensions, key=lambda one: one[0])
        pauses = [(begin, end) for begin, end, _ in self.pauses]
        paused = extended = 0
        while True:
            due = _Reckoning(self, limit, pauses[:paused]).mark(limit, mark, extensions[:extended])
            if due is None:
                return None, extensions
            pause = pauses[paused][0] if paused < len(pauses) and pauses[paused][0] < due[1] else None
            more = extensions[extended][0] if extended < len(extensions) and extensions[extended][0] < due[1] else None
            if pause is None and more is None:
                return due, extensions[:extended]
            if pause is not None and not (more is not None and more < pause):
                paused += 1
            else:
                extended += 1

    def mark(self, limit, mark, extensions=()):
        """(last instant in time, first instant of the light), or None while an open pause keeps it away."""
        return self.settle(limit, mark, list(extensions))[0]

    def due(self, limit, extensions=()):
        return self.mark(limit, ("shift", (0, None)), extensions)

    # -- the day ledger ------------------------------------------------------------------------

    def ledger(self, span, extensions, until):
        """Each day from the start to the day of `until`, with what it counts and why."""
        calendar, unit = self.calendar, span[1]
        pauses = [(begin, end) for begin, end, _ in self.pauses if begin <= until]
        whole = self.counting == "legal" and unit in _DAYS
        stretches = union(pauses)
        off = union([(calendar.day(a), None if b is None else calendar.day(b)) for a, b in pauses])
        line = Line(calendar, {"wd": "secs", "d": "civil", "mo": "civil"}.get(unit, "exact"))
        rest = self._rolling(span, extensions)
        lines = []
        for day in range(self.day, max(calendar.day(until), self.day) + 1):
            if len(lines) >= 3_660:
                break
            if whole:
                would = int(day > self.day and (unit != "wd" or calendar.works(day)))
                counted = 0 if _inside(off, day) else would
            else:
                begin = max(calendar.zone.start_of(day), self.start)
                end = min(calendar.zone.start_of(day + 1), max(until, self.start))
                scale = 1 if line.name == "secs" else 1000
                counted = line.passed(begin, end, stretches) // scale
                would = line.passed(begin, end, []) // scale
            if rest is not None:
                rest -= counted
            if rest is not None and rest < 0:
                lines.append(self._line(day, "wd", False, 0, 0))
            else:
                lines.append(self._line(day, unit, whole and day == self.day, counted, would))
        return lines

    def _rolling(self, span, extensions):
        acting = self.settle(("span", span), ("shift", (0, None)), list(extensions))[1]
        span, rest = _add_up(("span", span), acting)
        if self.counting == "legal" and span[1][1] in ("d", "mo") and not rest:
            return civil_days(self.day, span[1])
        return None

    def _line(self, day, unit, is_start, counted, would):
        kind, name = self.calendar.kind(day)
        ground = self._ground(day) if counted < would else None
        if is_start:
            why, note = "start", None
        elif counted < would and counted == 0:
            why, note = "pause", ground
        elif unit == "wd":
            why, note = kind, ground or name
        else:
            why, note = "calendar", ground
        line = {"date": str(date_of(day)), "counted": counted, "why": why}
        return line if note is None else {**line, "note": note}

    def _ground(self, day):
        begin, end = self.calendar.zone.start_of(day), self.calendar.zone.start_of(day + 1)
        touching = [pause for pause in self.pauses if pause[0] < end and (pause[1] is None or pause[1] > begin)]
        return (touching[0][2] or None) if touching else None

    def uncovered(self, limit, due):
        """A limit in working days counts days of a year without a file."""
        if limit[0] != "span" or limit[1][1] != "wd":
            return False
        first = self.day + (self.counting == "legal")
        last = max(self.calendar.day(due), self.day) if due is not None else first
        years = range(date_of(min(first, last)).year, date_of(last).year + 1)
        return any(not self.calendar.covered(year) for year in years)


def _inside(stretches, day):
    return any(begin <= day and (end is None or day < end) for begin, end in stretches)


def _add_up(limit, extensions):
    """The limit with the extensions of its own unit, and the others in order."""
    rest = []
    for _, by in extensions:
        if limit[0] == "span" and limit[1][1] == by[1] and not rest:
            limit = ("span", (limit[1][0] + by[0], by[1]))
        else:
            rest.append(by)
    return limit, rest


class _Reckoning:
    """One reckoning with the pauses that act. A point is ('start',) | ('day', day, ends) | ('at', at, after)."""

    def __init__(self, clock, limit, pauses):
        self.clock, self.calendar = clock, clock.calendar
        pauses = pauses if limit[0] == "span" else []
        self.paused = union(pauses)
        day = self.calendar.day
        self.off = union([(day(begin), None if end is None else day(end)) for begin, end in pauses])
        self.time_of_day = 0 if limit[0] == "date" else self.calendar.zone.local(clock.start) % DAY

    def mark(self, limit, mark, extensions):
        limit, rest = _add_up(limit, extensions)
        unit = limit[1][1] if limit[0] == "span" else "d"
        if mark[0] == "percent" and mark[1] != 100:
            return self.finish(self.share(limit, rest, mark[1]))
        shift = {"over": lambda: (mark[1] - 1, unit), "shift": lambda: mark[1]}.get(mark[0], lambda: (0, unit))()
        shift = (shift[0], shift[1] or unit)
        if limit[0] == "span" and not rest:
            one = self.one_line(limit[1], shift)
            point = self.counted(*one) if one else self.shifted(self.counted(limit[1], 0), shift)
        else:
            point = self.shifted(self.chain(limit, rest), shift)
        return self.finish(point)

    def one_line(self, span, shift):
        minutes = {"h": 60, "min": 1}
        if span[1] == shift[1]:
            return span, shift[0]
        if (span[1], shift[1]) == ("mo", "d"):
            return (civil_days(self.clock.day, span), "d"), shift[0]
        if span[1] in minutes and shift[1] in minutes:
            return (span[0] * minutes[span[1]], "min"), shift[0] * minutes[shift[1]]
        return None

    def chain(self, limit, rest):
        if limit[0] == "span":
            point = self.counted(limit[1], 0)
        elif limit[0] == "date":
            point = ("day", limit[1], "day")
        else:
            point = ("at", limit[1], limit[1] + 1)
        for span in rest:
            point = self.further(point, span, self.clock.roll)
        return point

    def counted(self, span, offset):
        number, unit, legal = span[0] + offset, span[1], self.clock.counting == "legal"
        if offset != 0 and number <= 0 and (number < 0 or legal):
            works, start = self.calendar.works(self.clock.day), self.clock.start
            if number == 0 and unit == "wd" and works and start <= self.calendar.closing(self.clock.day):
                return "day", self.clock.day, "office"
            return ("start",)
        if unit == "wd" and legal:
            late = self.clock.start > self.calendar.closing(self.clock.day)
            first = self.clock.day + (number > 0 or late)
            return self.day_point(self.walk(first, number, True), "office")
        if unit in ("d", "mo") and legal:
            if offset < 0:
                return self.civil(civil_days(self.clock.day, (number, unit)), False)
            return self.shifted(self.civil(civil_days(self.clock.day, span), self.clock.roll), (offset, unit))
        return self.elapsed(self.clock.start, *self.amount((number, unit)))

    def walk(self, first, number, working):
        """The n-th day from `first` on that counts and is not paused; None when a pause without end comes first."""
        number = max(number, 1)
        for day in range(first, first + _WALK_MAX):
            if any(end is None and begin <= day for begin, end in self.off):
                return None
            if _inside(self.off, day) or (working and not self.calendar.works(day)):
                continue
            number -= 1
            if number == 0:
                return day
        raise Unchecked("a limit of more than a hundred years")

    def civil(self, number, roll):
        day = self.walk(self.clock.day + (number > 0), number, False)
        return self.day_point(self.rolled(day) if roll and day is not None else day, "day")

    def rolled(self, day):
        return day if self.calendar.works(day) else self.walk(day, 1, True)

    @staticmethod
    def day_point(day, ends):
        return None if day is None else ("day", day, ends)

    def amount(self, span):
        if span[1] == "wd":
            return "secs", span[0] * self.calendar.standard_secs(self.clock.day)
        if span[1] in ("d", "mo"):
            return "civil", civil_days(self.clock.day, span) * DAY
        return "exact", exact_ms(span)

    def elapsed(self, start, line, amount):
        if amount < 0:
            return ("start",)
        line = Line(self.calendar, line)
        at, after = line.advance(start, amount, self.paused), line.advance(start, amount + 1, self.paused)
        return None if at is None or after is None else ("at", at, after)

    def shifted(self, point, shift):
        if point is None or shift[0] == 0:
            return point
        return self.further(point, shift, False) if shift[0] > 0 else self.earlier(point, shift)

    def further(self, point, span, roll):
        due = self.finish(point)
        if due is None:
            return None
        if span[1] not in _DAYS or self.clock.counting == "elapsed":
            if span[1] == "mo":
                return self.elapsed(due[0], "civil", civil_days(self.calendar.day(due[0]), span) * DAY)
            return self.elapsed(due[0], *self.amount(span))
        day = self.day_of(point)
        if span[1] == "wd":
            return self.day_point(self.walk(day + 1, span[0], True), "office")
        last = self.walk(day + 1, civil_days(day, span), False)
        return self.day_point(self.rolled(last) if roll and last is not None else last, "day")

    def earlier(self, point, shift):
        at, _ = self.finish(point)
        back, unit = -shift[0], shift[1]
        if unit not in _DAYS:
            return "at", at - back * _EXACT[unit], at - back * _EXACT[unit] + 1
        day = self.day_of(point)
        if self.clock.counting == "legal":
            if unit == "wd":
                while back:
                    day -= 1
                    back -= self.calendar.works(day)
                return "day", day, "office"
            return "day", day + (civil_days(day, shift) if unit == "mo" else -back), "day"
        if unit == "wd":
            secs = self.calendar.secs_at(at) - back * self.calendar.standard_secs(self.clock.day)
            begin = self.calendar.at_secs(secs)
            return "at", begin, self.calendar.at_secs(self.calendar.secs_at(begin) + 1)
        moved = self.calendar.zone.moment(self.calendar.zone.local(at) + civil_days(day, shift) * DAY)
        return "at", moved, moved + 1

    def share(self, limit, rest, percent):
        def part(whole):
            return (whole * percent + 99) // 100

        legal = self.clock.counting == "legal"
        if limit[0] == "span" and not rest:
            span = limit[1]
            if span[0] <= 0:
                return self.counted(span, 0)
            if not (legal and span[1] in _DAYS):
                line, whole = self.amount(span)
                return self.elapsed(self.clock.start, line, part(whole))
            days = span if span[1] == "wd" else (civil_days(self.clock.day, span), "d")
            number = part(days[0])
            return self.counted(days, number - days[0]) if number > 0 else ("start",)
        end = self.chain(limit, rest)
        if end is None:
            return None
        if end[0] == "day" and legal:
            days = range(self.clock.day + 1, end[1] + 1)
            number = part(sum(not _inside(self.off, day) for day in days))
            return self.civil(number, False) if number > 0 else ("start",)
        whole = Line(self.calendar, "exact").passed(self.clock.start, self.finish(end)[0], self.paused)
        return self.elapsed(self.clock.start, "exact", part(whole))

    def day_of(self, point):
        if point[0] == "start":
            return self.clock.day
        return point[1] if point[0] == "day" else self.calendar.day(point[1])

    def finish(self, point):
        """The two instants of a point."""
        if point is None:
            return None
        start, own = self.clock.start, self.clock.ends
        if point[0] == "start":
            return start, start + 1
        if point[0] == "at" and own in (None, "instant"):
            return (start, start + 1) if point[2] <= start else (max(point[1], start), point[2])
        day = self.day_of(point)
        ends = own or point[2]
        if ends == "office":
            at = self.calendar.closing(day)
        elif ends == "day":
            at = self.calendar.end_of(day)
        else:
            at = self.calendar.zone.moment(day * DAY + self.time_of_day)
        return (start, start + 1) if at <= start else (at, at + 1)
