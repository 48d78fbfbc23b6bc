"""What a programme is to last, cost and be paid by: phases, budget, and partners with what each brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from app.programmes.operations import Settings
from app.registry.models import Programme

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


@dataclass(frozen=True)
class Contribution:
    kind: str  # of KINDS
    amount: Decimal | None  # MAD; None: not known
    note: Mapping[str, str]


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

    def share(self, amount: Decimal | None) -> Decimal | None:
        """A part of the budget in percent, to one decimal."""
        if amount is None or not self.budget:
            return None
        return (amount * 100 / self.budget).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _partner(one: Mapping[str, Any]) -> Partner:
    brought = (Contribution(part["kind"], _amount(part["amount"]), part["note"]) for part in one["contributions"])
    return Partner(one["code"], one["name"], one["role"], tuple(brought))


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
