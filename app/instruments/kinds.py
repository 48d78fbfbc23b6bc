"""What of XLSForm works here: kinds of questions, appearances, parameters, settings; and why something does not.

What is drawn is read from static/js/form/kinds.js, by which the phone itself chooses. docs/engine.md, "What works", is written
from these tables (matrix.py).
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

SOURCE = Path(__file__).resolve().parents[2] / "static" / "js" / "form" / "kinds.js"


def read_kinds(source: str) -> dict[str, dict[str, str]]:
    """{type: {appearance: widget}} of kinds.js."""
    found = re.search(r"export const KINDS = (\{.*?\n\});", source, re.DOTALL)
    if found is None:
        raise ValueError("kinds.js holds no KINDS")
    kinds: dict[str, dict[str, str]] = json.loads(found[1])
    return kinds


@functools.cache
def drawn() -> dict[str, dict[str, str]]:
    return read_kinds(SOURCE.read_text("utf-8"))


# Answered without a question, or not an answer at all.
UNSEEN = frozenset(
    {"calculate", "hidden", "start", "end", "today", "deviceid", "username", "email", "phonenumber", "audit"}
    | {"csv-external", "xml-external"}
)


@functools.cache
def supported() -> frozenset[str]:
    return frozenset(drawn()) - {"*", "group", "repeat"} | UNSEEN


# Why an appearance, a parameter, a setting or a kind does not work, or works otherwise.
REASONS: dict[str, LazyString] = {
    "no_map": _("There is no map without network: the place is taken where one stands, or its coordinates are typed."),
    "map_of_choices": _("There is no map without network: the choices stand in a list that can be searched."),
    "list_of_file": _("The choices of a file or of records stand in a list that can be searched."),
    "calendar": _("Dates are those of the civil calendar."),
    "own_picker": _("The phone's own calendar asks for the day and the time."),
    "application": _("A form opens no other application."),
    "printer": _("A form reaches no printer."),
    "shown_digits": _("Numbers stay visible, so that a slip is seen; ask for a text with “masked” and “numbers”."),
    "as_typed": _("A text of digits is a name, not a quantity: it is shown as typed."),
    "numbers_of_slider": _("The slider shows its two ends and the number chosen; nothing is chosen before it is touched."),
    "quality_external": _("The voice is recorded here, or a recording made with another application is chosen."),
    "one_mode": _("Points are added by hand or while walking, as the person chooses."),
    "mock": _("A browser does not tell whether a position is genuine."),
    "audit_place": _("The log holds no places: a position is asked for by a question that is seen."),
    "audit_reasons": _("The log notes what changed; a reason is asked for at the office when a submission is sent back."),
    "browser_tells": _("A browser does not tell it; the answer stays blank."),
    "unseen_place": _("A position is asked for by a question that is seen (geopoint); the answer stays blank."),
    "unseen_sound": _("A recording is asked for by a question that is seen (audio); the answer stays blank."),
    "osm": _("There is no map to draw on: use geopoint or geoshape."),
    "external": _("Use select_one_from_file with a CSV list and a choice_filter."),
    "loop": _("Use a repeat, or write the questions one by one."),
    "score": _("Use a group with the appearance table-list: its questions, one select_one each, share a list."),
    "ranking": _("Use a question of the kind rank with its list."),
    "matrix": _("Use a repeat with the appearance grid, or a group with the appearance table-list."),
    "search": _("Use select_one_from_file with a CSV list and a choice_filter."),
    "sections": _("Every group at the top is a page of its own."),
    "own_server": _("Submissions go to the server that published the form."),
    "own_key": _("Submissions are protected by the connection and by the server, not by a key of the form."),
    "by_sync": _("Phones send by themselves when there is network, and keep what the office has acknowledged."),
    "no_sms": _("Submissions do not travel by SMS."),
}  # fmt: skip

# Appearances that other tools know, not drawn here: {type: {word: reason}}. "*": on any question.
FALLS_BACK: dict[str, dict[str, str]] = {
    "*": {"ex:": "application", "intent:": "application", "printer:": "printer", "printer": "printer"},
    "text": {"thousands-sep": "as_typed"},
    "integer": {"masked": "shown_digits"},
    "decimal": {"masked": "shown_digits", "counter": "shown_digits"},
    "range": {"distress": "numbers_of_slider", "analog-scale": "numbers_of_slider"},
    "select_one": {"map": "map_of_choices"},
    "select_multiple": {"map": "map_of_choices"},
    "date": dict.fromkeys(
        ("ethiopian", "coptic", "islamic", "bikram-sambat", "myanmar", "persian", "buddhist"), "calendar"
    ),
    "dateTime": dict.fromkeys(("no-calendar", "month-year", "year"), "own_picker")
    | dict.fromkeys(("ethiopian", "coptic", "islamic", "bikram-sambat", "myanmar", "persian", "buddhist"), "calendar"),
    "geopoint": dict.fromkeys(("maps", "placement-map", "hide-input"), "no_map"),
    "geotrace": dict.fromkeys(("maps", "placement-map", "hide-input"), "no_map"),
    "geoshape": dict.fromkeys(("maps", "placement-map", "hide-input"), "no_map"),
}  # fmt: skip

# Kinds that let the form be published all the same; the answer stays blank.
BLANK: dict[str, str] = {
    "simserial": "browser_tells",
    "subscriberid": "browser_tells",
    "start-geopoint": "unseen_place",
    "background-geopoint": "unseen_place",
    "background-audio": "unseen_sound",
}
# Kinds that do not: an error.
UNSUPPORTED: dict[str, str] = {
    "osm": "osm",
    "select-one-external": "external",
    "loop": "loop",
    "begin-score": "score",
    "begin-rank": "ranking",
    "begin-kobomatrix": "matrix",
}

# {type: {parameter: reason it does nothing, or None: it works}}
PARAMETERS: dict[str, dict[str, str | None]] = {
    "text": {"rows": None},
    "range": {
        "start": None,
        "end": None,
        "step": None,
        "tick_interval": "numbers_of_slider",
        "tick_labelset": "numbers_of_slider",
        "placeholder": "numbers_of_slider",
    },
    "select_one": {"randomize": None, "seed": None, "value": None, "label": None},
    "select_multiple": {"randomize": None, "seed": None, "value": None, "label": None},
    "rank": {"randomize": None, "seed": None, "value": None, "label": None},
    "geopoint": {"capture-accuracy": None, "warning-accuracy": None, "allow-mock-accuracy": "mock"},
    "geotrace": {"allow-mock-accuracy": "mock", "incremental": "one_mode"},
    "geoshape": {"allow-mock-accuracy": "mock", "incremental": "one_mode"},
    "image": {"max-pixels": None, "app": "application"},
    "audio": {"quality": None},
    "video": {},
    "audit": {
        "track-changes": None,
        "identify-user": None,
        "track-changes-reasons": "audit_reasons",
        "location-priority": "audit_place",
        "location-min-interval": "audit_place",
        "location-max-age": "audit_place",
    },
}

_TRUTH = ("true|false", "true")
_NUMBER = (r"\d+(\.\d+)?", "10")
# What the converter takes of a parameter, with an example; it refuses the rest.
PARAMETER_VALUES: dict[str, tuple[str, str]] = {
    "max-pixels": (r"\d+", "1600"),
    "rows": (r"\d+", "5"),
    "quality": ("voice-only|low|normal|external", "low"),
    "capture-accuracy": _NUMBER,
    "warning-accuracy": _NUMBER,
    "allow-mock-accuracy": _TRUTH,
    "incremental": _TRUTH,
    "randomize": _TRUTH,
    "seed": (r"-?\d+(\.\d+)?|\$\{.*", "42"),
    "track-changes": _TRUTH,
    "identify-user": _TRUTH,
    "track-changes-reasons": ("on-form-edit", "on-form-edit"),
    "location-priority": ("no-power|low-power|balanced|high-accuracy", "balanced"),
    "location-min-interval": (r"\d+", "60"),
    "location-max-age": (r"\d+", "120"),
}
# Parameters that go together only.
TOGETHER = {
    "seed": "randomize=true seed=42",
    **dict.fromkeys(
        ("location-priority", "location-min-interval", "location-max-age"),
        "location-priority=balanced location-min-interval=60 location-max-age=120",
    ),
}

# Settings: None, it works; else why it does nothing.
SETTINGS: dict[str, str | None] = {
    "form_title": None,
    "form_id": None,
    "version": None,
    "default_language": None,
    "instance_name": None,
    "allow_choice_duplicates": None,
    "name": None,
    "clean_text_values": None,
    "namespaces": None,
    "attribute::…": None,
    "omit_instanceid": None,
    "instance_xmlns": None,
    "style": "sections",
    "submission_url": "own_server",
    "public_key": "own_key",
    "auto_send": "by_sync",
    "auto_delete": "by_sync",
    "client_editable": "by_sync",
    "sms_keyword": "no_sms",
    "sms_separator": "no_sms",
    "sms_allow_media": "no_sms",
    "sms_date_format": "no_sms",
    "sms_datetime_format": "no_sms",
    "sms_response": "no_sms",
    "prefix": "no_sms",
    "delimiter": "no_sms",
}
SETTING_ALIASES = {"title": "form_title", "id_string": "form_id", "set_form_id": "form_id", "set_form_title": "form_title"}


def words(appearance: str) -> list[str]:
    """The appearances of a cell, one each: a call of another application stays whole."""
    return re.findall(r"[^\s(]+(?:\([^)]*\)\S*)?|\S+", appearance)


def numbered(word: str) -> str:
    """`w4` -> `w#`: the word as kinds.js has it."""
    return re.sub(r"\d+$", "#", word)


def is_drawn(kind: str, word: str) -> bool:
    """Whether a question of this kind heeds the appearance."""
    kinds = drawn()
    known = kinds.get(kind, {}) | kinds["*"]
    return word in known or numbered(word) in known


def reason(kind: str, word: str, *, of_file: bool = False) -> str | None:
    """Why a question of this kind does not heed an appearance; None: it does, or nobody knows the word.

    of_file  the choices are those of a file or of records
    """
    widget = drawn().get(kind, {}).get(numbered(word), drawn().get(kind, {}).get(word))
    if of_file and widget not in ("own", "plain", None):
        return "list_of_file"
    if is_drawn(kind, word):
        return None
    for known in (FALLS_BACK.get(kind, {}), FALLS_BACK["*"]):
        for name, why in known.items():
            if word == name or (name.endswith(":") and word.startswith((name, name[:-1] + "("))):
                return why
    return None
