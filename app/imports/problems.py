"""What can go wrong with an import as a whole; what is wrong in single rows is app/imports/words.py."""

from __future__ import annotations

from flask_babel import lazy_gettext

from app.core.problems import Kind

UNREADABLE = Kind("import.unreadable", 422, lazy_gettext("%(what)s %(mend)s"))
NO_ROWS = Kind(
    "import.no_rows",
    422,
    lazy_gettext(
        "The file has headings and no row below them. Put one record on each row under the headings, and send it again."
    ),
)
NO_NAME = Kind(
    "import.no_name",
    422,
    lazy_gettext("No column is chosen for “%(name)s”. Choose the one that holds the names of the records."),
)
TWICE = Kind("import.column_twice", 422, lazy_gettext("Two columns are chosen for “%(name)s”. Leave one of them out."))
NO_CONSENT_SETTINGS = Kind(
    "import.no_consent_settings",
    422,
    lazy_gettext(
        "The file has a column with personal data (%(name)s), and the programme does not say yet who answers for them "
        "(law 09-08). Leave the column out, or have an administrator fill the consent texts of the programme first."
    ),
)
NOT_AGREED = Kind(
    "import.not_agreed",
    422,
    lazy_gettext("Tick that the persons named in the file agreed to be recorded, or leave those columns out."),
)
STALE = Kind(
    "import.changed",
    409,
    lazy_gettext(
        "What this page showed is no longer so: the import was checked again or written meanwhile. Look again, then decide."
    ),
)
NOTHING = Kind(
    "import.nothing",
    422,
    lazy_gettext("No row is free of mistakes: there is nothing to record. Mend the file and send it again."),
)
