"""Forms of the account pages."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.registry.place_field import PlacesField

LANGUAGE_CHOICES = [SelectChoice("ar", "العربية"), SelectChoice("fr", "Français")]
ROLES = {
    "facilitator": lazy_gettext("Facilitator"),
    "coordinator": lazy_gettext("Coordinator"),
    "supervisor": lazy_gettext("Supervisor"),
}


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


def _one_line(text: str | None) -> str | None:
    return " ".join(text.split()) if text else text


def _name(label: Any, language: str) -> StringField:
    return StringField(
        label,
        validators=[InputRequired(lazy_gettext("Write the name.")), Length(max=120)],
        filters=[_one_line],
        render_kw={"lang": language, "dir": "rtl" if language == "ar" else "ltr"},
    )


class PersonForm(FlaskForm):  # type: ignore[misc]
    name_ar = _name(lazy_gettext("Name in Arabic"), "ar")
    name_fr = _name(lazy_gettext("Name in French"), "fr")
    language = SelectField(lazy_gettext("Language"), choices=LANGUAGE_CHOICES)
    email = StringField(
        lazy_gettext("Email"),
        validators=[
            Optional(),
            Length(max=254),
            Regexp(r"[^@\s]+@[^@\s]+\.[^@\s]+$", message=lazy_gettext("Write it as name@example.ma.")),
        ],
        filters=[_one_line],
        render_kw={"type": "email", "dir": "ltr", "autocomplete": "off"},
    )
    phone = StringField(
        lazy_gettext("Telephone"),
        description=lazy_gettext("Forms that ask for the email or telephone of whoever fills them take these."),
        validators=[
            Optional(),
            Length(max=32),
            Regexp(r"\+?[\d .-]{6,}$", message=lazy_gettext("Write it with digits, as 0612345678.")),
        ],
        filters=[_one_line],
        render_kw={"type": "tel", "dir": "ltr", "autocomplete": "off"},
    )


class RoleFields:
    role = SelectField(lazy_gettext("Role"), choices=[])
    organisation = SelectField(lazy_gettext("Organisation"))
    everywhere = RadioField(
        lazy_gettext("Territory"),
        choices=[
            SelectChoice("yes", lazy_gettext("Everywhere in the programme")),
            SelectChoice("no", lazy_gettext("Only in these places")),
        ],
        validate_choice=False,  # whether it must be chosen hangs on the role: validate_places()
    )
    territories = PlacesField(
        lazy_gettext("Places"),
        description=lazy_gettext("Write the start of a name, then choose: a region, a province or a commune."),
    )

    def validate_places(self) -> bool:
        """Nobody gets the whole programme by leaving a field empty. For a role that is given."""
        everywhere, territories = self.everywhere, self.territories
        if not territories.data and everywhere.data != "yes":
            everywhere.errors = [_("Choose places, or say that the person works everywhere.")]
            return False
        if territories.data and everywhere.data == "yes":
            everywhere.errors = [_("Places are written and “everywhere” is chosen: keep one of them.")]
            return False
        return True


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
