"""What happened in a demonstration: demonstration/submissions.jsonl, one submission a line, in order of time.

docs/programmes.md shows what a line may say. Values may speak of what stands elsewhere: "@day", "@day+60" and "@year-1" go by the
day of the submission; "@key" is the first record that the line of that key made, "@key.persons.2" the second that it made of
that list; "@projects.p1" is the record p1 of lists/projects.csv.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from app.core.languages import MOROCCO
from app.packs.places import Place, parsed

FILE = "demonstration/submissions.jsonl"
DECISIONS = ("approve", "return", "reject")
_MUST = ("key", "form", "author", "at", "values")
_MAY = ("on", "days_ago", "subject", "decision", "after", "comment", "remarks", "corrects", "photos", "trouble")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_SAID = re.compile(r"(?<!\S)@(?:(day|year)([+-]\d+)?|([a-z][a-z0-9_-]*)((?:\.[a-z0-9_-]+)*))(?!\S)")

Values = dict[str, Any]


@dataclass(frozen=True)
class Line:
    place: Place
    key: str
    form: str
    author: str
    at: datetime
    values: Values  # as written
    subject: str = ""
    decision: str = ""
    after: int = 1  # days until it was decided
    comment: str = ""
    remarks: dict[str, str] | None = None  # {question: text}
    corrects: str = ""
    photos: tuple[str, ...] = ()  # questions that a drawing is given to
    trouble: str = ""  # of the phone it came from

    @property
    def day(self) -> date:
        return self.at.date()


def read(folder: Path, now: datetime) -> Iterator[Line]:
    """Raises WRONG, with the number of the line."""
    for number, text in enumerate((folder / FILE).read_text("utf-8").splitlines(), 1):
        if text:
            yield _line(parsed(folder, FILE, text, number), now)


def _line(at: Place, now: datetime) -> Line:
    said = at.keys(_MUST, _MAY)
    more: dict[str, Any] = {key: said[key].text() for key in ("subject", "comment", "corrects") if key in said}
    if "decision" in said:
        more["decision"] = said["decision"].one_of(DECISIONS)
    if "after" in said:
        more["after"] = said["after"].whole()
    if "remarks" in said:
        more["remarks"] = dict(said["remarks"].value)
    if "photos" in said:
        more["photos"] = tuple(one.text() for one in said["photos"].items())
    if "trouble" in said:
        more["trouble"] = said["trouble"].one_of(("device_revoked",))
    return Line(
        at, said["key"].text(), said["form"].text(), said["author"].text(), _moment(at, said, now), said["values"].value, **more
    )


def _moment(at: Place, said: dict[str, Place], now: datetime) -> datetime:
    clock = said["at"].text()
    if not _TIME.fullmatch(clock):
        raise said["at"].wrong('"10:17"')
    if "on" in said:
        day = said["on"].day()
    elif "days_ago" in said:
        day = now.astimezone(MOROCCO).date() - timedelta(days=said["days_ago"].whole())
    else:
        day = None
    if day is None:
        raise at.wrong('"on": "2016-12-08", "days_ago": 3')
    return datetime.combine(day, time.fromisoformat(clock), MOROCCO)


def resolved(values: Any, day: date, record: Callable[[str, list[str]], str]) -> Any:
    """Values with what they speak of in its place. `record`: (key, what follows it) -> id of the record."""
    if isinstance(values, dict):
        return {name: resolved(value, day, record) for name, value in values.items()}
    if isinstance(values, list):
        return [resolved(value, day, record) for value in values]
    if not isinstance(values, str) or "@" not in values:
        return values

    def told(found: re.Match[str]) -> str:
        unit, number, key, rest = found.groups()
        if key:
            return record(key, rest.split(".")[1:])
        there = int(number or 0)
        return (day + timedelta(days=there)).isoformat() if unit == "day" else str(day.year + there)

    return _SAID.sub(told, values)
