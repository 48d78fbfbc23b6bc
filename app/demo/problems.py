"""What can go wrong with the demonstration."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

HOLDS_REAL_WORK = Kind(
    "demo.holds_real_work",
    409,
    lazy_gettext(
        "Work of real accounts stands in the demonstration programme: %(submissions)s submissions, %(imports)s imports, "
        "%(decisions)s decisions, %(records)s changes of records. Export what should stay, then unload it with --with-real-work."
    ),
)
NOT_ALLOWED_HERE = Kind(
    "demo.not_allowed_here",
    403,
    lazy_gettext("The demonstration is not allowed on this installation. Set DAFTAR_DEMO=1 to allow it."),
)
