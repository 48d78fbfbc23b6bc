"""What can be wrong with a declared home."""

from __future__ import annotations

from flask_babel import lazy_gettext

from app.core.problems import Kind

WRONG = Kind(
    "panels.wrong",
    422,
    lazy_gettext("%(file)s, panel %(panel)s, “%(key)s”: found %(found)s. Allowed there: %(allowed)s. Nothing was loaded."),
)
