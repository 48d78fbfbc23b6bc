"""What can be wrong with declarations: each says the file, the indicator, the key, what stands there and what may stand there."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

NOT_A_LIST = Kind(
    "indicators.not_a_list",
    422,
    lazy_gettext("%(file)s: indicators are a list of declarations, [ { … }, { … } ]. Found: %(found)s."),
)
BAD_CODE = Kind(
    "indicators.bad_code",
    422,
    lazy_gettext(
        "%(file)s, indicator %(indicator)s, code: “%(found)s” is no code. A code begins with a letter and has at most 64 letters "
        "a-z, digits, dashes, dots and underscores; no other indicator of the programme has the same."
    ),
)
MISSING = Kind(
    "indicators.missing",
    422,
    lazy_gettext("%(file)s, indicator %(indicator)s: “%(key)s” is missing. Write it: %(allowed)s."),
)
UNKNOWN_KEY = Kind(
    "indicators.unknown_key",
    422,
    lazy_gettext("%(file)s, indicator %(indicator)s: there is no key “%(key)s”. Keys are: %(allowed)s."),
)
WRONG_VALUE = Kind(
    "indicators.wrong_value",
    422,
    lazy_gettext("%(file)s, indicator %(indicator)s, %(key)s: found “%(found)s”. Allowed: %(allowed)s."),
)
UNKNOWN_INSTRUMENT = Kind(
    "indicators.unknown_instrument",
    422,
    lazy_gettext(
        "%(file)s, indicator %(indicator)s, %(key)s: the programme has no instrument “%(found)s”. "
        "Its instruments are: %(allowed)s."
    ),
)
UNKNOWN_LIST = Kind(
    "indicators.unknown_list",
    422,
    lazy_gettext(
        "%(file)s, indicator %(indicator)s, %(key)s: the programme has no list “%(found)s”. Its lists are: %(allowed)s."
    ),
)
UNKNOWN_QUESTION = Kind(
    "indicators.unknown_question",
    422,
    lazy_gettext(
        "%(file)s, indicator %(indicator)s, %(key)s: there is no question or property “%(found)s” there. Those that look alike, "
        "or come first: %(allowed)s."
    ),
)
NO_NUMBER = Kind(
    "indicators.no_number",
    422,
    lazy_gettext(
        "%(file)s, indicator %(indicator)s, %(key)s: “%(found)s” holds no number. Name a number, a calculation, or a choice "
        "whose codes are numbers."
    ),
)
NO_DATE = Kind(
    "indicators.no_date",
    422,
    lazy_gettext("%(file)s, indicator %(indicator)s, %(key)s: “%(found)s” holds no date. Name a date or leave the key out."),
)
UNKNOWN_UNIT = Kind(
    "indicators.unknown_unit",
    422,
    lazy_gettext("%(file)s, indicator %(indicator)s, %(key)s: there is no unit “%(found)s”. Units are: %(allowed)s."),
)
TARGET_WITHOUT_UNIT = Kind(
    "indicators.target_without_unit",
    422,
    lazy_gettext(
        "%(file)s, indicator %(indicator)s, %(key)s: the target %(found)s has no unit. "
        "Write the unit of the indicator: %(allowed)s."
    ),
)
OTHER_UNIT = Kind(
    "indicators.other_unit",
    422,
    lazy_gettext(
        "%(file)s, indicator %(indicator)s, %(key)s: the target is in “%(found)s”, the indicator in %(allowed)s. "
        "Write both in the same unit."
    ),
)
PERSONAL = Kind(
    "indicators.personal",
    422,
    lazy_gettext(
        "%(file)s, indicator %(indicator)s, %(key)s: “%(found)s” says who somebody is, and would stand beside every figure. Name "
        "what says nothing of persons: %(allowed)s."
    ),
)
IMPOSSIBLE = Kind(
    "indicators.impossible",
    422,
    lazy_gettext("%(file)s, indicator %(indicator)s, %(key)s: “%(found)s” cannot be counted so. It needs: %(allowed)s."),
)
UNKNOWN = Kind(
    "indicators.unknown",
    404,
    lazy_gettext("This programme has no indicator “%(code)s”. It may have been renamed; look in the list."),
)
PERIMETER_UNKNOWN = Kind(
    "indicators.perimeter_unknown",
    404,
    lazy_gettext(
        "The address asks for an organisation, a place, a phase or a day that means nothing in this programme. No file was made: "
        "it would hold more than was asked for. Choose on the page, and take the file from there."
    ),
)
TARGET_UNREADABLE = Kind(
    "indicators.target_unreadable",
    422,
    lazy_gettext(
        "“%(found)s” is no target. Write figures, such as 300 or 28 250 000,00. Leave it empty for an indicator without a target."
    ),
)
