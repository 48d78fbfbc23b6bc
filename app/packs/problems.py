"""What can be wrong with a pack."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

NO_SUCH_PACK = Kind(
    "packs.no_such_pack",
    404,
    lazy_gettext("There is no programme pack %(asked)s. Give the folder of one, or one of these: %(known)s."),
)
WRONG = Kind(
    "packs.wrong",
    422,
    lazy_gettext("%(file)s, %(place)s: found %(found)s. Allowed there: %(allowed)s. Nothing was loaded."),
)
FORM_WRONG = Kind(
    "packs.form_wrong",
    422,
    lazy_gettext("%(file)s: the form has %(count)s errors, the first: %(where)s %(message)s Nothing was loaded."),
)
OF_DEMONSTRATION = Kind(
    "packs.of_demonstration",
    409,
    lazy_gettext("The programme %(code)s is a demonstration here. Give the pack another code, or take the demonstration away."),
)
