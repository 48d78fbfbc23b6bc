"""Forms of the import pages."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField


class FileForm(FlaskForm):  # type: ignore[misc]
    file = FileField(
        lazy_gettext("Table of records"),
        validators=[FileRequired(lazy_gettext("Choose the file with the records."))],
        description=lazy_gettext(
            "An .xlsx workbook or a .csv file: headings in the first row, one record a row, at most 20 000 rows."
        ),
        render_kw={"accept": ".xlsx,.csv"},
    )
    organisation = SelectField(lazy_gettext("Organisation that follows them"), validate_choice=True)
