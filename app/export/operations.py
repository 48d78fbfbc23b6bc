"""Taking submissions out: a file, and an entry of the chain that says who took what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal

from app.core import audit
from app.core.db import begin_writing
from app.core.permissions import Actor
from app.core.workbooks import XLSX
from app.export import writing
from app.export.gather import Request, prepare


@dataclass(frozen=True)
class Made:
    name: str  # of the file
    mimetype: str
    submissions: int
    rows: int  # of all tables together
    unreadable: int  # submissions whose answers could not be opened


def write(
    actor: Actor,
    request: Request,
    target: BinaryIO,
    file_format: Literal["xlsx", "csv"],
    *,
    separator: str = ",",
    now: datetime,
) -> Made:
    """Write the file into `target` ("csv": a ZIP of CSV files), then note it (`submission.exported`). The caller commits.

    Raises NOT_ALLOWED, also for names without `names.export`; NO_INSTRUMENT.
    """
    export = prepare(actor, request, now=now)
    by = str(actor.name.get(request.options.language) or next(iter(actor.name.values()), ""))
    if file_format == "csv":
        writing.write_csv(export, target, by=by, separator=separator)
        name, mimetype = writing.file_name(export, "zip"), "application/zip"
    else:
        writing.write_xlsx(export, target, by=by)
        name, mimetype = writing.file_name(export, "xlsx"), XLSX
    filters, options = request.filters, request.options
    begin_writing()
    audit.record(
        "submission.exported",
        at=now,
        actor_id=actor.person_id,
        programme_id=filters.programme_id,
        object_id=filters.form_id,
        details={
            "format": file_format,
            "shape": options.shape,
            "rows": export.submissions,
            "seq": export.seq,
            "states": list(filters.states),
            "names": options.names,
            "filters": filters.to_args(),
        },
    )
    return Made(name, mimetype, export.submissions, sum(export.counts.values()), export.unreadable)
