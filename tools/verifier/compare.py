"""The first place where what an export says and what was reckoned part."""


def _name(line):
    """How a line of a list is named: by its day, its record, its card or its name."""
    if isinstance(line, dict):
        if "date" in line:
            return str(line["date"])
        if "id" in line:
            return f"record {line['id']}"
        for name in ("card", "name"):
            if name in line:
                return str(line[name])
    return ""


def _shown(value):
    if isinstance(value, dict):
        return " ".join(f"{name}={_shown(inner)}" for name, inner in sorted(value.items())) or "nothing"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(inner) for inner in value) + "]"
    return "nothing" if value is None else str(value)


def apart(said, reckoned, place):
    """Where the two part first, in words; None when they are the same."""
    if said == reckoned:
        return None
    if isinstance(said, dict) and isinstance(reckoned, dict):
        # The reckoning before what is made of it: a wrong day is the cause of a wrong due instant.
        order = ["start", "pauses", "extensions", "days", "ledger", "path", "leaves"]
        names = sorted({*said, *reckoned}, key=lambda name: (order.index(name) if name in order else len(order), name))
        flat = all(not isinstance(value, (dict, list)) for value in (*said.values(), *reckoned.values()))
        if not flat or _name(said) == _name(reckoned):
            for name in names:
                found = apart(said.get(name), reckoned.get(name), f"{place}.{name}")
                if found:
                    return found
    if isinstance(said, list) and isinstance(reckoned, list):
        for index in range(max(len(said), len(reckoned))):
            one = said[index] if index < len(said) else None
            other = reckoned[index] if index < len(reckoned) else None
            name = _name(one) or _name(other)
            found = apart(one, other, f"{place}[{index}]" + (f" ({name})" if name else ""))
            if found:
                return found
    return f"{place}: the export says {_shown(said)}; reckoned is {_shown(reckoned)}"
