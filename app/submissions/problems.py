"""What can go wrong with what phones deliver. The phone stores these codes; a person reads the messages."""

from flask_babel import lazy_gettext

from app.core.problems import Kind

MALFORMED = Kind(
    "submission.malformed",
    422,
    lazy_gettext("The server cannot read this form (%(reason)s). It stays on the phone; export it and call your coordinator."),
)
TOO_LARGE = Kind(
    "submission.too_large",
    413,
    lazy_gettext("This form is too large to be sent (limit %(limit_kb)s kB). It stays on the phone; call your coordinator."),
)
GONE = Kind(
    "submission.gone", 410, lazy_gettext("This submission was deleted at the office. Your copy stays until you remove it.")
)
NOT_STORED = Kind(
    "submission.not_stored", 503, lazy_gettext("The server could not store this form yet. The phone tries again by itself.")
)
NO_SUCH_SUBMISSION = Kind(
    "submission.none", 404, lazy_gettext("This submission does not exist, or it is not open to your account.")
)

# Stored, but a person must look before it counts. The reason is the last part of the code.
QUARANTINE = {
    "id_conflict": lazy_gettext("Another form arrived under the same number. Both are kept; your coordinator decides."),
    "author_unproven": lazy_gettext(
        "This form names another author than the owner of the phone. It is kept; your coordinator decides."
    ),
    "key_unproven": lazy_gettext("This PIN was chosen without network. The form is kept, and counts once you have signed in."),
    "author_disabled": lazy_gettext("The author's account is deactivated. The form is kept; your coordinator decides."),
    "device_revoked": lazy_gettext("This phone was revoked at the office. The form is kept; your coordinator decides."),
    "device_lost": lazy_gettext("This phone was said to be lost. The form is kept; your coordinator decides."),
    "programme_unknown": lazy_gettext("The server does not know this programme. The form is kept; an administrator looks at it."),
    "not_a_member": lazy_gettext("The author has no role in this programme. The form is kept; your coordinator decides."),
    "form_unknown": lazy_gettext(
        "The server does not know this form, or not this version of it. It is kept; an administrator looks at it."
    ),
    "form_closed": lazy_gettext("This form is closed. What you sent is kept; your coordinator decides."),
    "revision_conflict": lazy_gettext("Two corrections of the same form arrived. Both are kept; your coordinator chooses one."),
    "entity_elsewhere": lazy_gettext(
        "A record in this form belongs to another programme or organisation. The form is kept; your coordinator decides."
    ),
    "unreadable": lazy_gettext(
        "This form was damaged or changed after it was sealed on the phone. It is kept as it came; an administrator looks at it. "
        "The form and its photos stay on the phone too."
    ),
    "encryption_unknown": lazy_gettext(
        "The server cannot open this encrypted form yet. It is kept; an administrator looks at it. "
        "The form and its photos stay on the phone until then."
    ),
    "store_refused": lazy_gettext("The server could not file this form. It is kept as it came; an administrator looks at it."),
}
RECORD_ELSEWHERE = Kind(
    "quarantine.record_elsewhere",
    422,
    lazy_gettext(
        "This form changes a record of another organisation or territory, which is not yours to change. Only an administrator, "
        "or a coordinator of both, can accept it. You can reject it, or in quarantine choose another record that it is about."
    ),
)
QUARANTINED = {reason: Kind(f"quarantine.{reason}", 202, message) for reason, message in QUARANTINE.items()}

CHUNK_EMPTY = Kind(
    "attachment.chunk_empty", 400, lazy_gettext("A piece of the file arrived empty. The phone tries again by itself.")
)
CHUNK_TOO_LARGE = Kind(
    "attachment.chunk_too_large", 413, lazy_gettext("A piece of the file is too large. Update the application on the phone.")
)
CHUNK_DAMAGED = Kind(
    "attachment.chunk_damaged",
    460,
    lazy_gettext("A piece of the file was damaged on the way. The phone sends it again by itself."),
)
OFFSET_WRONG = Kind(
    "attachment.offset_wrong", 409, lazy_gettext("The file continues at byte %(offset)s. The phone goes on from there by itself.")
)
FILE_DAMAGED = Kind(
    "attachment.file_damaged",
    422,
    lazy_gettext("The file does not match what the form says. The phone sends it again from the start."),
)
STORAGE_FULL = Kind(
    "attachment.storage_full", 507, lazy_gettext("The server has no room for files at the moment. The phone tries again later.")
)
