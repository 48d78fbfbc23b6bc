"""What does not fit in the days of phases, in the reader's words."""

from __future__ import annotations

from flask_babel import gettext as _

from app.core.languages import chosen_language, long_date
from app.core.web import local_text
from app.programmes.plan import Uneven


def told(one: Uneven) -> str:
    language = chosen_language()
    names = [local_text(dict(phase.name)) for phase in one.phases]
    days = {"first": long_date(one.first, language), "last": long_date(one.last, language)}
    if one.kind == "overlap":
        return _(
            "“%(earlier)s” and “%(later)s” share the days from %(first)s to %(last)s: what is dated then counts in both.",
            earlier=names[0],
            later=names[1],
            **days,
        )
    if one.kind == "gap":
        return _(
            "No phase covers the days from %(first)s to %(last)s, between “%(earlier)s” and “%(later)s”: what is dated then "
            "counts in none.",
            earlier=names[0],
            later=names[1],
            **days,
        )
    if one.kind == "before":
        return _("“%(name)s” has days before the programme begins: from %(first)s to %(last)s.", name=names[0], **days)
    return _("“%(name)s” has days after the programme ends: from %(first)s to %(last)s.", name=names[0], **days)
