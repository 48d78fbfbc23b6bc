"""What can go wrong with an export."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

NO_INSTRUMENT = Kind(
    "export.no_instrument", 404, lazy_gettext("This programme has no such instrument. Choose one of the list and export again.")
)
