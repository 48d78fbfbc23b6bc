"""Pages of the fleet: phones, one phone, the link that makes a phone ready, incidents."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts import enrolment, incidents
from app.accounts import operations as accounts
from app.accounts.models import Device, Enrolment, Incident, Person
from app.accounts.sessions import signed_in
from app.core import qr
from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.permissions import Actor, require
from app.core.problems import NOT_FOUND, Problem
from app.core.web import local_text
from app.fleet import queries, words
from app.fleet.queries import Phone

bp = Blueprint("fleet", __name__)


def _actor() -> Actor:
    require(g.actor, "device.manage")
    actor: Actor = g.actor
    return actor


def _phone(device_id: str) -> Phone:
    """A phone of somebody whom the reader manages; any other looks like none."""
    found = queries.phone(_actor(), device_id, now=utcnow())
    if found is None:
        raise NOT_FOUND()
    return found


@bp.app_context_processor
def _fleet_words() -> dict[str, object]:
    return {"fleet_words": words}


@bp.get("/phones")
@signed_in
def phones() -> str:
    actor, now = _actor(), utcnow()
    found = queries.phones(actor, now=now)
    links = enrolment.unused(queries.managed_people(actor), now=now)
    by_id = {one.device.id: one for one in found}
    opened = queries.incidents(list(by_id), closed=False)
    silent = [one for one in found if one.is_silent]
    chosen = request.args.get("show", "")
    kinds = {
        "look": [one for one in found if one.needs_a_look],
        "silent": silent,
        "out": [one for one in found if one.is_out],
    }
    return render_template(
        "fleet/phones.html",
        phones=kinds.get(chosen, found),
        tabs=[
            (_("All phones"), "", len(found)),
            (_("To look at"), "look", len(kinds["look"])),
            (_("Silent for 48 hours"), "silent", len(silent)),
            (_("Lost or revoked"), "out", len(kinds["out"])),
        ],
        chosen=chosen if chosen in kinds else "",
        silent=len(silent),
        holding=sum(1 for one in silent if one.unsent),
        incidents=[(one, by_id[one.device_id], queries.arrived_since(one)) for one in opened],
        links=links,
        makers={one.id: local_text(one.name) for one in _people([link.created_by for link, _person in links])},
    )


@bp.get("/phones/incidents")
@signed_in
def closed_incidents() -> str:
    by_id = {one.device.id: one for one in queries.phones(_actor(), now=utcnow())}
    found = queries.incidents(list(by_id), closed=True)
    closers = {one.id: local_text(one.name) for one in _people([one.closed_by for one in found])}
    return render_template(
        "fleet/incidents.html", incidents=[(one, by_id[one.device_id], queries.arrived_since(one)) for one in found], who=closers
    )


def _people(ids: list[str | None]) -> list[Person]:
    return [person for one in set(ids) if one and (person := db.session.get(Person, one))]


@bp.get("/phones/<device_id>")
@signed_in
def phone(device_id: str) -> str:
    found = _phone(device_id)
    closed = queries.incidents([device_id], closed=True)
    return render_template(
        "fleet/phone.html",
        phone=found,
        receipts=queries.receipts(device_id),
        incidents=[(one, queries.arrived_since(one)) for one in found.incidents],
        closed=[(one, queries.arrived_since(one)) for one in closed],
        who={one.id: local_text(one.name) for one in _people([one.closed_by for one in closed])},
    )


@bp.get("/phones/<device_id>/<any(revoke, lost):what>")
@signed_in
def confirm(device_id: str, what: str) -> str:
    """The step before: says what will happen, and what will not."""
    return render_template("fleet/confirm.html", phone=_phone(device_id), what=what)


@bp.post("/phones/<device_id>/revoke")
@signed_in
def revoke(device_id: str) -> Response:
    begin_writing()
    found = _phone(device_id)
    name = local_text(found.person.name)
    if found.device.revoked_at is None:
        accounts.revoke_device(found.device, now=utcnow(), by=_actor())
    db.session.commit()
    text = _(
        "The phone of %(name)s is revoked and reads nothing more. What it still holds is taken when it comes back.", name=name
    )
    return _back(device_id, text)


@bp.post("/phones/<device_id>/lost")
@signed_in
def set_lost(device_id: str) -> Response:
    begin_writing()
    found, lost = _phone(device_id), request.form.get("lost") == "1"
    name = local_text(found.person.name)
    if lost != (found.device.lost_at is not None):
        accounts.set_lost(found.device, lost, now=utcnow(), by=_actor())
    db.session.commit()
    if lost:
        return _back(device_id, _("The phone of %(name)s is noted as lost. It reads nothing more.", name=name))
    return _back(device_id, _("The phone of %(name)s is noted as found. She signs in on it again.", name=name))


def _back(device_id: str, text: str) -> Response:
    flash(text, "ok")
    return redirect(url_for("fleet.phone", device_id=device_id))  # type: ignore[return-value]


@bp.post("/incidents/<incident_id>/close")
@signed_in
def close_incident(incident_id: str) -> Response:
    begin_writing()
    incident = db.session.get(Incident, incident_id, with_for_update=True)
    if incident is None:
        raise NOT_FOUND()
    found = _phone(incident.device_id)
    note = request.form.get("note", "").strip()
    address = (
        url_for("fleet.phone", device_id=found.device.id) if request.form.get("from") == "phone" else url_for("fleet.phones")
    )
    if not note:
        db.session.rollback()
        flash(_("Write what you found out: it stays with the incident."), "error")
    else:
        if incident.closed_at is None:
            incidents.close(incident, note=note, by=_actor(), now=utcnow())
        db.session.commit()
        flash(_("The incident is closed, with your note."), "ok")
    return redirect(address)  # type: ignore[return-value]


@bp.post("/people/<person_id>/phone-link")
@signed_in
def link(person_id: str) -> str:
    """A link for this person, shown this once: as a code to scan, and as text to send."""
    actor, now = _actor(), utcnow()
    begin_writing()
    person = db.session.get(Person, person_id)
    if person is None or not (actor.is_administrator or accounts.manages(actor, person)):
        raise NOT_FOUND()
    made, token = enrolment.make_link(person, by=actor, now=now)
    db.session.commit()
    address = f"{request.host_url}field/#/enrol/{token}"
    return render_template(
        "fleet/link.html",
        person=person,
        address=address,
        code=qr.drawing(address),
        expires_at=made.expires_at,
        reach=reach_of(request.host_url),
        has_phone=_has_phone(person),
    )


def reach_of(address: str) -> str:
    """How a phone gets on with an address of this server: `phones`, `unsafe` (no https: nothing is kept offline), `nobody`."""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost") or host == "::1" or re.fullmatch(r"127(\.\d+){3}|0\.0\.0\.0", host):
        return "nobody"
    return "phones" if parts.scheme == "https" else "unsafe"


@bp.post("/phones/links/<link_id>/cancel")
@signed_in
def cancel_link(link_id: str) -> Response:
    actor = _actor()
    begin_writing()
    found = db.session.get(Enrolment, link_id)
    person = db.session.get(Person, found.person_id) if found else None
    if found is None or person is None or not (actor.is_administrator or accounts.manages(actor, person)):
        raise NOT_FOUND()
    name = local_text(person.name)
    try:
        enrolment.cancel(found, by=actor, now=utcnow())
        db.session.commit()
        flash(_("The link for %(name)s is cancelled: it makes no phone ready any more.", name=name), "ok")
    except Problem:
        db.session.rollback()
        flash(_("A phone of %(name)s has used this link already. If it is not hers, revoke it in the list.", name=name), "error")
    return redirect(url_for("fleet.phones"))  # type: ignore[return-value]


def _has_phone(person: Person) -> bool:
    mine = db.session.scalars(sa.select(Device).where(Device.person_id == person.id))
    return any(one.revoked_at is None and one.lost_at is None for one in mine)
