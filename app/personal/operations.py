"""What the page and the command ask for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from app.core import audit
from app.core.permissions import Actor, require
from app.personal import problems
from app.personal.finding import Found, Search, search
from app.personal.hers import PERSONS, Wanted, properties_of, wanted
from app.registry import operations as registry
from app.registry.applying import LABEL
from app.registry.finding import normalise


def require_whole(actor: Actor, programme_id: str) -> None:
    """Who answers for somebody's data answers for all of them. Raises NOT_ALLOWED, WHOLE_PROGRAMME."""
    require(actor, "person.manage", programme_id=programme_id)
    grant = actor.grants.get(programme_id)
    if not actor.is_administrator and grant is not None and (grant.organisation_id is not None or grant.territories):
        raise problems.WHOLE_PROGRAMME()


def asked(text: str, record_id: str = "") -> Wanted:
    """Raises NOBODY for what would find half the country."""
    who = wanted(text, [record_id] if record_id else [])
    if not record_id and not who.digits and len("".join(who.words)) < 3:
        raise problems.NOBODY()
    return who


def chosen(programme_id: str, who: Wanted, keys: Collection[str], *, most: int | None) -> tuple[Search, list[Found]]:
    """What the keys name, searched again: nothing is taken from a page but the choice. Raises NOTHING."""
    found = search(programme_id, who, most=most)
    ticked = [one for one in found.found if one.key in keys]
    if not ticked:
        raise problems.NOTHING()
    return found, ticked


def correct(actor: Actor, programme_id: str, ticked: Sequence[Found], was: str, now_is: str, *, now: datetime) -> int:
    """Write another value in the ticked records wherever they say `was`; how many changed. Submissions stay what was said
    that day. The caller began with begin_writing() and commits. Raises NO_VALUE, NOT_ALLOWED."""
    now_is = now_is.strip()[:500]
    if not was or not now_is:
        raise problems.NO_VALUE()
    personal = properties_of(programme_id)
    done = 0
    for entity_id in sorted({one.object_id for one in ticked if one.kind in ("record", "property")}):
        entity = registry.editable(actor, entity_id)
        names = personal.get(entity.list, frozenset()) | ({LABEL} if entity.list in PERSONS else set())
        said = {LABEL: entity.label, **entity.data}
        values = {name: now_is for name in names if said.get(name) and normalise(said[name]) == normalise(was)}
        if values and registry.change(entity, values, kind="office", actor=actor, now=now):
            registry.note_in_chain("entity.corrected", entity, actor, now, properties=sorted(values))
            done += 1
    if not done:
        raise problems.NO_VALUE()
    audit.record(
        "person.corrected",
        at=now,
        actor_id=actor.person_id,
        programme_id=programme_id,
        object_id=programme_id,
        details={"records": done},
    )
    return done
