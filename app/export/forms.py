"""What one chooses for an export."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.export.tables import ANSWERS, SUBMISSIONS


def _not_empty(_form: FlaskForm, field: Any) -> None:
    """InputRequired would have the browser ask for every box of the list."""
    if not field.data:
        raise ValidationError(lazy_gettext("Choose at least one state."))


class ExportForm(FlaskForm):  # type: ignore[misc]
    form_id = SelectField(lazy_gettext("Instrument"), validators=[InputRequired()])
    states = SelectMultipleField(
        lazy_gettext("States"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        default=["approved"],
        validators=[_not_empty],
    )
    date_from = DateField(lazy_gettext("Received from"), validators=[Optional()])
    date_to = DateField(lazy_gettext("to (included)"), validators=[Optional()])
    organisation_id = SelectField(lazy_gettext("Organisation"))
    territory = SelectField(lazy_gettext("Territory"))
    format = RadioField(
        lazy_gettext("File"),
        choices=[
            ("xlsx", lazy_gettext("Excel workbook (XLSX)")),
            ("csv", lazy_gettext("CSV files in a ZIP, for other software")),
        ],
        default="xlsx",
    )
    language = RadioField(lazy_gettext("Language of the file"), choices=[("ar", "العربية"), ("fr", "Français")])
    shape = RadioField(
        lazy_gettext("A row of the table is"),
        choices=[
            (SUBMISSIONS, lazy_gettext("a submission; repeats have tables of their own")),
            (ANSWERS, lazy_gettext("a single answer, with its code and its label")),
        ],
        default=SUBMISSIONS,
        description=lazy_gettext("An Excel sheet holds 1,048,576 rows; what is more goes on in further sheets."),
    )
    content = RadioField(
        lazy_gettext("Choices are written as"),
        choices=[
            ("labels", lazy_gettext("labels, as read in the instrument")),
            ("codes", lazy_gettext("codes, the same in both languages")),
        ],
        default="labels",
    )
    label_row = BooleanField(lazy_gettext("A second heading row with the questions"), default=True)
    split_multiple = BooleanField(lazy_gettext("Also a 0/1 column for each choice of multiple answers"))
    every_calculation = BooleanField(lazy_gettext("Also the steps of calculations"))
    names = BooleanField(
        lazy_gettext("With names, telephone numbers and signatures"),
        description=lazy_gettext("Personal data (law 09-08): the download is noted with your name."),
    )
    separator = SelectField(
        lazy_gettext("Separator of CSV files"),
        choices=[(",", lazy_gettext("comma")), (";", lazy_gettext("semicolon (Excel with French or Moroccan settings)"))],
        default=",",
    )
