"""Places where somebody is named, in the reader's language."""

from __future__ import annotations

import re

from flask_babel import gettext as _

from app.personal.finding import ASIDE, OF_RECORDS, Found
from app.review.properties import Properties, list_title
from app.submissions.answers import form_of


def kind_words(kind: str) -> str:
    return {
        "record": _("Record of a person"),
        "property": _("Property of a record"),
        "said": _("Text of a record"),
        "row": _("Row of a submission"),
        "answer": _("Answer of a submission"),
        "file": _("Picture or signature of a submission"),
        "text": _("Text written at the office"),
        "waiting": _("Waiting for its record"),
        "aside": _("In quarantine"),
        "import": _("Table on its way"),
        "account": _("Account"),
    }[kind]


def name_words(programme_id: str, one: Found, language: str) -> str:
    """The question, the property or the sort of text."""
    if one.kind in ("property", "said"):
        return Properties(programme_id, one.list_name, language).label(one.name)
    if one.kind in ("record", "import", "waiting"):
        return list_title(one.list_name or one.name, programme_id)
    if one.kind == "text":
        return {
            "remark": _("Remark"),
            "comment": _("Comment of a decision"),
            "note": _("Note in the history of a record"),
            "quarantine": _("Note in the quarantine"),
        }[one.name]
    if one.kind in ("row", "answer", "file"):
        form = form_of(one.form_sha256)
        if one.name.startswith(OF_RECORDS):
            return _("What the form says of a record")
        if one.name.startswith(ASIDE):
            path = re.sub(r"\[\d+\]", "", one.name.partition("/")[2])
            node = form.by_path(path) if form else None
            label = form.label(node, language) if form and node else ""
            where = _("Kept aside from an older version of the form")
            return f"{label or path} · {where}"
        path = one.name.rstrip("]").rpartition("[")[0] if one.kind == "row" else one.name
        node = form.by_path(path) if form else None
        label = form.label(node, language) if form and node else ""
        number = f" {one.name.rpartition('[')[2].rstrip(']')}" if one.kind == "row" else ""
        return f"{label or path}{number}"
    return ""
