"""What can go wrong with a receiver of notices."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

BAD_ADDRESS = Kind(
    "hooks.bad_address",
    422,
    lazy_gettext(
        "Nothing can be sent to this address. Write it whole, such as https://example.ma/daftar, without a name and password."
    ),
)
HTTPS_ONLY = Kind(
    "hooks.https_only",
    422,
    lazy_gettext("The address must begin with https://, so that nobody reads or changes a notice on its way."),
)
HOST_UNKNOWN = Kind("hooks.host_unknown", 422, lazy_gettext("No machine is known as %(host)s. Check the name, then save again."))
ADDRESS_REFUSED = Kind(
    "hooks.address_refused",
    422,
    lazy_gettext(
        "%(host)s stands for a machine of an internal network, which must not be reached from here. Give an address that "
        "everybody can reach; an exception is made by whoever runs the server (DAFTAR_HOOKS_NETWORKS)."
    ),
)
NO_EVENT = Kind("hooks.no_event", 422, lazy_gettext("Choose at least one event to be told."))
UNKNOWN_EVENT = Kind("hooks.unknown_event", 422, lazy_gettext("There is no event %(event)s. The events are: %(known)s."))
BAD_SECRET = Kind(
    "hooks.bad_secret",
    422,
    lazy_gettext("A secret is whsec_ followed by 24 to 64 bytes in base64. Left empty, the server makes one."),
)
TOO_MANY = Kind(
    "hooks.too_many", 422, lazy_gettext("This programme already tells %(most)s addresses. Remove one that is no longer needed.")
)
NO_SUCH_HOOK = Kind("hooks.no_such_hook", 404, lazy_gettext("No receiver has the id %(id)s. `flask hooks list` shows them."))
