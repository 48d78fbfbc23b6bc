"""What can go wrong with records at the office."""

from __future__ import annotations

from flask_babel import lazy_gettext

from app.core.problems import Kind

STALE = Kind(
    "record.changed",
    409,
    lazy_gettext("This record was changed meanwhile. Nothing was done; read what is new on its page, then decide again."),
)
NO_REASON = Kind("record.no_reason", 422, lazy_gettext("Write why, in a few words: it stays in the history of the record."))
NOT_THE_SAME = Kind(
    "record.not_the_same", 422, lazy_gettext("Only two different records of the same list can be merged. Choose another one.")
)
MERGED = Kind(
    "record.merged",
    409,
    lazy_gettext("This record was merged into another one. Undo the merge first, on the page of the record that stayed."),
)
UNDONE = Kind("record.merge_undone", 409, lazy_gettext("This merge was undone before. Nothing was done."))
NO_CHOICE = Kind("record.no_choice", 422, lazy_gettext("Choose which of the two values is right."))
