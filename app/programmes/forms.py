"""Forms of the programme pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from app.core.languages import LANGUAGES
from app.core.problems import Problem
from app.instruments.lint import TOKENS
from app.instruments.words import CNDP_KINDS, ONE_FIELD
from app.programmes.operations import Settings, check
from app.registry.models import Programme
from app.registry.place_field import PlacesField

ONE_LINE = [lambda text: " ".join(text.split()) if text else text]


def in_language(language: str) -> dict[str, Any]:
    return {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}


def name_field(label: Any, language: str) -> StringField:
    return StringField(
        label,
        validators=[InputRequired(lazy_gettext("Write the name.")), Length(max=200)],
        filters=ONE_LINE,
        render_kw=in_language(language),
    )


def code_field(description: Any) -> StringField:
    return StringField(
        lazy_gettext("Code"),
        description=description,
        validators=[InputRequired(lazy_gettext("Write a code.")), Length(max=40)],
        render_kw={"dir": "ltr", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
    )


class ProgrammeForm(FlaskForm):  # type: ignore[misc]
    name_ar = name_field(lazy_gettext("Name in Arabic"), "ar")
    name_fr = name_field(lazy_gettext("Name in French"), "fr")
    partners_ar = TextAreaField(
        lazy_gettext("Partners in Arabic"), validators=[Length(max=1000)], filters=ONE_LINE, render_kw=in_language("ar")
    )
    partners_fr = TextAreaField(
        lazy_gettext("Partners in French"),
        description=lazy_gettext("In one line. Left as they are, they follow the partners named below."),
        validators=[Length(max=1000)],
        filters=ONE_LINE,
        render_kw=in_language("fr"),
    )
    starts_on = DateField(lazy_gettext("Begins on"), validators=[Optional()])
    ends_on = DateField(lazy_gettext("Ends on"), validators=[Optional()])
    territories = PlacesField(
        lazy_gettext("Territories"),
        description=lazy_gettext(
            "Regions, provinces or communes where the programme works. Left empty: anywhere. Accounts get no place outside them."
        ),
    )
    phone_pin = BooleanField(
        lazy_gettext("Phones ask for a PIN"),
        description=lazy_gettext(
            "Without it whoever opens a phone reads what it keeps; only the phone's own screen lock protects it. "
            "A change counts from the next signing in."
        ),
    )

    @classmethod
    def of(cls, programme: Programme) -> ProgrammeForm:
        """What is stored, or what was sent."""
        data = {name: getattr(programme, name) for name in ("starts_on", "ends_on", "territories", "phone_pin")}
        for language in LANGUAGES:
            data[f"name_{language}"] = programme.name.get(language)
            data[f"partners_{language}"] = (programme.partners or {}).get(language)
        return cls(data=data)

    def settings(self, before: Settings | None = None) -> Settings:
        """What is written here over what the programme had: phases, budget and contributions have pages of their own."""
        return replace(
            before or Settings({}),
            name={"ar": self.name_ar.data or "", "fr": self.name_fr.data or ""},
            partners={"ar": self.partners_ar.data or "", "fr": self.partners_fr.data or ""},
            territories=self.territories.data,
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            phone_pin=bool(self.phone_pin.data),
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Everything that is wrong at once, each beside its field."""
        right: bool = super().validate(extra_validators)
        if not self.name_ar.errors and not self.name_fr.errors:
            try:
                check(self.settings())
            except Problem as problem:
                return self.show(problem)
        return right

    def show(self, problem: Problem) -> bool:
        """Say a problem beside the field it is about; False. Raises it again when it is about none."""
        field = self.field_of(problem.kind.code)
        if field is None:
            raise problem
        field.errors = [*field.errors, str(problem)]
        return False

    def field_of(self, code: str) -> Field | None:
        """The field that a problem of app/programmes/problems.py is about."""
        return {
            "programmes.name_incomplete": self.name_fr,
            "programmes.partners_incomplete": self.partners_fr,
            "programmes.place_unknown": self.territories,
            "programmes.dates_reversed": self.ends_on,
        }.get(code)


class NewProgrammeForm(ProgrammeForm):
    code = code_field(lazy_gettext("Short, for commands and file names: letters a-z, digits, dashes. It never changes."))

    def field_of(self, code: str) -> Field | None:
        is_about_code = code in ("programmes.bad_code", "programmes.code_taken")
        return self.code if is_about_code else super().field_of(code)


class OrganisationForm(FlaskForm):  # type: ignore[misc]
    name_ar = name_field(lazy_gettext("Name in Arabic"), "ar")
    name_fr = name_field(lazy_gettext("Name in French"), "fr")
    territories = PlacesField(
        lazy_gettext("Territories"), description=lazy_gettext("Where it works. Several organisations may work in one place.")
    )

    @property
    def name(self) -> dict[str, str]:
        return {"ar": self.name_ar.data or "", "fr": self.name_fr.data or ""}


class NewOrganisationForm(OrganisationForm):
    code = code_field(lazy_gettext("Letters a-z, digits, dashes. It never changes."))


def _text(language: str) -> StringField:
    label = {"ar": lazy_gettext("In Arabic"), "fr": lazy_gettext("In French")}[language]
    return StringField(label, validators=[Length(max=500)], filters=ONE_LINE, render_kw=in_language(language))


AS_WRITTEN = "as_written"  # neither of the two kinds: it came from the command line and stays


class ConsentForm(FlaskForm):  # type: ignore[misc]
    """The consent texts: `recipients_ar`, `recipients_fr` and so on (added below), and what is the same in both languages."""

    cndp_kind = SelectField(
        lazy_gettext("Formality"),
        choices=[
            SelectChoice("", lazy_gettext("Not yet")),
            SelectChoice("declaration", lazy_gettext("Declaration")),
            SelectChoice("authorisation", lazy_gettext("Authorisation")),
        ],
    )
    cndp_number = StringField(
        lazy_gettext("Number"), validators=[Length(max=200)], filters=ONE_LINE, render_kw={"dir": "auto", "autocomplete": "off"}
    )

    @classmethod
    def of(cls, programme: Programme) -> ConsentForm:
        """What is stored, or what was sent."""
        stored = {
            name: value if isinstance(value, dict) else dict.fromkeys(LANGUAGES, value)
            for name, value in (programme.consent or {}).items()
        }
        data = {f"{name}_{language}": texts.get(language) for name, texts in stored.items() for language in LANGUAGES}
        kind = stored.get("cndp_kind")
        if kind:
            data["cndp_kind"] = next((one for one, known in CNDP_KINDS.items() if known == kind), AS_WRITTEN)
        data["cndp_number"] = stored.get("cndp_number", {}).get("fr")
        form = cls(data=data)
        if kind and data["cndp_kind"] == AS_WRITTEN:
            form.cndp_kind.choices = [*form.cndp_kind.choices, SelectChoice(AS_WRITTEN, " / ".join(kind.values()))]
        return form

    def given(self) -> dict[str, Any]:
        """{token: its texts} for operations.set_consent(); what is shown otherwise than it is stored counts once touched."""
        found: dict[str, Any] = {
            name: {language: self[f"{name}_{language}"].data or "" for language in LANGUAGES} for name in TWO_FIELDS
        }
        if self.cndp_kind.data != AS_WRITTEN:
            found["cndp_kind"] = CNDP_KINDS.get(self.cndp_kind.data or "", "")
        if (self.cndp_number.data or "") != (self.cndp_number.object_data or ""):
            found["cndp_number"] = self.cndp_number.data or ""
        return found

    def is_whole(self) -> bool:
        """Each text in both languages or in none; what is missing is said beside its field."""
        right = True
        for name in TWO_FIELDS:
            fields = [self[f"{name}_{language}"] for language in LANGUAGES]
            for one in fields if any(field.data for field in fields) else []:
                if not one.data:
                    one.errors = [*one.errors, _("Write it in this language too: phones show both.")]
                    right = False
        return right


TWO_FIELDS = [name for name in TOKENS if name not in ONE_FIELD]
for _name_of_text in TWO_FIELDS:
    for _language in LANGUAGES:
        setattr(ConsentForm, f"{_name_of_text}_{_language}", _text(_language))
