"""What is wrong in a row and what mends it, in the reader's language."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString, ngettext
from flask_babel import lazy_gettext as _

from app.core.db import db
from app.core.languages import chosen_language
from app.imports.columns import Target
from app.imports.values import Mistake
from app.instruments.findings import MESSAGES as OF_FILES
from app.registry.models import Entity
from app.registry.places import full_name
from app.review.properties import list_title

# code: what is wrong, what to do. %(name)s are details of the mistake.
MESSAGES: dict[str, tuple[LazyString, LazyString]] = {
    "name_missing": (_("The record has no name."), _("Write its name, or take the row out.")),
    "place_unknown": (_("“%(value)s” is no known place."), _("%(near)sWrite the name as in the official list, or its code.")),
    "place_elsewhere": (
        _("“%(value)s” does not lie in %(within)s."),
        _("It is known as: %(found)s. Correct the one or the other."),
    ),
    "place_several": (
        _("Several places are called “%(value)s”: %(found)s."),
        _("Write the province in a column of its own, or the code."),
    ),
    "choice_unknown": (_("“%(value)s” is not one of the values of this column."), _("%(near)sThe values are: %(choices)s.")),
    "record_unknown": (
        _("No record of “%(lists)s” is called “%(value)s”."),
        _("%(near)sWrite the name as it is recorded, or record it first."),
    ),
    "record_several": (
        _("%(count)s records of “%(lists)s” are called “%(value)s”."),
        _("Write the record's identifier instead of its name."),
    ),
    "date_bad": (_("“%(value)s” is not a date."), _("Write the day, the month and the year: 31/05/2019 or 2019-05-31.")),
    "number_bad": (_("“%(value)s” is not a number."), _("Write digits only: 118000 or 118000,50.")),
    "whole_bad": (_("“%(value)s” is not a whole number."), _("Write it without decimals.")),
    "phone_bad": (
        _("“%(value)s” is not a telephone number."),
        _("Write ten digits that begin with 05, 06, 07 or 08, or +212 and nine digits."),
    ),
    "point_bad": (_("“%(value)s” is not a position."), _("Write latitude and longitude in degrees: 33.0461 -3.9924.")),
    "point_outside": (
        _("The position %(value)s lies outside Morocco."),
        _("Latitude comes first and longitude second, with its minus."),
    ),
    "point_half": (_("Only half of the position is there."), _("Fill both latitude and longitude, or neither.")),
    "rule": (_("“%(value)s” does not hold the rule of this question: %(message)s"), _("Correct the value.")),
    "too_long": (_("The cell holds more than %(limit)s signs."), _("Shorten the text.")),
    "twice": (_("It is the same record as row %(row)s of the file (same name and place)."), _("Keep one of the two rows.")),
    "twice_number": (
        _("It has the same number as row %(row)s of the file."),
        _("Keep one of the two rows, or correct the number."),
    ),
    "out_of_territory": (
        _("Your account does not reach %(place)s."),
        _("Correct the place, or give the row to the coordinator of that territory."),
    ),
}

# Of the file as a whole, where a table of records needs another advice than a form.
MENDS: dict[str, LazyString] = {
    "file_too_large": _("Send it in several parts, by province for instance."),
    "file_kind": _("Save the table as .xlsx, or as .csv (UTF-8)."),
    "file_not_xlsx": _("Save it from the spreadsheet as “Excel workbook (.xlsx)”."),
    "file_bomb": _("Copy the one sheet with the records into a new workbook."),
    "file_not_utf8": _("Save it as “CSV UTF-8”, or as .xlsx."),
    "too_many_cells": _("Leave out the columns that are not needed, or send it in several parts."),
    "too_heavy": _("Send it in several parts, by province for instance."),
    "cell_too_long": _("Shorten the text."),
}
TOO_MANY_ROWS = (
    _("The file has more than %(limit)s rows."),
    _("Nothing was read. Send it in several parts, by province for instance: each is checked and can be undone by itself."),
)


def unreadable(code: str, details: dict[str, Any]) -> tuple[str, str]:
    """What is wrong with a file, and what to do."""
    what, mend = TOO_MANY_ROWS if code == "too_many_rows" else OF_FILES[code]
    return str(what) % details, str(MENDS.get(code, mend)) % details


def sentence(mistake: Mistake, target: Target | None) -> tuple[str, str]:
    language = chosen_language()
    code = "twice_number" if mistake.code == "twice" and mistake.details.get("number") else mistake.code
    what, mend = MESSAGES[code]
    told = _told(mistake, target, language)
    return str(what) % told, str(mend) % told


def _told(mistake: Mistake, target: Target | None, language: str) -> dict[str, Any]:
    told: dict[str, Any] = {"near": "", **mistake.details}
    if isinstance(told.get("value"), str):
        told["value"] = _isolated(told["value"][:60] + ("…" if len(told["value"]) > 60 else ""))
    if "within" in told:
        told["within"] = _isolated(full_name(told["within"], language))
    if "place" in told:
        told["place"] = _isolated(full_name(told["place"], language)) if told["place"] else str(_("records without a place"))
    if "message" in told:
        told["message"] = told["message"].get(language) or told["message"].get("ar") or ""
    is_place = target is not None and target.kind == "place"
    if "found" in told:
        told["found"] = _listed([f"{full_name(one, language)} · {one}" for one in told["found"]], language)
    if "lists" in told:
        told["lists"] = _listed([list_title(one) for one in told["lists"]], language)
    if "choices" in told:
        shown = [_choice(target, one, language) for one in told["choices"]]
        more = target is not None and target.form is not None and target.node is not None
        count = len(target.form.choices(target.node)) if more else 0  # type: ignore[union-attr, arg-type]
        told["choices"] = _listed(shown, language) + (" …" if count > len(shown) else "")
    near = mistake.details.get("near") or []
    if near:
        if is_place:
            names = [f"{full_name(one, language)} · {one}" for one in near]
        elif target is not None and target.kind in ("choice", "choices"):
            names = [_choice(target, one, language) for one in near]
        else:
            names = _names_of(near)
        told["near"] = ngettext(
            "Did you mean: %(names)s? ", "Did you mean one of: %(names)s? ", len(names), names=_listed(names, language)
        )
    else:
        told["near"] = ""
    return told


def _names_of(ids: list[str]) -> list[str]:
    return [str(one) for one in db.session.scalars(sa.select(Entity.label).where(Entity.id.in_(ids)))]


def _choice(target: Target | None, code: str, language: str) -> str:
    if target is None or target.form is None or target.node is None:
        return code
    return target.form.choice(target.node, code, language)


def _listed(names: list[str], language: str) -> str:
    return ("، " if language == "ar" else ", ").join(_isolated(one) for one in names)


def _isolated(text: str) -> str:
    """Keeps its own direction inside a sentence of the other one."""
    return f"\u2068{text}\u2069"
