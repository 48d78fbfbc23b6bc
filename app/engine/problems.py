"""What can go wrong when answers are computed again on the server. None of it is the phone's fault: the submission is kept."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

TOO_LONG = Kind(
    "engine.too_long",
    503,
    lazy_gettext("These answers took too long to check. They are kept; they can be checked again later."),
)
TOO_LARGE = Kind(
    "engine.too_large",
    503,
    lazy_gettext("These answers need more memory to check than the server gives. They are kept as they are."),
)
FAILED = Kind(
    "engine.failed",
    500,
    lazy_gettext("These answers could not be checked with this version of the form. They are kept; tell your administrator."),
)
