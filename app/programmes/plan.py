"""What a programme is to last, cost and be paid by: phases, budget, and partners with what each brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from app.programmes.operations import Settings
from app.registry.models import Programme

DAY = timedelta(days=1)
# Codes of packs, in the words of pages.
KINDS: dict[str, LazyString] = {"money": _("Money"), "land": _("Land"), "management": _("Management")}
ROLES: dict[str, LazyString] = {
    "donor": _("Donor"),
    "owner": _("Project owner"),
    "commune": _("Commune"),
    "service": _("Public service"),
    "chamber": _("Chamber"),
    "association": _("Association"),
}


@dataclass(frozen=True)
class Phase:
    code: str
    name: Mapping[str, str]
    starts_on: date | None
    ends_on: date | None

    def stored(self) -> dict[str, Any]:
        """As packs write it."""
        days = {"starts_on": self.starts_on, "ends_on": self.ends_on}
        texts = {key: day.isoformat() if day else None for key, day in days.items()}
        return {"code": self.code, "name": dict(self.name), **texts}


@dataclass(frozen=True)
class Uneven:
    """Days that two phases share, or that neither covers; or days of a phase beyond those of the programme."""

    kind: str  # "overlap", "gap", "before", "after"
    phases: tuple[Phase, ...]  # the two, or the one
    first: date
    last: date


@dataclass(frozen=True)
class Contribution:
    kind: str  # of KINDS
    amount: Decimal | None  # MAD; None: not known
    note: Mapping[str, str]

    def stored(self) -> dict[str, Any]:
        amount = None if self.amount is None else f"{self.amount:.2f}"
        return {"kind": self.kind, "amount": amount, "note": dict(self.note)}


@dataclass(frozen=True)
class Partner:
    code: str
    name: Mapping[str, str]
    role: str  # of ROLES
    contributions: tuple[Contribution, ...]

    @property
    def amount(self) -> Decimal | None:
        """What it brings in MAD, as far as that is known; None: nothing is known."""
        known = [one.amount for one in self.contributions if one.amount is not None]
        return sum(known, Decimal()) if known else None

    def stored(self) -> dict[str, Any]:
        contributions = [one.stored() for one in self.contributions]
        return {"code": self.code, "name": dict(self.name), "role": self.role, "contributions": contributions}


@dataclass(frozen=True)
class Plan:
    phases: tuple[Phase, ...]
    budget: Decimal | None  # MAD
    budget_note: Mapping[str, str]
    partners: tuple[Partner, ...]

    @classmethod
    def of(cls, programme: Programme | Settings) -> Plan:
        budget = programme.budget or {}
        return cls(
            tuple(
                Phase(one["code"], one["name"], _day(one["starts_on"]), _day(one["ends_on"])) for one in programme.phases or ()
            ),
            _amount(budget.get("amount")),
            budget.get("note", {}),
            tuple(_partner(one) for one in programme.financing or ()),
        )

    @property
    def pledged(self) -> Decimal:
        """The sum of what is known to be brought, in MAD."""
        return sum((one.amount or Decimal() for one in self.partners), Decimal())

    @property
    def difference(self) -> Decimal | None:
        """What is pledged beyond the budget, or below it (negative); None where they agree or one of them is not known.

        It is said, and never refused: agreements are signed before each sum is."""
        if self.budget is None or not self.pledged or self.pledged == self.budget:
            return None
        return self.pledged - self.budget

    def uneven(self, starts_on: date | None, ends_on: date | None) -> list[Uneven]:
        """What does not fit in the days of the phases and of the programme, by day; said, and never refused."""
        found = []
        dated = sorted((one for one in self.phases if one.starts_on and one.ends_on), key=_days)
        for number, one in enumerate(dated):
            first, last = _days(one)
            if starts_on and first < starts_on:
                found.append(Uneven("before", (one,), first, min(last, starts_on - DAY)))
            if ends_on and last > ends_on:
                found.append(Uneven("after", (one,), max(first, ends_on + DAY), last))
            earlier = dated[:number]
            for other in earlier:
                if (shared := min(last, _days(other)[1])) >= first:
                    found.append(Uneven("overlap", (other, one), first, shared))
            if earlier:
                latest = max(earlier, key=lambda other: _days(other)[1])
                if (free := _days(latest)[1] + DAY) < first:
                    found.append(Uneven("gap", (latest, one), free, first - DAY))
        return found

    def share(self, amount: Decimal | None) -> Decimal | None:
        """A part of the budget in percent, to one decimal."""
        if amount is None or not self.budget:
            return None
        return (amount * 100 / self.budget).quantize(Decimal("0.1"), ROUND_HALF_UP)


def enumeration(partners: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Their names as one line in each language; nothing where there are none. `partners`: as they are stored."""
    if not partners:
        return {}
    between = {"ar": "، ", "fr": ", "}
    return {language: sign.join(one["name"][language] for one in partners) for language, sign in between.items()}


def _days(phase: Phase) -> tuple[date, date]:
    assert phase.starts_on
    assert phase.ends_on
    return phase.starts_on, phase.ends_on


def _partner(one: Mapping[str, Any]) -> Partner:
    brought = (Contribution(part["kind"], _amount(part["amount"]), part["note"]) for part in one["contributions"])
    return Partner(one["code"], one["name"], one["role"], tuple(brought))


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
