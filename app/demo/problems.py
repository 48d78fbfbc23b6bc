"""What can go wrong with the demonstration."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

HOLDS_REAL_WORK = Kind(
    "demo.holds_real_work",
    409,
    lazy_gettext("%(count)s submissions of real accounts stand in the demonstration programme. Export and delete them first."),
)
NOT_ALLOWED_HERE = Kind(
    "demo.not_allowed_here",
    403,
    lazy_gettext("The demonstration is not allowed on this installation. Set DAFTAR_DEMO=1 to allow it."),
)
