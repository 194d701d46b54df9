"""Instants in milliseconds since 1970, days as numbers since 1970-01-01, zones and working calendars."""

import re
from bisect import bisect_right
from datetime import date

DAY = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()
_INSTANT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$")


def day_number(text):
    """The number of a civil day written 2026-01-05."""
    return date.fromisoformat(text).toordinal() - _EPOCH


def date_of(day):
    return date.fromordinal(day + _EPOCH)


def parse_instant(text):
    """Milliseconds of an RFC 3339 instant."""
    found = _INSTANT.match(text)
    if not found:
        raise ValueError(f"{text!r} is no instant")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    secs = (date(int(year), int(month), int(day)).toordinal() - _EPOCH) * 86_400
    secs += int(hour) * 3600 + int(minute) * 60 + int(second)
    if offset != "Z":
        sign = -1 if offset[0] == "-" else 1
        secs -= sign * (int(offset[1:3]) * 3600 + int(offset[4:6]) * 60)
    return secs * 1000 + int(((fraction or "") + "000")[:3])


def is_day(text):
    return isinstance(text, str) and len(text) == 10


def format_instant(ms):
    """The canonical text: UTC, with the fewest fraction digits that lose nothing."""
    secs, rest = divmod(ms, 1000)
    days, secs = divmod(secs, 86_400)
    fraction = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{date_of(days)}T{secs // 3600:02d}:{secs // 60 % 60:02d}:{secs % 60:02d}{fraction}Z"


class Zone:
    """Offsets from UTC, each from an instant on."""

    def __init__(self, name, changes):
        self.name = name
        self.starts = [parse_instant(change["from"]) for change in changes]
        self.offsets = [change["offset_secs"] * 1000 for change in changes]

    def offset(self, ms):
        return self.offsets[max(bisect_right(self.starts, ms) - 1, 0)]

    def local(self, ms):
        """What clocks show, as milliseconds since the civil 1970-01-01T00:00:00."""
        return ms + self.offset(ms)

    def moment(self, local):
        """The instant at which clocks show `local`: the earlier of two; where clocks skip it, as much later."""
        fitting = [local - offset for offset in set(self.offsets) if self.local(local - offset) == local]
        if fitting:
            return min(fitting)
        return local - min(self.offset(local - offset) for offset in set(self.offsets))

    def day(self, ms):
        return self.local(ms) // DAY

    def start_of(self, day):
        return self.moment(day * DAY)

    def shown(self, ms):
        """As people in the zone write it, with the offset."""
        text = format_instant(self.local(ms) // 1000 * 1000)[:-1]
        minutes = self.offset(ms) // 60_000
        sign = "-" if minutes < 0 else "+"
        return f"{text}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


class Calendar:
    """Which days work, and the office hours."""

    FIRST = day_number("1990-01-01")

    def __init__(self, data, zones):
        self.name, self.zone = data["id"], zones[data["zone"]]
        self.years = set(data["years"])
        self.listed = {day_number(row["date"]): (row["off"], row["name"]) for row in data["days"]}
        self.rows = [(day_number(row["from"]), row["periods"]) for row in data["office_hours"]]
        self._passed = [0]

    def kind(self, day):
        """`work`, `makeup`, `weekend` or `holiday`, with the name of the festival."""
        if day in self.listed:
            off, name = self.listed[day]
            return ("holiday" if off else "makeup"), name
        return ("weekend" if date_of(day).weekday() >= 5 else "work"), None

    def works(self, day):
        return self.kind(day)[0] in ("work", "makeup")

    def covered(self, year):
        return year in self.years

    def periods(self, day):
        row = self.rows[0][1]
        for first, periods in self.rows:
            if first <= day:
                row = periods
        return row

    def opening(self, day):
        return self.zone.moment(day * DAY + self.periods(day)[0][0] * 1000)

    def closing(self, day):
        return self.zone.moment(day * DAY + self.periods(day)[-1][1] * 1000)

    def end_of(self, day):
        return self.zone.start_of(day + 1) - 1

    def standard_secs(self, day):
        return sum(close - opens for opens, close in self.periods(day))

    def day(self, ms):
        return self.zone.day(ms)

    def _before(self, day):
        """Office seconds before a day, from the first day of the table on."""
        while len(self._passed) <= day - self.FIRST:
            last = self.FIRST + len(self._passed) - 1
            self._passed.append(self._passed[-1] + (self.standard_secs(last) if self.works(last) else 0))
        return self._passed[max(day - self.FIRST, 0)]

    def secs_at(self, ms):
        """Whole office seconds before an instant."""
        secs, day = self.zone.local(ms // 1000 * 1000) // 1000, self.day(ms)
        inside = secs - day * 86_400
        today = sum(min(max(inside - opens, 0), close - opens) for opens, close in self.periods(day))
        return self._before(day) + (today if self.works(day) else 0)

    def at_secs(self, secs):
        """The first instant with so many office seconds before it."""
        day = self.FIRST
        step = 1 << 15
        while step:
            if self._before(day + step) < secs:
                day += step
            step //= 2
        rest = secs - self._before(day)
        if not self.works(day):
            return self.zone.start_of(day)
        for opens, close in self.periods(day):
            if rest <= close - opens:
                return self.zone.moment(day * DAY + (opens + rest) * 1000)
            rest -= close - opens
        return self.closing(day)

    def shift_working(self, day, number):
        """The n-th working day after a day; for 0 itself or the next one; for less, before it."""
        if number > 0:
            while number:
                day += 1
                number -= self.works(day)
            return day
        while not self.works(day):
            day += 1
        while number:
            day -= 1
            number += self.works(day)
        return day

    def working_days(self, first, last):
        """Working days after `first` up to and with `last`; negative the other way round."""
        if last < first:
            return -self.working_days(last, first)
        return sum(self.works(day) for day in range(first + 1, last + 1))
