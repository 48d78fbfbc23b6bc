"""What can go wrong with the settings of a programme."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

BAD_CODE = Kind(
    "programmes.bad_code",
    422,
    lazy_gettext("A code has 2 to 40 characters: letters a-z, digits and dashes, and begins with a letter."),
)
CODE_TAKEN = Kind("programmes.code_taken", 409, lazy_gettext("The code %(code)s is already taken. Choose another one."))
NAME_INCOMPLETE = Kind(
    "programmes.name_incomplete",
    422,
    lazy_gettext("The name is needed in Arabic and in French: phones and pages show both."),
)
PARTNERS_INCOMPLETE = Kind(
    "programmes.partners_incomplete", 422, lazy_gettext("Write the partners in Arabic and in French, or leave both empty.")
)
PLACE_UNKNOWN = Kind(
    "programmes.place_unknown",
    422,
    lazy_gettext(
        "No place of Morocco has the code %(code)s. Codes are those of the census: 05 is a region, 05.271 a province, "
        "05.271.01.01 a commune."
    ),
)
DATES_REVERSED = Kind(
    "programmes.dates_reversed", 422, lazy_gettext("The programme ends before it begins. Correct one of the dates.")
)
TOKEN_UNKNOWN = Kind(
    "programmes.token_unknown",
    422,
    lazy_gettext("No consent text is called %(token)s. The consent texts are: %(known)s."),
)
TOKEN_INCOMPLETE = Kind(
    "programmes.token_incomplete",
    422,
    lazy_gettext("The consent text %(token)s is written in one language only. Write it in Arabic and in French."),
)
NO_SUCH_PROGRAMME = Kind(
    "programmes.no_such_programme", 404, lazy_gettext("No programme has the code %(code)s. `flask programme list` shows them.")
)
NO_SUCH_ORGANISATION = Kind(
    "programmes.no_such_organisation", 404, lazy_gettext("No organisation of this programme has the code %(code)s.")
)
AMOUNT_UNREADABLE = Kind(
    "programmes.amount_unreadable",
    422,
    lazy_gettext(
        "“%(found)s” is no amount. Write dirhams in figures, such as 3 700 000 or 3700000,50: at most two figures after the "
        "comma, no other sign. Leave it empty where the amount is not known."
    ),
)
NOTE_INCOMPLETE = Kind(
    "programmes.note_incomplete", 422, lazy_gettext("Write the note in Arabic and in French, or leave both empty.")
)
PHASE_REVERSED = Kind("programmes.phase_reversed", 422, lazy_gettext("The phase ends before it begins. Correct one of the days."))
PHASE_IN_USE = Kind(
    "programmes.phase_in_use",
    409,
    lazy_gettext(
        "Figures are counted within the phase %(phase)s: %(indicators)s. They would count everything without it. Load these "
        "indicators without the phase first, then take it away."
    ),
)
NO_SUCH_PHASE = Kind("programmes.no_such_phase", 404, lazy_gettext("This programme has no phase with the code %(code)s."))
NO_SUCH_PARTNER = Kind("programmes.no_such_partner", 404, lazy_gettext("This programme has no partner with the code %(code)s."))
