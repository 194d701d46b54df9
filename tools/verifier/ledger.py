"""The fee ledger of a case up to a place of its history: what counts, what was taken, what the tariff allows."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from .times import day_number


def fen(text):
    """Whole fen of an amount written in yuan."""
    return int(Decimal(text).scaleb(2))


def yuan(amount):
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def decimal(text):
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError):
        return None
    return value if value.is_finite() else None


def scale(amount, factor):
    """Money times a decimal, half a fen away from zero."""
    return int((Decimal(amount) * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP))


class Entry:
    """One fee record."""

    def __init__(self, place, fact, zone):
        fee = fact.event["fee"]
        amount = fen(fee["amount"]) if "amount" in fee else None
        negative = amount is not None and amount < 0
        self.place, self.fact, self.at, self.on = place, fact, fact.at, zone.day(fact.at)
        self.act = "refunded" if fee["act"] == "charged" and negative else fee["act"]
        self.code, self.period = fee.get("code"), fee.get("period")
        self.payee, self.receipt = fee.get("payee"), fee.get("receipt")
        quantity = decimal(fee.get("quantity", "1"))
        self.quantity = Decimal(1) if quantity is None else quantity
        self.amount = abs(amount or 0)
        self.left_out = "no amount" if amount is None else None

    def signed(self):
        """What it adds to the net."""
        if self.left_out or self.act not in ("charged", "refunded", "total"):
            return 0
        return -self.amount if self.act == "refunded" else self.amount


class Ledger:
    """All fee records before one place of the history."""

    def __init__(self, view, history):
        facts = list(enumerate(view.facts[:history]))
        self.view = view
        self.entries = [Entry(place, fact, view.zone) for place, fact in facts if "fee" in fact.event]
        self._adopt_codes()
        self._leave_out()

    def _adopt_codes(self):
        for entry in self.entries:
            if entry.act != "refunded" or entry.code is not None or entry.receipt is None:
                continue
            for other in self.entries:
                if other.act == "charged" and other.receipt == entry.receipt:
                    entry.code, entry.period = other.code, other.period
                    break

    def _leave_out(self):
        moved = any(entry.act in ("charged", "refunded") for entry in self.entries)
        revoked = {entry.receipt for entry in self.entries if entry.act == "revoked" and entry.receipt is not None}
        for place, entry in enumerate(self.entries):
            key = entry.act, entry.code, entry.receipt
            if entry.left_out:
                continue
            if entry.act == "total" and moved:
                entry.left_out = "summary, single records count"
            elif entry.act == "charged" and entry.receipt in revoked:
                entry.left_out = "receipt revoked"
            elif entry.receipt is not None and any(
                (other.act, other.code, other.receipt) == key for other in self.entries[:place]
            ):
                entry.left_out = "same receipt counted once"

    def groups(self, by):
        """Groups of entries by key, sorted; one for the whole ledger without a key."""
        if not by:
            return {(): self.entries}
        groups = {}
        for entry in self.entries:
            if entry.act != "total":
                key = tuple((name, getattr(entry, name)) for name in by)
                groups.setdefault(key, []).append(entry)
        order = ("code", "period", "payee", "receipt")
        return dict(sorted(groups.items(), key=lambda one: [(order.index(n), v is not None, v or "") for n, v in one[0]]))

    def of_code(self, code):
        return [entry for entry in self.entries if entry.code == code]

    @staticmethod
    def counting(group, *acts):
        return [entry for entry in group if entry.left_out is None and (not acts or entry.act in acts)]

    def net(self, group):
        return sum(entry.signed() for entry in group)

    def field(self, group, name):
        if name == "net":
            return "money", self.net(group)
        counts = {"charges": "charged", "refunds": "refunded", "receipts": "receipted"}
        if name in counts:
            return "number", Decimal(len(self.counting(group, counts[name])))
        if name in ("first_charged_at", "last_charged_at"):
            times = [entry.at for entry in self.counting(group, "charged", "total")]
            return ("instant", min(times) if name[0] == "f" else max(times)) if times else None
        return "money", sum(entry.amount for entry in self.counting(group, name))

    def tariff(self, item, code, group, name):
        rows = [row for row in item["fees"] if row["code"] == code]
        if name == "listed":
            return "flag", bool(rows)
        if name == "elsewhere":
            others = (other for other in self.view.config.items if other["code"] != item["code"])
            return "flag", any(row["code"] == code for other in others for row in other["fees"])
        if not rows:
            return None
        charges = self.counting(group, "charged", "total")
        if name == "valid":
            return "flag", all(_on(rows, entry.on) is not None for entry in charges)
        if name in ("min", "max"):
            return self._lawful(charges, rows, name)
        value = rows[-1][name]
        if value is None:
            return None
        return ("flag", value) if name == "early" else ("list", [("text", payee) for payee in value])

    @staticmethod
    def _lawful(charges, rows, bound):
        """Standard times quantity, in each period the greatest one charged for."""
        periods = {}
        for entry in charges:
            row = _on(rows, entry.on)
            if row is None or row[bound] is None:
                return None
            amount = scale(row[bound], entry.quantity)
            periods[entry.period] = max(periods.get(entry.period, amount), amount)
        return ("money", sum(periods.values())) if periods else None


def _on(rows, day):
    """The row in force on a day."""
    for row in rows:
        begun = row["from"] is None or day_number(row["from"]) <= day
        if begun and (row["until"] is None or day < day_number(row["until"])):
            return row
    return None
