"""What can go wrong with personal data."""

from __future__ import annotations

from flask_babel import lazy_gettext

from app.core.problems import Kind

WHOLE_PROGRAMME = Kind(
    "person.whole_programme",
    403,
    lazy_gettext(
        "Somebody's data are found and erased in the whole programme. Ask an administrator, or a coordinator who is kept to no "
        "organisation and no territory."
    ),
)
NOBODY = Kind("person.nobody", 422, lazy_gettext("Write a name of at least three letters, or a telephone number."))
NOTHING = Kind("person.nothing", 422, lazy_gettext("Tick at least one place that is hers."))
NO_VALUE = Kind(
    "person.no_value",
    422,
    lazy_gettext("Choose the value that is wrong, and write the right one. Only records can be corrected."),
)
