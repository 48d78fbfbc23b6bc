"""A pack that is loaded again, over what people changed since: part by part, what was changed here stays as it is here.

Three are compared: what the pack said when it was last loaded (`Programme.from_pack`), what stands here, and what it says now.
A part that still is what the pack said last takes what it says now; any other was changed by people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from app.core.db import db
from app.indicators import queries as indicators
from app.instruments.models import Instrument
from app.packs.reading import Pack
from app.programmes.operations import Settings
from app.programmes.plan import enumeration
from app.registry.models import Organisation, Programme

Parts = dict[str, Any]  # {"name": …, "phase training": …, "consent recipients": …}
LISTED = ("phase ", "partner ")  # a pack that no longer names them takes them back; others it then leaves alone


@dataclass(frozen=True)
class Merged:
    pack: Pack  # what is to be written
    kept: list[str]  # parts of which the pack says something else
    said: Parts  # all that it says: for the next time


def merged(pack: Pack, programme: Programme | None) -> Merged:
    """A pack with the parts that people changed here as they are here."""
    said = _parts(
        pack.settings, pack.consent, [(one.code, one.name, one.territories) for one in pack.organisations], pack.retention
    )
    if programme is None:
        return Merged(replace(pack, settings=_settings(said, pack.settings)), [], said)
    last, here = programme.from_pack or {}, _here(programme)
    result = _merge(last, here, said)
    kept = [key for key in dict.fromkeys([*said, *last]) if key in _kept(last, here, said, result)]
    follows = dict(programme.partners or {}) in ({}, enumeration(programme.financing or []))
    settings = _settings(result, pack.settings)
    line = enumeration(settings.financing) if follows else programme.partners
    return Merged(
        replace(
            pack,
            settings=replace(settings, partners=line),
            consent={token: texts for token, texts in pack.consent.items() if f"consent {token}" not in kept},
            organisations=[one for one in pack.organisations if f"organisation {one.code}" not in kept],
            retention={form_id: months for form_id, months in pack.retention.items() if f"retention {form_id}" not in kept},
        ),
        kept,
        said,
    )


def kept_targets(programme: Programme) -> list[str]:
    """Targets that people set, where the declarations say another."""
    shown = indicators.indicators(programme, hidden=True)
    return [f"target {one.declaration.code}" for one in shown if one.declaration.target != one.declared]


def _merge(last: Parts, here: Parts, said: Parts) -> Parts:
    result: Parts = {}
    for key in dict.fromkeys([*said, *here]):
        there, word = here.get(key), said.get(key)
        if key in said:
            untouched = there == last.get(key) if key in last else key not in here
            # Without `last`: loaded by an earlier Daftar, or never. The pack has the word.
            if not last or untouched:
                result[key] = word
            elif key in here:
                result[key] = there
        elif not key.startswith(LISTED) or there != last.get(key):
            result[key] = there
    return result


def _kept(last: Parts, here: Parts, said: Parts, result: Parts) -> set[str]:
    """Parts that are not as the pack says, or that it wanted to take back."""
    other = {key for key in said if key not in result or result[key] != said[key]}
    return other | {key for key in last if key not in said and key in result and key.startswith(LISTED)}


def _here(programme: Programme) -> Parts:
    organisations = db.session.scalars(
        sa.select(Organisation).where(Organisation.programme_id == programme.id).order_by(Organisation.code)
    )
    kept = sa.select(Instrument.form_id, Instrument.retention_months).where(
        Instrument.programme_id == programme.id, Instrument.retention_months.is_not(None)
    )
    return _parts(
        Settings.of(programme),
        programme.consent or {},
        [(one.code, one.name, one.territories or []) for one in organisations],
        {row[0]: row[1] for row in db.session.execute(kept)},
    )


def _parts(
    settings: Settings,
    consent: Mapping[str, Any],
    organisations: Sequence[tuple[str, Mapping[str, str], Sequence[str]]],
    retention: Mapping[str, int | None],
) -> Parts:
    budget = dict(settings.budget)
    found: Parts = {
        "name": dict(settings.name),
        "territories": sorted(settings.territories),
        "starts_on": settings.starts_on.isoformat() if settings.starts_on else None,
        "ends_on": settings.ends_on.isoformat() if settings.ends_on else None,
        "budget": budget if budget.get("amount") or budget.get("note") else {},
        **{f"phase {one['code']}": one for one in settings.phases},
        **{f"partner {one['code']}": one for one in settings.financing},
        **{f"organisation {code}": {"name": dict(name), "territories": sorted(where)} for code, name, where in organisations},
        **{f"consent {token}": texts for token, texts in consent.items()},
        **{f"retention {form_id}": months for form_id, months in retention.items()},
    }
    even: Parts = _on_one_line(found)
    return even


def _on_one_line(value: Any) -> Any:
    """Pages and packs may differ in blanks alone."""
    if isinstance(value, Mapping):
        return {key: _on_one_line(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_on_one_line(one) for one in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def _settings(parts: Parts, before: Settings) -> Settings:
    return replace(
        before,
        name=parts["name"],
        territories=tuple(parts["territories"]),
        starts_on=date.fromisoformat(parts["starts_on"]) if parts["starts_on"] else None,
        ends_on=date.fromisoformat(parts["ends_on"]) if parts["ends_on"] else None,
        budget=parts["budget"],
        phases=tuple(one for key, one in parts.items() if key.startswith("phase ")),
        financing=tuple(one for key, one in parts.items() if key.startswith("partner ")),
    )
