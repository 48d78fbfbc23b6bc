"""The form for another target."""

from __future__ import annotations

from decimal import Decimal

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, StringField
from wtforms.validators import Optional

from app.core import amounts
from app.core.languages import number
from app.indicators import problems, words
from app.indicators.declarations import Declaration, Target


class TargetForm(FlaskForm):  # type: ignore[misc]
    value = StringField(
        lazy_gettext("Target"), render_kw={"dir": "ltr", "inputmode": "decimal", "autocomplete": "off", "maxlength": 40}
    )
    by = DateField(lazy_gettext("To be reached by"), validators=[Optional()])
    unit: str
    number: Decimal | None = None

    @classmethod
    def of(cls, declaration: Declaration, *, sent: bool = True) -> TargetForm:
        """With the target that holds, or with what was sent."""
        target, unit = declaration.target, declaration.unit
        data = {"value": number(target.value.normalize()) if target else "", "by": target.by if target else None}
        form = cls(request.form if sent else None, data=data)
        form.unit = unit
        form.value.description = lazy_gettext("In %(unit)s. Left empty: no target.", unit=words.UNITS[unit])
        return form

    def validate(self, extra_validators: object = None) -> bool:
        right: bool = super().validate(extra_validators)
        try:
            self.number = amounts.read_amount(self.value.data, 2 if self.unit in words.AMOUNTS else 0)
        except ValueError:
            found = (self.value.data or "").strip()[:40]
            self.value.errors = [*self.value.errors, str(problems.TARGET_UNREADABLE(found=found))]
            return False
        return right

    def target(self) -> Target | None:
        return Target(self.number, self.unit, self.by.data) if self.number is not None else None
