"""Forms of the account pages."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length


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
