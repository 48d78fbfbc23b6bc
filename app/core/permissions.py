"""Who may do what, where: one list of actions, asked by name. docs/permissions.md shows it as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from app.core.db import Json, db
from app.core.problems import NOT_ALLOWED

FACILITATOR, COORDINATOR, SUPERVISOR = "facilitator", "coordinator", "supervisor"

# The table of app.accounts, which stands above this module.
_memberships = sa.table(
    "memberships",
    sa.column("person_id", sa.String),
    sa.column("programme_id", sa.String),
    sa.column("organisation_id", sa.String),
    sa.column("territories", Json),
)


@dataclass(frozen=True)
class Grant:
    """A role in one programme, kept to an organisation and to territories (HCP code prefixes) where they are given."""

    role: str
    organisation_id: str | None = None  # none: every organisation
    territories: tuple[str, ...] = ()  # none: everywhere

    def reaches(self, territory: str | None) -> bool:
        """Whether a place is in these territories. What has no place cannot be kept out by place."""
        if territory is None or not self.territories:
            return True
        return any(f"{territory}.".startswith(prefix.rstrip(".") + ".") for prefix in self.territories)

    def holds(self, organisation_id: str | None, territories: list[str]) -> bool:
        """Whether somebody kept to these is wholly within this grant. Who may work everywhere is in nobody's territory."""
        if self.organisation_id not in (None, organisation_id):
            return False
        return not self.territories or (bool(territories) and all(self.reaches(one) for one in territories))


@dataclass(frozen=True)
class Actor:
    """Who asks. Operations take it as an argument; views find it in `g.actor`."""

    person_id: str
    name: Mapping[str, str]
    language: str = "ar"
    is_administrator: bool = False
    grants: Mapping[str, Grant] = field(default_factory=dict)  # by programme_id
    _answers_for: dict[str, frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def answers_for(self, programme_id: str) -> frozenset[str]:
        """The people of a programme who work wholly within this actor's organisation and territories.

        Looked up once: an actor lives as long as a request.
        """
        if programme_id not in self._answers_for:
            grant = self.grants[programme_id]
            rows = db.session.execute(sa.select(_memberships).where(_memberships.c.programme_id == programme_id))
            self._answers_for[programme_id] = frozenset(
                row.person_id for row in rows if grant.holds(row.organisation_id, row.territories or [])
            )
        return self._answers_for[programme_id]


@dataclass(frozen=True)
class Action:
    sentence: str
    roles: frozenset[str] = frozenset()  # administrators may do everything
    own: frozenset[str] = frozenset()  # of these roles: those who may only when they are the author


def _action(sentence: str, *roles: str, own: str = "") -> Action:
    return Action(sentence, frozenset(roles), frozenset({own} - {""}))


ACTIONS: Final[dict[str, Action]] = {
    "submission.read": _action(
        "Read a submission, its photos and its history; a facilitator only her own.",
        FACILITATOR, COORDINATOR, SUPERVISOR, own=FACILITATOR,
    ),
    "submission.send": _action("Send submissions from a phone.", FACILITATOR, COORDINATOR),
    "submission.review": _action("Approve a submission, return it with remarks, or reject it.", COORDINATOR),
    "submission.delete": _action("Delete a submission; a tombstone stays.", COORDINATOR),
    "submission.export": _action("Download submissions as a spreadsheet.", COORDINATOR, SUPERVISOR),
    "names.export": _action("Download the names and telephone numbers of persons too.", COORDINATOR),
    "instrument.read": _action("See the instruments and fill them.", FACILITATOR, COORDINATOR, SUPERVISOR),
    "instrument.prepare": _action("Check a form, keep it as a draft and try it; nothing reaches phones or figures.", COORDINATOR),
    "instrument.publish": _action("Publish a version of an instrument, open it or close it."),
    "entity.read": _action("See the records: cooperatives, groups, persons.", FACILITATOR, COORDINATOR, SUPERVISOR),
    "entity.edit": _action("Correct, merge or archive a record at the office.", COORDINATOR),
    "person.manage": _action(
        "Find, give out, correct and erase what is held about one person; a coordinator only of the whole programme.",
        COORDINATOR,
    ),
    "programme.read": _action("See a programme, its figures and its organisations.", FACILITATOR, COORDINATOR, SUPERVISOR),
    "home.read": _action("See the programme's home: its figures, its tables and what waits.", COORDINATOR, SUPERVISOR),
    "programme.manage": _action("Create a programme; set its organisations, consent texts, partners, phases and targets."),
    "people.manage": _action(
        "Create accounts, set roles, reset passwords, end sessions; a coordinator only of facilitators of her organisation.",
        COORDINATOR,
    ),
    "device.manage": _action(
        "See phones and what they last reported, make one ready, mark one lost, revoke one, close incidents.", COORDINATOR
    ),
    "audit.read": _action("Read the chain of what was done.", SUPERVISOR),
}  # fmt: skip


def can(
    actor: Actor | None,
    action: str,
    *,
    programme_id: str | None = None,
    organisation_id: str | None = None,
    territory: str | None = None,
    author_id: str | None = None,
) -> bool:
    """Whether the actor may do it to what has this organisation, place and author.

    Without programme_id: whether anywhere (for menus and lists). With a programme only: whether to something in it.
    A supervisor's grant covers the whole programme. A record that no organisation follows (None) is everyone's.
    What a person of hers wrote stays with a coordinator wherever it was placed: a wrong province must not hide it.
    """
    rule = ACTIONS[action]
    if actor is None:
        return False
    if actor.is_administrator:
        return True
    if programme_id is None:
        return any(grant.role in rule.roles for grant in actor.grants.values())
    grant = actor.grants.get(programme_id)
    if grant is None or grant.role not in rule.roles:
        return False
    if grant.role in rule.own:
        return author_id is None or author_id == actor.person_id
    if grant.role == SUPERVISOR:
        return True
    if organisation_id is not None and grant.organisation_id not in (None, organisation_id):
        return False
    return grant.reaches(territory) or (author_id is not None and author_id in actor.answers_for(programme_id))


def require(
    actor: Actor | None,
    action: str,
    *,
    programme_id: str | None = None,
    organisation_id: str | None = None,
    territory: str | None = None,
    author_id: str | None = None,
) -> None:
    """Raise NOT_ALLOWED unless can(…)."""
    if not can(
        actor, action, programme_id=programme_id, organisation_id=organisation_id, territory=territory, author_id=author_id
    ):
        raise NOT_ALLOWED(action=action)


def visible(actor: Actor, programme_id: str, model: Any, action: str | None = None) -> sa.ColumnElement[bool]:
    """A condition on rows of `model` (with programme_id and, where it has them, organisation_id, territory, author_id).

    `action` decides which roles; absent: "submission.read" for rows with an author, else "entity.read". It says in SQL
    what can() says of one row.
    """
    rule = ACTIONS[action or ("submission.read" if hasattr(model, "author_id") else "entity.read")]
    here: sa.ColumnElement[bool] = model.programme_id == programme_id
    if actor.is_administrator:
        return here
    grant = actor.grants.get(programme_id)
    if grant is None or grant.role not in rule.roles:
        return sa.false()
    if grant.role in rule.own:
        return sa.and_(here, model.author_id == actor.person_id)
    if grant.role == SUPERVISOR:
        return here
    conditions = [here]
    if grant.organisation_id is not None and hasattr(model, "organisation_id"):
        conditions.append(sa.or_(model.organisation_id == grant.organisation_id, model.organisation_id.is_(None)))
    if grant.territories and hasattr(model, "territory"):
        places = [model.territory.is_(None)]
        for prefix in grant.territories:
            prefix = prefix.rstrip(".")
            places += [model.territory == prefix, model.territory.startswith(prefix + ".", autoescape=True)]
        if hasattr(model, "author_id"):
            places.append(model.author_id.in_(sorted(actor.answers_for(programme_id))))
        conditions.append(sa.or_(*places))
    return sa.and_(*conditions)


def programmes_where(actor: Actor, action: str) -> list[str] | None:
    """The programmes in which the actor may do it; None: all of them (administrators)."""
    if actor.is_administrator:
        return None
    return [programme_id for programme_id, grant in actor.grants.items() if grant.role in ACTIONS[action].roles]
