"""What was found: tables and goals, as text, markdown and JSON."""

import datetime
import os
import platform

BEGIN = "<!-- results: begin (bench/run.py --markdown writes here) -->"
END = "<!-- results: end -->"


class Report:
    """Collects the tables, goals and raw figures of one run."""

    def __init__(self, title):
        self.title = title
        self.sections = []
        self.goals = []
        self.raw = {}

    def table(self, title, header, rows, note=""):
        if rows:
            self.sections.append((title, header, rows, note))

    def goal(self, what, wanted, value, met):
        """`met`: True, False, or None when it was not measured."""
        self.goals.append((what, wanted, value, met))

    def at_most(self, what, limit, value, unit="x"):
        self.goal(what, f"≤ {limit}{unit}", _figure(value, unit), None if value is None else value <= limit)

    def at_least(self, what, limit, value, unit="x"):
        self.goal(what, f"≥ {limit}{unit}", _figure(value, unit), None if value is None else value >= limit)

    def markdown(self):
        parts = [f"_{self.title}, {_machine()}, {datetime.date.today().isoformat()}._"]
        if self.goals:
            rows = [[what, wanted, value, _verdict(met)] for what, wanted, value, met in self.goals]
            parts.append("### Goals\n\n" + _table(["what", "goal", "measured", ""], rows))
        for title, header, rows, note in self.sections:
            parts.append(f"### {title}\n\n" + (note + "\n\n" if note else "") + _table(header, rows))
        return "\n\n".join(parts) + "\n"

    def as_json(self):
        return {
            "title": self.title,
            "machine": _machine(),
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "goals": [
                {"what": what, "goal": wanted, "measured": value, "met": met}
                for what, wanted, value, met in self.goals
            ],
            "tables": [
                {"title": title, "header": header, "rows": rows} for title, header, rows, _ in self.sections
            ],
            "raw": self.raw,
        }


def write_between_marks(path, text):
    """Replaces what stands between the marks in a document; a file without them is replaced as a whole."""
    try:
        old = path.read_text()
    except FileNotFoundError:
        old = ""
    head, begin, rest = old.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        head, tail = "", "\n"
    path.write_text(f"{head}{BEGIN}\n\n{text}\n{END}{tail}")


def number(value, digits=3):
    """A figure with so many significant digits."""
    if value is None:
        return "–"
    if value >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def _figure(value, unit):
    return "not measured" if value is None else number(value) + unit


def _verdict(met):
    return {True: "met", False: "**missed**", None: ""}[met]


def _table(header, rows):
    widths = [max(3, *(len(str(row[i])) for row in [header, *rows])) for i in range(len(header))]

    def line(cells):
        return "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)) + " |"

    return "\n".join([line(header), "| " + " | ".join("-" * width for width in widths) + " |", *map(line, rows)])


def _machine():
    model = platform.machine()
    with open("/proc/cpuinfo") as file:
        for text in file:
            if text.startswith("model name"):
                model = text.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} cores of {model}, Linux {platform.release().split('-')[0]}"
