"""Forms of the instrument pages."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired, MultipleFileField
from wtforms import HiddenField

from app.instruments.files import SUFFIXES


class CheckForm(FlaskForm):  # type: ignore[misc]
    file = FileField(
        lazy_gettext("Form (XLSForm)"),
        validators=[FileRequired(lazy_gettext("Choose the file of the form."))],
        description=lazy_gettext("An .xlsx workbook, or .md or .csv tables, at most 10 MB."),
        render_kw={"accept": ".xlsx,.md,.csv"},
    )
    files = MultipleFileField(
        lazy_gettext("Lists it reads; pictures, sounds and films its labels show"),
        description=lazy_gettext(
            "Only files that the programme does not have yet, or has in an older content. "
            "Places, sectors, branches, crafts and themes come with Daftar."
        ),
        render_kw={"accept": ",".join(SUFFIXES)},
    )


class PublishForm(FlaskForm):  # type: ignore[misc]
    checked = HiddenField()  # the file and its lists as they were checked, signed


class DraftForm(FlaskForm):  # type: ignore[misc]
    """Only the proof that our own page asked."""


class OpenForm(FlaskForm):  # type: ignore[misc]
    is_open = HiddenField()
