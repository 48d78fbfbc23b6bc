"""Where a place is, roughly: the centre of a commune or a province, for records that have no position (static/map/README.md)."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path


@cache
def _centres() -> dict[str, tuple[float, float]]:
    with Path(__file__).with_name("centres.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: (float(row["lat"]), float(row["lon"])) for row in csv.DictReader(stream)}


def provinces() -> dict[str, tuple[float, float]]:
    """{code: (latitude, longitude)} of the provinces and prefectures."""
    return {code: centre for code, centre in _centres().items() if code.count(".") == 1}


def centre_of(code: str | None) -> tuple[str, float, float] | None:
    """(code, latitude, longitude) of the smallest place with a known centre that holds this one; None where there is none."""
    parts = code.rstrip(".").split(".") if code else []
    for length in range(len(parts), 1, -1):
        here = ".".join(parts[:length])
        if here in _centres():
            return here, *_centres()[here]
    return None
