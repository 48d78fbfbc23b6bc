"""What phones and incidents are called at the office."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.models import Incident
from app.core.languages import chosen_language, date_and_time, number
from app.fleet.queries import Phone


def incident_title(kind: str) -> str:
    return {
        "unsent_missing": _("The phone came back without forms that it had reported"),
        "data_lost": _("The data of the application was removed from the phone"),
        "items_missing": _("Finished forms are missing on the phone"),
        "store_damaged": _("The phone's storage was damaged"),
        "signed_in_afresh": _("A phone of the same kind signed in anew while this one still held forms"),
        "lost_came_back": _("A phone said to be lost has been in contact"),
    }.get(kind, kind)


def incident_lines(incident: Incident, arrived: int) -> list[str]:
    """What is known of it, sentence by sentence."""
    details = incident.details or {}
    unsent, drafts = details.get("unsent"), details.get("drafts")
    found = []
    if isinstance(unsent, int) and unsent > 0 and incident.kind != "lost_came_back":
        found.append(ngettext("%(num)d form that was not received.", "%(num)d forms that were not received.", unsent))
    if isinstance(unsent, int) and unsent > 0 and incident.kind == "lost_came_back":
        found.append(ngettext("It delivers %(num)d form.", "It delivers %(num)d forms.", unsent))
    if isinstance(drafts, int) and drafts > 0:
        found.append(ngettext("%(num)d unfinished draft.", "%(num)d unfinished drafts.", drafts))
    since = _moment(details.get("since"))
    if since:
        found.append(_("It reported them at %(moment)s.", moment=since))
    if arrived:
        found.append(ngettext("%(num)d of them has arrived since.", "%(num)d of them have arrived since.", arrived))
    return found


def incident_advice(kind: str) -> str:
    """What to do now."""
    if kind == "lost_came_back":
        return _("What it delivers waits in quarantine. Find out who has it; say that it is found, or revoke it.")
    if kind == "signed_in_afresh":
        return _("Ask whether it is the same phone. If its browser was cleared, ask what was filled that day and fill it again.")
    return _("Ask the person what was filled that day. If the forms are on another phone or in a rescue file, they still come.")


def _moment(value: object) -> str:
    try:
        return date_and_time(datetime.fromisoformat(str(value)), chosen_language())
    except ValueError:
        return ""


def step(name: str) -> str:
    return {
        "shell": _("the application for offline"),
        "forms": _("forms"),
        "places": _("places and lists"),
        "records": _("records of the area"),
        "rest": _("records, results, what was sent, the other language"),
        "storage": _("protected storage"),
        "clock": _("the right date and time"),
        "install": _("the home screen"),
        "lock": _("the screen lock"),
    }.get(name, name)


def clock(phone: Phone) -> str:
    """How far the phone's clock is off."""
    skew = phone.skew_ms
    if skew is None:
        return "—"
    minutes = round(abs(skew) / 60_000)
    if minutes < 1:
        return _("right")
    hours = round(minutes / 60)
    if minutes < 120:
        off = ngettext("%(num)d minute", "%(num)d minutes", minutes)
    elif hours < 48:
        off = ngettext("%(num)d hour", "%(num)d hours", hours)
    else:
        off = ngettext("%(num)d day", "%(num)d days", round(hours / 24))
    return _("%(off)s behind", off=off) if skew > 0 else _("%(off)s ahead", off=off)


def size(value: int | None) -> str:
    if value is None:
        return "—"
    return _("%(size)s MB", size=number(value / 1_000_000, 1))
