"""What can go wrong with accounts."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

WRONG_PASSWORD = Kind(
    "accounts.wrong_password", 401, lazy_gettext("The username or the password is not right. Check both, then try again.")
)
TOO_MANY_TRIES = Kind(
    "accounts.too_many_tries",
    429,
    lazy_gettext("Too many wrong passwords for this account. Wait %(after_s)s seconds, then try again."),
)
USERNAME_TAKEN = Kind("accounts.username_taken", 409, lazy_gettext("This username is already taken. Choose another one."))
WEAK_PASSWORD = Kind(
    "accounts.weak_password",
    422,
    lazy_gettext("This password is too easy to guess. Use at least 8 characters, not the username and not a common password."),
)
NO_SUCH_PERSON = Kind("accounts.no_such_person", 404, lazy_gettext("No account has this username."))
BAD_USERNAME = Kind(
    "accounts.bad_username",
    422,
    lazy_gettext("A username has 3 to 64 characters: letters a-z, digits, dots, dashes and underscores."),
)
NO_PROGRAMME = Kind(
    "accounts.no_programme",
    403,
    lazy_gettext("Your account has no role in a programme yet. Ask an administrator to give it one."),
)
DEMO_ACCOUNT = Kind(
    "accounts.demo_account",
    409,
    lazy_gettext(
        "%(username)s is an account of the demonstration: its password is no secret, and it cannot sign in where the "
        "demonstration is off. Make an account of your own: `flask people create-administrator NAME`."
    ),
)
OUTSIDE_PROGRAMME = Kind(
    "accounts.outside_programme",
    422,
    lazy_gettext("%(place)s lies outside the programme's territories. Choose a place inside them, or change the programme."),
)
