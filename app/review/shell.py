"""What every office page shows around its content: the menu, the programme, the language, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask, g, request, session
from flask_babel import gettext as _
from markupsafe import Markup

from app.accounts.models import Device, Incident, Person
from app.accounts.operations import manages
from app.core.db import db
from app.core.languages import chosen_language, direction
from app.core.permissions import Actor, can, programmes_where
from app.core.web import local_text
from app.registry.models import Programme
from app.submissions import quarantine
from app.submissions.queries import TO_REVIEW, Filters, bounded_count

LANGUAGE_NAMES = {"ar": "العربية", "fr": "Français"}


@dataclass(frozen=True)
class Link:
    text: str
    address: str
    current: bool = False
    count: str = ""
    attention: bool = False
    heading: str = ""


class Shell:
    """Made for each page, asked only for what the page draws."""

    @cached_property
    def actor(self) -> Actor | None:
        return g.get("actor")

    @cached_property
    def language(self) -> str:
        return chosen_language()

    @cached_property
    def direction(self) -> str:
        return direction(self.language)

    @property
    def other_languages(self) -> list[tuple[str, str]]:
        return [(code, name) for code, name in LANGUAGE_NAMES.items() if code != self.language]

    def language_address(self, chosen: str) -> str:
        return "?" + urlencode([*((k, v) for k, v in request.args.items(multi=True) if k != "lang"), ("lang", chosen)])

    @cached_property
    def programmes(self) -> list[Programme]:
        """Those the person takes part in, by name."""
        if self.actor is None:
            return []
        mine = programmes_where(self.actor, "programme.read")
        query = sa.select(Programme) if mine is None else sa.select(Programme).where(Programme.id.in_(mine))
        return sorted(db.session.scalars(query), key=lambda programme: local_text(programme.name))

    @cached_property
    def programme(self) -> Programme | None:
        """The one being worked on: asked for in the address, else the last one, else the first."""
        by_id = {programme.id: programme for programme in self.programmes}
        asked = request.args.get("programme", "")
        if asked in by_id:
            session["programme"] = asked
            return by_id[asked]
        return by_id.get(session.get("programme", "")) or next(iter(self.programmes), None)

    @property
    def is_demo(self) -> bool:
        """Whether what the page shows belongs to a demonstration, which every page and every sheet of paper says."""
        return self.actor is not None and self.programme is not None and self.programme.is_demo

    def programme_address(self, programme: Programme) -> str:
        """The same list in another programme; a single record has no counterpart there."""
        top = "/" + request.path.strip("/").split("/")[0]
        if top == "/programmes":
            return f"/programmes/{programme.id}"
        listed = ("/submissions", "/indicators", "/records", "/exports", "/instruments", "/overview")
        there = top if top in listed else "/submissions"
        return f"{there}?programme={programme.id}"

    @property
    def person_name(self) -> str:
        return local_text(self.actor.name) if self.actor else ""

    sign_out_address = "/sign-out"

    def may(self, action: str) -> bool:
        """Whether the person may do it in the programme being worked on."""
        return self.programme is not None and can(self.actor, action, programme_id=self.programme.id)

    @property
    def links(self) -> list[Link]:
        actor, programme = self.actor, self.programme
        if actor is None:
            return []
        found = []
        path = request.path.rstrip("/") or "/"

        def add(text: str, address: str, allowed: bool, *, current: bool | None = None, **more: Any) -> None:
            if allowed:
                target = address.split("?")[0]
                here = path == target or path.startswith(target + "/") if current is None else current
                found.append(Link(text, address, here, **more))

        here_id = programme.id if programme else None
        if here_id:
            add(_("Overview"), "/overview", can(actor, "home.read", programme_id=here_id))
        in_submissions = path == "/submissions" or path.startswith("/submissions/")
        reviewing = in_submissions and request.args.get("state") == "to_review"
        if here_id and can(actor, "submission.read", programme_id=here_id):
            waiting = bounded_count(actor, Filters(here_id, states=TO_REVIEW))
            may_review = can(actor, "submission.review", programme_id=here_id)
            if may_review:
                add(_("To review"), "/submissions?state=to_review", True, current=reviewing, count=waiting.text, attention=False)
            add(_("Submissions"), "/submissions", True, current=in_submissions and not (reviewing and may_review))
        if can(actor, "submission.review"):
            held = quarantine.count(actor)
            add(_("Quarantine"), "/quarantine", True, count=str(held) if held else "", attention=bool(held))
        if here_id:
            add(_("Indicators"), "/indicators", can(actor, "programme.read", programme_id=here_id))
            add(_("Records"), "/records", can(actor, "entity.read", programme_id=here_id))
            add(_("Exports"), "/exports", can(actor, "submission.export", programme_id=here_id))
            grant = actor.grants.get(here_id)
            whole = grant is None or (grant.organisation_id is None and not grant.territories)
            add(_("Personal data"), "/personal-data", whole and can(actor, "person.manage", programme_id=here_id))
        first = len(found)
        add(_("Programmes"), "/programmes", can(actor, "programme.manage"))
        add(_("Instruments"), "/instruments", can(actor, "instrument.read"))
        add(_("People"), "/people", can(actor, "people.manage"))
        add(_("Phones"), "/phones", can(actor, "device.manage"), **_open_incidents(actor))
        if len(found) > first:
            found[first] = replace(found[first], heading=_("Settings"))
        return found


def _open_incidents(actor: Actor) -> dict[str, Any]:
    """How many incidents of phones wait for this person. They are few: each is asked whether she answers for its phone."""
    if not can(actor, "device.manage"):
        return {}
    owners = db.session.scalars(
        sa.select(Person)
        .join(Device, Device.person_id == Person.id)
        .join(Incident, Incident.device_id == Device.id)
        .where(Incident.closed_at.is_(None))
        .limit(100)
    )
    count = sum(1 for one in owners if actor.is_administrator or manages(actor, one))
    return {"count": str(count), "attention": True} if count else {}


def init_shell(app: Flask) -> None:
    app.context_processor(lambda: {"shell": Shell()})
    app.jinja_env.filters["bdi"] = lambda text: Markup("<bdi>%s</bdi>") % text
