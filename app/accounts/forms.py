"""Forms of the account pages."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

LANGUAGE_CHOICES = [SelectChoice("ar", "العربية"), SelectChoice("fr", "Français")]
ROLES = {
    "facilitator": lazy_gettext("Facilitator"),
    "coordinator": lazy_gettext("Coordinator"),
    "supervisor": lazy_gettext("Supervisor"),
}


def codes(text: str | None) -> list[str]:
    """Territory codes as typed, separated by anything that no code holds."""
    return sorted({one.strip(".") for one in re.split(r"[\s,;،]+", text or "") if one.strip(".")})


class SignInForm(FlaskForm):  # type: ignore[misc]
    username = StringField(
        lazy_gettext("Username"),
        validators=[InputRequired(lazy_gettext("Write the username.")), Length(max=64)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "dir": "ltr", "autofocus": True},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        validators=[InputRequired(lazy_gettext("Write the password.")), Length(max=200)],
        render_kw={"autocomplete": "current-password", "dir": "ltr"},
    )


def _name(label: Any, language: str) -> StringField:
    return StringField(
        label,
        validators=[InputRequired(lazy_gettext("Write the name.")), Length(max=120)],
        filters=[lambda text: " ".join(text.split()) if text else text],
        render_kw={"lang": language, "dir": "rtl" if language == "ar" else "ltr"},
    )


class PersonForm(FlaskForm):  # type: ignore[misc]
    name_ar = _name(lazy_gettext("Name in Arabic"), "ar")
    name_fr = _name(lazy_gettext("Name in French"), "fr")
    language = SelectField(lazy_gettext("Language"), choices=LANGUAGE_CHOICES)


class RoleFields:
    role = SelectField(lazy_gettext("Role"), choices=[])
    organisation = SelectField(lazy_gettext("Organisation"))
    territories = StringField(
        lazy_gettext("Territories"),
        description=lazy_gettext(
            "Codes of regions, provinces or communes, such as 03.131, with spaces between. Empty: everywhere."
        ),
        validators=[
            Optional(),
            Length(max=400),
            Regexp(r"^[0-9.,;،\s]*$", message=lazy_gettext("A territory code has digits and dots, such as 03.131.01.")),
        ],
        render_kw={"dir": "ltr"},
    )


class RoleForm(FlaskForm, RoleFields):  # type: ignore[misc]
    """A role in one programme; the role "" takes it away."""


class NewPersonForm(PersonForm, RoleFields):
    username = StringField(
        lazy_gettext("Username"),
        description=lazy_gettext("3 to 64 letters a-z, digits, dots, dashes or underscores."),
        validators=[InputRequired(lazy_gettext("Write the username.")), Length(max=64)],
        render_kw={"autocapitalize": "none", "spellcheck": "false", "dir": "ltr", "autocomplete": "off"},
    )
    password = StringField(
        lazy_gettext("Password"),
        description=lazy_gettext("Left empty, one is made and shown once."),
        validators=[Optional(), Length(max=200)],
        render_kw={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"},
    )
    programme = SelectField(lazy_gettext("Programme"))
    is_administrator = BooleanField(lazy_gettext("Administrator: may do everything"))


class PasswordForm(FlaskForm):  # type: ignore[misc]
    password = StringField(
        lazy_gettext("New password"),
        validators=[Optional(), Length(max=200)],
        render_kw={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"},
    )
