"""What can go wrong with a rescue file."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

NOT_ONE = Kind("rescue.not_one", 422, lazy_gettext("This is not a rescue file of Daftar. Choose the file that the phone made."))
