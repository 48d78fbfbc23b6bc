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
FILE_UNREADABLE = Kind(
    "instruments.file_unreadable",
    422,
    lazy_gettext(
        "The file %(name)s cannot be used. Lists are .csv in UTF-8, .geojson or .xml; pictures .jpg, .png, .webp, .gif, or .svg "
        "without scripts; sounds .mp3, .m4a, .ogg or .wav; films .mp4 or .webm; each at most %(limit)s MB."
    ),
)
LIST_TOO_LONG = Kind(
    "instruments.list_too_long",
    422,
    lazy_gettext(
        "The list %(name)s has %(rows)s rows; phones take lists of at most %(limit)s. Divide it, or keep it as records: of those "
        "each phone takes what lies in its territory."
    ),
)
FILES_TOO_LARGE = Kind(
    "instruments.files_too_large",
    413,
    lazy_gettext(
        "The pictures, sounds and films of the form are larger than %(limit)s MB in all. Make them smaller: phones fetch them."
    ),
)
DRAFT_GONE = Kind(
    "instruments.draft_gone",
    404,
    lazy_gettext("This draft is no longer there: it was published or put away. Look in the list of forms."),
)
UPLOAD_EXPIRED = Kind(
    "instruments.upload_expired", 410, lazy_gettext("The check of this form is too old to be published. Send the file again.")
)
NOT_IN_LIBRARY = Kind(
    "instruments.not_in_library", 404, lazy_gettext("No form that comes with Daftar is called %(form_id)s. There are: %(known)s.")
)
