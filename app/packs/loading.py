"""Loading a pack: one transaction that brings a programme to what its pack says. The same pack again changes nothing.

What people changed since stays theirs (by_hand.py): settings, consent texts, targets, retention; organisations and forms that the
pack does not name, records that it brought once, and a form's newer version.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.core import audit
from app.core.db import begin_writing, db, next_seq
from app.core.ids import new_id
from app.core.web import local_text
from app.indicators import declarations
from app.indicators import operations as indicators
from app.indicators.forms import forms_of, lists_of
from app.indicators.keeping import periods_in
from app.indicators.models import Indicator
from app.indicators.queries import indicators as declared_here
from app.instruments import operations as instruments
from app.instruments import queries as forms
from app.instruments.models import Instrument, InstrumentVersion
from app.packs import by_hand
from app.packs.problems import OF_DEMONSTRATION
from app.packs.reading import Pack, Record
from app.panels import axes, filling
from app.panels import declarations as panels
from app.panels.models import Home
from app.panels.operations import replace as replace_home
from app.personal.later import set_retention
from app.programmes import operations as programmes
from app.programmes.problems import PHASE_IN_USE
from app.registry.applying import LABEL
from app.registry.finding import links_of, territory_of
from app.registry.models import Entity, EntityLink, EntityVersion, Programme

_LINK = re.compile(r"(?<!\S)@([a-z_]+)\.([a-z0-9_-]+)(?!\S)")  # "@projects.p1"
RECORDS = uuid.UUID("5b1c2f4e-6d0a-5f3b-9a57-0d1f6a7c2e90")  # names of a pack's records begin here


def load(pack: Pack, *, now: datetime) -> list[str]:
    """Bring the programme of a pack into the database and commit; what was created or changed, one word each, nothing if all of
    it was there.

    Raises OF_DEMONSTRATION, and the problems of the parts; nothing is written then.
    """
    return load_over(pack, now=now).changed


@dataclass(frozen=True)
class Loaded:
    changed: list[str]  # what was created or changed, one word each
    kept: list[str]  # what people changed here, and the pack says otherwise


def load_over(pack: Pack, *, now: datetime) -> Loaded:
    """load(), and what was left as people made it."""
    pack = _numbered(pack)
    with at_once():
        programme = db.session.scalar(sa.select(Programme).where(Programme.code == pack.code))
        if programme is not None and programme.is_demo:
            raise OF_DEMONSTRATION(code=pack.code)
        over = by_hand.merged(pack, programme)
        if programme is None:
            programme = programmes.create(None, pack.code, over.pack.settings, now=now)
            changed = ["programme"]
        else:
            # Whether phones ask for a PIN is decided where they are used.
            settings = replace(over.pack.settings, phone_pin=programme.phone_pin)
            changed = ["programme"] * programmes.change(None, programme, settings, now=now)
        changed += bring(over.pack, programme, now=now)
        _phases_stay(programme)
        if programme.from_pack != over.said:
            programme.from_pack = over.said
        return Loaded(changed, over.kept + by_hand.kept_targets(programme))


def _numbered(pack: Pack) -> Pack:
    """The pack with the next free version of forms that come with Daftar where its programme has this version with other choices:
    a version never changes, and the pack cannot count up a form that is not its own."""
    found = []
    for checked in pack.forms:
        one, form_id, version = checked, checked.compiled.package["form_id"], checked.compiled.package["version"]
        there = sa.select(InstrumentVersion.version, InstrumentVersion.sha256).join(InstrumentVersion.instrument)
        there = there.join(Programme, Programme.id == Instrument.programme_id)
        there = there.where(Programme.code == pack.code, Instrument.form_id == form_id)
        known: dict[str, str] = dict(db.session.execute(there).all()) if form_id in pack.own_choices else {}
        number = version
        while number in known and known[number] != one.compiled.sha256:
            number = f"{int(number) + 1:0{len(number)}}"
            raised = checked.content.replace(f"| {version} |".encode(), f"| {number} |".encode())
            one = instruments.check("", checked.filename, raised, checked.given)
        found.append(one)
    return replace(pack, forms=found)


@contextmanager
def at_once() -> Iterator[None]:
    """All that is written within is committed together, or none of it."""
    begin_writing()
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def bring(pack: Pack, programme: Programme, *, now: datetime, published_at: datetime | None = None) -> list[str]:
    """All of a pack beside the programme's own settings; what changed. The caller commits.

    published_at    of its forms, where that is not now
    """
    changed = [f"consent {token}" for token in programmes.set_consent(None, programme, pack.consent, now=now)]
    changed += _organisations(pack, programme, now)
    changed += _forms(pack, programme, published_at or now)
    for form_id, months in pack.retention.items():
        instrument = forms.instrument(programme.id, form_id)
        if instrument is not None and instrument.retention_months != months:
            set_retention(None, instrument, months, now=now)
            changed.append(f"retention {form_id}")
    changed += bring_records(pack.records, programme, now=now)
    return changed + _figures(pack, programme, now)


def _phases_stay(programme: Programme) -> None:
    """Figures that a pack does not know may be counted within a phase that it takes back. Raises PHASE_IN_USE."""
    there = periods_in(programme.phases)
    lost: dict[str, list[str]] = {}
    for one in declared_here(programme, hidden=True):
        if one.declaration.phase and one.declaration.phase not in there:
            lost.setdefault(one.declaration.phase, []).append(local_text(dict(one.declaration.name)))
    for phase, names in lost.items():
        raise PHASE_IN_USE(phase=phase, indicators=", ".join(names))


def _organisations(pack: Pack, programme: Programme, now: datetime) -> list[str]:
    changed = []
    for one in pack.organisations:
        there = programmes.find_organisation(programme, one.code)
        if there is None:
            there, is_new = programmes.add_organisation(None, programme, one.code, one.name, now=now), True
        else:
            is_new = programmes.rename_organisation(None, programme, there, one.name, now=now)
        if programmes.set_territories(None, programme, there, one.territories, now=now) or is_new:
            changed.append(f"organisation {one.code}")
    return changed


def _forms(pack: Pack, programme: Programme, now: datetime) -> list[str]:
    changed = []
    for one in pack.forms:
        form_id = one.compiled.package["form_id"]
        there = sa.select(InstrumentVersion.id).join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        there = there.where(Instrument.programme_id == programme.id, Instrument.form_id == form_id)
        # A version that was there stays as it is, also where the office has published a newer one since.
        if db.session.scalar(there.where(InstrumentVersion.sha256 == one.compiled.sha256)) is None:
            instruments.publish_checked(None, programme.id, one, now)
            changed.append(f"form {form_id}")
    return changed


def _figures(pack: Pack, programme: Programme, now: datetime) -> list[str]:
    """Indicators and home, checked against the forms that the programme has now."""
    changed = []
    known, lists = forms_of(programme.id), lists_of(programme.id)
    if pack.indicators is not None:
        phases = periods_in(programme.phases)
        # What panels of axes and of minutes read follows from the forms and is counted like the rest.
        home = panels.read(pack.home or [], lists=lists, forms=known)
        made = [*axes.declarations(home, known), *filling.declarations(home, known)]
        declared = declarations.read([*pack.indicators, *made], known, lists, list(phases))
        # Other days of a phase count afresh by themselves.
        if [one.stored() for one in declared] != _declared(programme):
            indicators.replace(programme, declared, now)
            changed.append("indicators")
    if pack.home is not None:
        codes = db.session.scalars(sa.select(Indicator.code).where(Indicator.programme_id == programme.id)).all()
        panels.read(pack.home, lists=lists, indicators=codes, forms=known)
        there = db.session.get(Home, programme.id)
        if there is None or there.panels != pack.home:
            replace_home(programme, pack.home, now=now)
            changed.append("home")
    return changed


def _declared(programme: Programme) -> list[dict[str, Any]]:
    query = sa.select(Indicator.declaration).where(Indicator.programme_id == programme.id).order_by(Indicator.position)
    return list(db.session.scalars(query))


def record_id(programme: Programme, list_name: str, key: str) -> str:
    """The same key of the same list in the same programme is the same record, however often it is loaded."""
    return str(uuid.uuid5(RECORDS, f"{programme.id}/{list_name}/{key}"))


def bring_records(records: Sequence[Record], programme: Programme, *, now: datetime) -> list[str]:
    """Those that the programme does not have yet; one that is here stays as it is. The caller commits."""
    ids = {record_id(programme, one.list, one.key): one for one in records}
    there = set(db.session.scalars(sa.select(Entity.id).where(Entity.id.in_(ids))))
    fresh = {entity_id: one for entity_id, one in ids.items() if entity_id not in there}
    for entity_id, one in fresh.items():
        _record(programme, entity_id, one, now)
    for name in sorted({one.list for one in fresh.values()}):
        count = sum(one.list == name for one in fresh.values())
        details = {"list": name, "records": count}
        audit.record("entity.imported", at=now, programme_id=programme.id, object_id=programme.id, details=details)
    return [f"record {one.list}/{one.key}" for one in fresh.values()]


def _record(programme: Programme, entity_id: str, one: Record, now: datetime) -> None:
    data = {name: _LINK.sub(lambda found: record_id(programme, found[1], found[2]), text) for name, text in one.data.items()}
    entity = Entity(
        id=entity_id,
        programme_id=programme.id,
        list=one.list,
        label=one.label,
        territory=territory_of(data),
        data=data,
        version=1,
        updated_at=now,
        seq=next_seq(),
    )
    db.session.add(entity)
    db.session.flush()
    db.session.add(
        EntityVersion(id=new_id(), entity_id=entity_id, version=1, changes={**data, LABEL: one.label}, kind="import", at=now)
    )
    db.session.add_all(EntityLink(entity_id=entity_id, property=name[:80], target_id=to) for name, to in links_of(data))
    db.session.flush()
