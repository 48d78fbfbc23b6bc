"""Forms for what a programme lasts, costs and is paid by."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, FieldList, Form, FormField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional, ValidationError

from app.core import amounts
from app.programmes import problems
from app.programmes.forms import ONE_LINE, code_field, in_language, name_field
from app.programmes.plan import KINDS, ROLES, Contribution, Partner, Phase, Plan


class AmountField(StringField):  # type: ignore[misc]
    """Dirhams as people write them; `amount` is the number, `said` the same in words. Empty: not known."""

    amount: Decimal | None = None

    def process_data(self, value: Decimal | None) -> None:
        self.amount, self.data = value, amounts.typed(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.amount, self.data = None, valuelist[0][:80]
            try:
                self.amount = amounts.read_amount(self.data)
            except ValueError:
                raise ValidationError(str(problems.AMOUNT_UNREADABLE(found=self.data.strip()[:40]))) from None

    @property
    def said(self) -> str:
        return amounts.said(self.amount)


def _amount(label: Any) -> AmountField:
    return AmountField(
        label,
        description=lazy_gettext("In dirhams, not in centimes. Left empty: not known."),
        render_kw={"dir": "ltr", "inputmode": "decimal", "autocomplete": "off", "data-amount": True},
    )


def _note(language: str) -> StringField:
    label = {"ar": lazy_gettext("Note in Arabic"), "fr": lazy_gettext("Note in French")}[language]
    return StringField(label, validators=[Length(max=300)], filters=ONE_LINE, render_kw=in_language(language))


class _Named(FlaskForm):  # type: ignore[misc]
    name_ar = name_field(lazy_gettext("Name in Arabic"), "ar")
    name_fr = name_field(lazy_gettext("Name in French"), "fr")

    @property
    def name(self) -> dict[str, str]:
        return {"ar": self.name_ar.data or "", "fr": self.name_fr.data or ""}


class _WithNote:
    """Whatever has a note in both languages or in none."""

    note_ar: Any
    note_fr: Any

    @property
    def note(self) -> dict[str, str]:
        texts = {"ar": self.note_ar.data or "", "fr": self.note_fr.data or ""}
        return {language: text for language, text in texts.items() if text}

    def note_is_whole(self) -> bool:
        """In both languages or in none; what is missing is said beside its field."""
        if len(self.note) != 1:
            return True
        lacking = self.note_fr if self.note_ar.data else self.note_ar
        lacking.errors = [*lacking.errors, str(problems.NOTE_INCOMPLETE())]
        return False


class BudgetForm(_WithNote, FlaskForm):  # type: ignore[misc]
    amount = _amount(lazy_gettext("Budget"))
    note_ar = _note("ar")
    note_fr = _note("fr")

    @classmethod
    def of(cls, plan: Plan) -> BudgetForm:
        return cls(data={"amount": plan.budget, **_notes(plan.budget_note)})

    def validate(self, extra_validators: Any = None) -> bool:
        right = super().validate(extra_validators)
        return self.note_is_whole() and bool(right)


class PhaseForm(_Named):
    starts_on = DateField(lazy_gettext("First day"), validators=[Optional()])
    ends_on = DateField(lazy_gettext("Last day"), validators=[Optional()], description=lazy_gettext("Left empty: not fixed yet."))

    @classmethod
    def of(cls, phase: Phase) -> PhaseForm:
        return cls(data={"starts_on": phase.starts_on, "ends_on": phase.ends_on, **_names(phase.name)})

    def phase(self, code: str) -> Phase:
        return Phase(code, self.name, self.starts_on.data, self.ends_on.data)

    def validate(self, extra_validators: Any = None) -> bool:
        right: bool = super().validate(extra_validators)
        if self.starts_on.data and self.ends_on.data and self.ends_on.data < self.starts_on.data:
            self.ends_on.errors = [*self.ends_on.errors, str(problems.PHASE_REVERSED())]
            return False
        return right


class NewPhaseForm(PhaseForm):
    code = code_field(lazy_gettext("Letters a-z, digits, dashes. It never changes: figures are declared with it."))


class ContributionForm(_WithNote, Form):  # type: ignore[misc]
    """One of a partner's; without a kind it is an empty line."""

    kind = SelectField(
        lazy_gettext("Brings"),
        choices=[SelectChoice("", lazy_gettext("Nothing in this line")), *(SelectChoice(key, KINDS[key]) for key in KINDS)],
        validators=[Optional()],
    )
    amount = _amount(lazy_gettext("Amount"))
    note_ar = _note("ar")
    note_fr = _note("fr")
    remove = BooleanField(lazy_gettext("Take this contribution away"))

    @property
    def counts(self) -> bool:
        return bool(self.kind.data) and not self.remove.data

    def validate(self, extra_validators: Any = None) -> bool:
        right: bool = super().validate(extra_validators)
        if self.remove.data:
            for field in self:
                field.errors = []
            return True
        if not self.kind.data and (self.amount.data or self.note):
            self.kind.errors = [*self.kind.errors, _("Say what it is: money, land or management.")]
            right = False
        return self.note_is_whole() and right


class PartnerForm(_Named):
    role = SelectField(lazy_gettext("Role"), choices=[SelectChoice(key, ROLES[key]) for key in ROLES])
    contributions = FieldList(FormField(ContributionForm))

    ROOM = 2  # empty lines for more contributions

    @classmethod
    def of(cls, partner: Partner | None) -> PartnerForm:
        """What is stored, or what was sent; with empty lines below."""
        data: dict[str, Any] = {}
        if partner is not None:
            brought = [{"kind": one.kind, "amount": one.amount, **_notes(one.note)} for one in partner.contributions]
            data = {"role": partner.role, "contributions": brought, **_names(partner.name)}
        form = cls(data=data)
        if not form.is_submitted():
            for _line in range(cls.ROOM):
                form.contributions.append_entry()
        return form

    def partner(self, code: str) -> Partner:
        lines = [line.form for line in self.contributions if line.form.counts]
        brought = tuple(Contribution(line.kind.data, line.amount.amount, line.note) for line in lines)
        return Partner(code, self.name, self.role.data, brought)


class NewPartnerForm(PartnerForm):
    code = code_field(lazy_gettext("Letters a-z, digits, dashes. It never changes."))


def _names(name: Mapping[str, str]) -> dict[str, str | None]:
    return {"name_ar": name.get("ar"), "name_fr": name.get("fr")}


def _notes(note: Mapping[str, str]) -> dict[str, str | None]:
    return {"note_ar": note.get("ar"), "note_fr": note.get("fr")}
