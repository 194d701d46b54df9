#!/usr/bin/env python3
"""Write config/calendars/cn/<year>.toml from a table of days off and make-up days.

    tools/make_calendars.py holidays-cn.csv [config/calendars/cn]

The table has the columns date,name,is_day_off,notice: one row a day that differs from the plain
Monday to Friday, as the State Council's annual notice lists them. A year's file names its notice
once; a day that another notice changed (the last days of December, as a rule) carries its own.
Running it twice writes the same bytes.
"""

import collections
import csv
import datetime
import pathlib
import sys


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def year_file(year, rows):
    """The text of one year's file; rows are sorted by date."""
    notice = collections.Counter(row["notice"] for row in rows).most_common(1)[0][0]
    lines = [
        f"# {year}: days off and make-up working days (调休上班) of mainland China, one table a day.",
        "# A weekday that is not listed is a working day, a Saturday or Sunday is not.",
        f"year = {year}",
        f"notice = {quoted(notice)}",
    ]
    for row in rows:
        off = {"true": "true", "false": "false"}[row["is_day_off"]]
        lines += ["", "[[day]]", f"date = {row['date']}", f"name = {quoted(row['name'])}", f"off = {off}"]
        if row["notice"] != notice:
            lines.append(f"notice = {quoted(row['notice'])}")
    return "\n".join(lines) + "\n"


def main(arguments):
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    table = pathlib.Path(arguments[0])
    folder = pathlib.Path(arguments[1] if len(arguments) == 2 else "config/calendars/cn")
    years = collections.defaultdict(dict)
    with table.open(encoding="utf-8-sig", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=2):
            date = datetime.date.fromisoformat(row["date"])
            if row["date"] in years[date.year]:
                sys.exit(f"{table}:{number}: {date} is listed twice; keep the row of the later notice")
            years[date.year][row["date"]] = row
    folder.mkdir(parents=True, exist_ok=True)
    for year, rows in sorted(years.items()):
        text = year_file(year, [rows[date] for date in sorted(rows)])
        (folder / f"{year}.toml").write_text(text, encoding="utf-8")
    print(f"wrote {len(years)} years to {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
