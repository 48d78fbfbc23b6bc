"""What can go wrong with the key of a phone."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

BAD_KEY = Kind(
    "keys.bad_key",
    422,
    lazy_gettext("The server could not read the phone's key. Nothing is lost; update the application and sign in again."),
)
NO_KEY = Kind(
    "keys.none",
    404,
    lazy_gettext("The office does not hold a key of this person for this phone. What is finished is still delivered."),
)
SIGN_IN_AGAIN = Kind(
    "keys.sign_in_again", 403, lazy_gettext("Sign in again with the password: the key is only given just after that.")
)
