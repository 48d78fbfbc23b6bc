"""The forms that declarations speak of, as they are published."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from app.core.db import db
from app.indicators.declarations import Declaration, find_node, lists_in, saved_by
from app.instruments.models import Instrument, InstrumentVersion
from app.submissions.answers import Form, Node, form_of


def forms_of(programme_id: str) -> dict[str, Form]:
    """{form id: the version that new forms start with}."""
    rows = db.session.execute(
        sa.select(Instrument.form_id, InstrumentVersion.sha256)
        .join(InstrumentVersion, InstrumentVersion.id == Instrument.current_id)
        .where(Instrument.programme_id == programme_id)
        .order_by(Instrument.form_id)
    )
    return {form_id: form for form_id, sha256 in rows if (form := form_of(sha256)) is not None}


def lists_of(programme_id: str) -> Mapping[str, set[str]]:
    """{list: properties} that the programme's forms write."""
    return lists_in(forms_of(programme_id))


def node_of(forms: Mapping[str, Form], declaration: Declaration, name: str) -> tuple[Form, Node] | None:
    """The question that a name of a declaration means, or that feeds the property."""
    own = forms.get(declaration.over.instrument)
    if own is not None and not name.startswith("subject."):
        node = find_node(own, declaration.over.repeat, name)
        return (own, node) if node is not None else None
    subject = own.role("subject") if own is not None else None
    list_name = declaration.over.list or (str(subject.get("choices", {}).get("list", "")) if subject is not None else "")
    found = [(form, node) for form in forms.values() if (node := saved_by(form, list_name, name.removeprefix("subject.")))]
    return next((one for one in found if one[1].get("choices")), next(iter(found), None))


def choice_words(programme_id: str, declaration: Declaration, name: str, language: str) -> dict[str, str]:
    """{code: words} of the choices behind a name; none where there are no choices, or they are records."""
    found = node_of(forms_of(programme_id), declaration, name)
    if found is None:
        return {}
    form, node = found
    return {code: form.choice(node, code, language) for code in form.choices(node)}
