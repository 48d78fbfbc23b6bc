"""The form of a receiver."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from app.core.problems import Problem
from app.hooks import operations, words
from app.hooks.addresses import LONGEST_URL, Rules
from app.hooks.models import EVENTS, Hook
from app.hooks.operations import Settings

_AS_CODE = {"dir": "ltr", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


class HookForm(FlaskForm):  # type: ignore[misc]
    url = StringField(
        lazy_gettext("Address"),
        description=lazy_gettext("Where notices are sent, with https://."),
        validators=[InputRequired(lazy_gettext("Write the address.")), Length(max=LONGEST_URL)],
        render_kw={**_AS_CODE, "inputmode": "url"},
    )
    events = SelectMultipleField(
        lazy_gettext("What it is told"),
        choices=[SelectChoice(event, words.EVENTS[event]) for event in EVENTS],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    secret = StringField(
        lazy_gettext("Secret"),
        description=lazy_gettext(
            "By it the receiver knows that a notice is ours. Left empty: the server makes one, or keeps the one there is."
        ),
        validators=[Length(max=120)],
        render_kw=_AS_CODE,
    )
    is_on = BooleanField(
        lazy_gettext("Notices are sent"), description=lazy_gettext("Off: nothing new is noted, and what waits stays.")
    )

    @classmethod
    def of(cls, hook: Hook | None) -> HookForm:
        """What is stored, or what was sent."""
        if hook is None:
            return cls(data={"events": list(EVENTS), "is_on": True})
        return cls(data={"url": hook.url, "events": hook.events.split(), "is_on": hook.is_on})

    def checked(self, rules: Rules) -> Settings | None:
        """What was sent, or None: then the form says beside which field it is wrong."""
        if not self.validate_on_submit():
            return None
        try:
            return operations.check(
                self.url.data or "", self.events.data or [], self.secret.data or "", is_on=bool(self.is_on.data), rules=rules
            )
        except Problem as problem:
            self.show(problem)
            return None

    def show(self, problem: Problem) -> None:
        field: Any = {"hooks.no_event": self.events, "hooks.bad_secret": self.secret}.get(problem.kind.code, self.url)
        field.errors = [*field.errors, str(problem)]
