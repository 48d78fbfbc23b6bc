"""What can go wrong with instruments."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

HAS_ERRORS = Kind(
    "instruments.has_errors", 422, lazy_gettext("The form has errors: nothing was published. Correct what the list names.")
)
VERSION_TAKEN = Kind(
    "instruments.version_taken",
    409,
    lazy_gettext(
        "Version %(version)s of %(form_id)s is already published with other content. Published versions never change: "
        "raise the version in the sheet “settings”."
    ),
)
LIST_UNREADABLE = Kind(
    "instruments.list_unreadable",
    422,
    lazy_gettext("The list %(name)s cannot be read. Save it as CSV, in UTF-8, with the columns name and label."),
)
DRAFT_GONE = Kind(
    "instruments.draft_gone",
    404,
    lazy_gettext("This draft is no longer there: it was published or put away. Look in the list of forms."),
)
UPLOAD_EXPIRED = Kind(
    "instruments.upload_expired", 410, lazy_gettext("The check of this form is too old to be published. Send the file again.")
)
