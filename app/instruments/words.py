"""Consent texts in the office's words: what each is, and how forms say it."""

from __future__ import annotations

from flask_babel import lazy_gettext

# token: (label, explanation)
TOKENS = {
    "responsible_org": (
        lazy_gettext("Who answers for the data"),
        lazy_gettext("The organisation that collects and keeps them, as the law on personal data (09-08) means it."),
    ),
    "programme_name": (
        lazy_gettext("Name of the programme in the text"),
        lazy_gettext("Left empty, the programme's own name is said."),
    ),
    "recipients": (
        lazy_gettext("Who receives the data"),
        lazy_gettext("An enumeration: “the five associations of the programme and the Office for cooperatives”."),
    ),
    "retention": (
        lazy_gettext("How long the data are kept"),
        lazy_gettext("A length of time: “two years after the end of the programme”."),
    ),
    "contact_person": (
        lazy_gettext("Whom to turn to"),
        lazy_gettext("A person or a service: she answers who wants to see, correct or withdraw what was noted."),
    ),
    "contact_details": (lazy_gettext("How to reach them"), lazy_gettext("A telephone number or an address.")),
    "cndp_kind": (
        lazy_gettext("Kind of formality with the CNDP"),
        lazy_gettext("What the data protection commission received: a declaration, or a request for authorisation."),
    ),
    "cndp_number": (
        lazy_gettext("Number of the CNDP's receipt"),
        lazy_gettext("The same in both languages. Without it no form that asks for names opens."),
    ),
}
CNDP_KINDS = {
    "declaration": {"ar": "تصريح", "fr": "déclaration"},
    "authorisation": {"ar": "إذن", "fr": "autorisation"},
}
ONE_FIELD = ("cndp_kind", "cndp_number")  # chosen, or written once for both languages


def token_name(name: str) -> str:
    """A consent text in the reader's words."""
    return str(TOKENS[name][0]) if name in TOKENS else name
