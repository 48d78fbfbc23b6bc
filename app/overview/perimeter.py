"""What the reader chose to look at: an organisation, a territory, a time, within what she may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _

from app.core.db import db
from app.core.permissions import SUPERVISOR, Actor
from app.core.web import local_text
from app.indicators import perimeter as indicators
from app.indicators.evaluating import Period
from app.indicators.keeping import periods_in
from app.overview import words
from app.registry.models import Programme
from app.registry.places import full_name


@dataclass(frozen=True)
class Perimeter(indicators.Perimeter):
    """That of indicators, in one programme."""

    programme_id: str = field(kw_only=True)
    of_phase: Period = field(default=(None, None), kw_only=True)  # the first and the last day of the phase that was chosen

    is_home: bool = field(default=False, kw_only=True)  # all panels on one page: long ones show their beginning

    @property
    def has_time(self) -> bool:
        return bool(self.date_from or self.date_to or self.phase)

    def holds_day(self, text: str) -> bool:
        """Whether a day `2026-11-26` lies in the time chosen; what has no day does not, once a time is chosen."""
        if not self.has_time:
            return True
        day = text[:10]
        return bool(day) and all(
            (not first or day >= first.isoformat()) and (not last or day <= last.isoformat())
            for first, last in ((self.date_from, self.date_to), self.of_phase)
        )


def perimeter_from(programme: Programme, args: Any) -> tuple[Perimeter, tuple[str, ...]]:
    """Of an address, by the rule of indicators; and what in it means nothing here."""
    asked = indicators.asked_in(programme, args)
    days = periods_in(programme.phases).get(asked.perimeter.phase, (None, None))
    return Perimeter(programme_id=programme.id, of_phase=days, **vars(asked.perimeter)), asked.unknown


def last_day(chosen: Perimeter, today: date) -> date:
    """Up to when something that has not ended goes on: today, or the earlier end of the programme or of the time chosen."""
    programme = db.session.get_one(Programme, chosen.programme_id)
    ends = [programme.ends_on, chosen.date_to, chosen.of_phase[1], last_of_phases(programme)]
    return min([today, *(one for one in ends if one is not None)])


def last_of_phases(programme: Programme) -> date | None:
    """The day on which the last phase ends; none where one of them has no end."""
    ends = [last for _first, last in periods_in(programme.phases).values()]
    known = [one for one in ends if one is not None]
    return max(known) if known and len(known) == len(ends) else None


def in_words(
    actor: Actor, programme: Programme, chosen: Perimeter, organisations: dict[str, str], phases: dict[str, str], language: str
) -> str:
    """`Association Al Hadaf · Boulemane · from … to …`: what a printed page must say of itself."""
    grant = actor.grants.get(programme.id)
    own: str = ""
    mine: list[str] = []
    if grant is not None and grant.role != SUPERVISOR and not actor.is_administrator:
        own, mine = grant.organisation_id or "", list(grant.territories)
    parts = [organisations.get(chosen.organisation_id or own, "")]
    places = [chosen.territory] if chosen.territory else mine or list(programme.territories or [])
    parts.append(("، " if language == "ar" else ", ").join(full_name(one, language) for one in places[:6]))
    if chosen.phase:
        parts.append(phases.get(chosen.phase, chosen.phase))
    parts.append(words.period(chosen.date_from, chosen.date_to, language))
    said = " · ".join(part for part in parts if part)
    return said or _("the whole programme")


def programme_title(programme: Programme) -> str:
    return local_text(programme.name)
