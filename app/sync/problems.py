"""What can go wrong with a request of the sync protocol as a whole."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

UNKNOWN_DEVICE = Kind(
    "sync.unknown_device", 401, lazy_gettext("The server does not know this phone. Sign in on it again; nothing on it is lost.")
)
NOT_JSON = Kind(
    "sync.not_json", 400, lazy_gettext("The server could not read what the phone sent. Nothing is lost; update the application.")
)
TOO_LARGE = Kind(
    "sync.too_large",
    413,
    lazy_gettext("The phone sent too much at once (limit %(limit_kb)s kB). It sends smaller parts by itself."),
)
TOO_MANY = Kind(
    "sync.too_many", 413, lazy_gettext("The phone sent too many forms at once (limit %(limit)s). It sends fewer by itself.")
)
UPDATE_NEEDED = Kind(
    "sync.update_needed",
    426,
    lazy_gettext("This version of the application is too old. Update it; nothing on the phone is lost."),
)
BUSY = Kind("sync.busy", 503, lazy_gettext("The server is busy. The phone tries again by itself; nothing is lost."))
