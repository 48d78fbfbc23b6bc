"""Why a backup or a restore stops."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

NO_BACKUP = Kind(
    "backup.none", 404, lazy_gettext("There is no finished backup in %(folder)s. Make one with: flask backup make FOLDER")
)
NO_TOOL = Kind(
    "backup.no_tool", 500, lazy_gettext("%(tool)s was not found. Install the PostgreSQL client tools and run the command again.")
)
FAILED = Kind("backup.failed", 500, lazy_gettext("The copy could not be made: %(why)s. The data in use is untouched."))
DAMAGED = Kind(
    "backup.damaged", 500, lazy_gettext("The backup %(backup)s is damaged: %(why)s. Use an earlier one and make a new one now.")
)
NOT_EMPTY = Kind(
    "backup.not_empty",
    409,
    lazy_gettext("The database in use already holds %(submissions)s submissions. Name an empty one, or add --replace."),
)
OTHER_STORE = Kind(
    "backup.other_store",
    409,
    lazy_gettext("This backup is of %(kept)s; the database in use is %(used)s. Set DATABASE_URL to the same kind."),
)
