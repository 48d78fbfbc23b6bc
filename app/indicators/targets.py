"""Targets that people set by hand: each change is kept with the indicator, and the last one holds over what its file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.core.db import iso
from app.indicators.declarations import Declaration, Target


@dataclass(frozen=True)
class Change:
    at: datetime
    by: str | None  # a person's id; None: the command line
    was: Target | None
    now: Target | None
    follows: bool = False  # it is what the file says: what the file says later holds again

    def stored(self) -> dict[str, Any]:
        told = {"at": iso(self.at), "by": self.by, "was": _told(self.was), "now": _told(self.now)}
        return told | {"follows": True} if self.follows else told


def changes_in(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Change, ...]:
    return tuple(
        Change(datetime.fromisoformat(one["at"]), one["by"], _target(one["was"]), _target(one["now"]), one.get("follows", False))
        for one in stored or ()
    )


def holding(declaration: Declaration, changes: Sequence[Change]) -> Target | None:
    """The target that counts. One by hand in a unit that the indicator no longer has means nothing."""
    if not changes or changes[-1].follows:
        return declaration.target
    by_hand = changes[-1].now
    return declaration.target if by_hand is not None and by_hand.unit != declaration.unit else by_hand


def _told(target: Target | None) -> dict[str, Any] | None:
    if target is None:
        return None
    return {"value": f"{target.value:f}", "unit": target.unit, "by": target.by.isoformat() if target.by else None}


def _target(told: Mapping[str, Any] | None) -> Target | None:
    if told is None:
        return None
    return Target(Decimal(told["value"]), told["unit"], date.fromisoformat(told["by"]) if told["by"] else None)
