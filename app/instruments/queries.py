"""What is published in a programme."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa

from app.accounts.models import Person
from app.core.db import db
from app.instruments.compiler import LIBRARY, library_lists
from app.instruments.files import List, dataset_content
from app.instruments.models import Dataset, Instrument, InstrumentDraft, InstrumentVersion
from app.instruments.samples import sample_records
from app.instruments.workbook import read_workbook

FIRST_FORMS = ("coop", "diag", "train")  # register cooperatives, diagnose them, train
MEDIA = "media/"  # before the name of a file that labels show, among the datasets


def instrument(programme_id: str, form_id: str) -> Instrument | None:
    return db.session.scalar(sa.select(Instrument).where(Instrument.programme_id == programme_id, Instrument.form_id == form_id))


def current_version(found: Instrument) -> InstrumentVersion | None:
    return db.session.get(InstrumentVersion, found.current_id) if found.current_id else None


def package_of(version: InstrumentVersion) -> dict[str, Any]:
    package: dict[str, Any] = json.loads(version.package)
    return package


@dataclass(frozen=True)
class LibraryForm:
    """A form that comes with Daftar."""

    form_id: str
    version: str
    title: dict[str, str]
    content: bytes

    @property
    def file(self) -> str:
        """Under this name it is published; what people send has another one (downloads carry the version in theirs)."""
        return f"{self.form_id}.md"


@cache
def library() -> dict[str, LibraryForm]:
    """The forms that come with Daftar: those that most programmes begin with first, then by id."""
    found = {}
    for path in LIBRARY.glob("*/form.md"):
        content = path.read_bytes()
        settings = read_workbook(path.name, content).sheets["settings"].rows[0][1]
        title = {code: settings[f"attribute::ci:title-{code}"] for code in ("ar", "fr")}
        found[settings["form_id"]] = LibraryForm(settings["form_id"], settings["version"], title, content)
    return {form_id: found[form_id] for form_id in sorted(found, key=lambda one: (one not in FIRST_FORMS, one))}


def library_left(programme_id: str) -> list[LibraryForm]:
    """Those that the programme does not have in any version."""
    there = set(db.session.scalars(sa.select(Instrument.form_id).where(Instrument.programme_id == programme_id)))
    return [one for form_id, one in library().items() if form_id not in there]


@dataclass(frozen=True)
class Published:
    """An instrument in a list: its current version, and who published it."""

    instrument: Instrument
    version: InstrumentVersion
    publisher: dict[str, str] | None
    versions: int


def published(programme_id: str) -> list[Published]:
    """The instruments of a programme by form id, each with its current version."""
    count = (
        sa.select(InstrumentVersion.instrument_id, sa.func.count().label("versions"))
        .group_by(InstrumentVersion.instrument_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Instrument, InstrumentVersion, Person.name, count.c.versions)
        .join(InstrumentVersion, InstrumentVersion.id == Instrument.current_id)
        .join(count, count.c.instrument_id == Instrument.id)
        .outerjoin(Person, Person.id == InstrumentVersion.published_by)
        .where(Instrument.programme_id == programme_id)
        .order_by(Instrument.form_id)
    )
    return [Published(*row) for row in rows]


@dataclass(frozen=True)
class Newer:
    """A form that comes with Daftar in a newer version than the programme has."""

    form: LibraryForm
    published: Published
    is_own: bool  # what is published came from a file of the programme's own, and would be replaced by Daftar's form


def library_newer(programme_id: str) -> list[Newer]:
    """By their versions, which count upwards (2026112603); nothing is compiled. A version of the programme's own that is newer
    than Daftar's stays out of it, and so does one that was published here before and replaced since."""
    known, found = library(), []
    for one in published(programme_id):
        form = known.get(one.instrument.form_id)
        if form is None or not is_newer(form.version, one.version.version):
            continue
        if version(one.instrument, form.version) is None:
            found.append(Newer(form, one, one.version.source_name != form.file))
    order = list(known)
    return sorted(found, key=lambda one: order.index(one.form.form_id))


def is_newer(one: str, other: str) -> bool:
    """Whether a version counts higher; names that are no numbers of one length say nothing of it."""
    return one.isdecimal() and other.isdecimal() and len(one) == len(other) and one > other


def draft_of(programme_id: str, form_id: str) -> InstrumentDraft | None:
    query = sa.select(InstrumentDraft).where(InstrumentDraft.programme_id == programme_id, InstrumentDraft.form_id == form_id)
    return db.session.scalar(query)


def drafts(programme_id: str) -> list[tuple[InstrumentDraft, dict[str, str] | None]]:
    """The forms on trial of a programme, each with the name of who sent it."""
    rows = db.session.execute(
        sa.select(InstrumentDraft, Person.name)
        .outerjoin(Person, Person.id == InstrumentDraft.kept_by)
        .where(InstrumentDraft.programme_id == programme_id)
        .order_by(InstrumentDraft.form_id)
    )
    return [(draft, name) for draft, name in rows]


def draft_data(draft: InstrumentDraft) -> tuple[dict[str, Any], dict[str, str]]:
    """The package of a draft, and what it reads and shows as phones fetch it, by hash."""
    package: dict[str, Any] = orjson.loads(draft.package)
    if not package["datasets"] and not package.get("media"):
        return package, {}
    sent = json.loads(draft.lists)
    lists = library_lists() | lists_of(draft.programme_id) | sent["lists"]
    media = media_of(draft.programme_id) | sent["media"]
    found = {used["sha256"]: dataset_content(lists[name]) for name, used in package["datasets"].items() if "sha256" in used}
    return package, found | {sha256: media[name] for name, sha256 in package.get("media", {}).items()}


def samples_for(draft: InstrumentDraft) -> dict[str, list[dict[str, str]]]:
    """Made-up records for the lists that a draft reads."""
    # Read only where there are some: packages are long, and canonical.
    if '"kind":"entities"' not in draft.package:
        return {}
    package = orjson.loads(draft.package)
    return sample_records(package, [package_of(one.version) for one in published(draft.programme_id)])


def lists_of(programme_id: str) -> dict[str, List]:
    """The lists of a programme, the newest content of each."""
    return {name: list_in(content) for name, content in _files_of(programme_id).items() if not name.startswith(MEDIA)}


def media_of(programme_id: str) -> dict[str, str]:
    """What labels of a programme's forms show: the newest content of each file, as phones fetch it."""
    found = _files_of(programme_id)
    return {name.removeprefix(MEDIA): content for name, content in found.items() if name.startswith(MEDIA)}


def _files_of(programme_id: str) -> dict[str, str]:
    rows = db.session.execute(
        sa.select(Dataset.name, Dataset.content).where(Dataset.programme_id == programme_id).order_by(Dataset.seq)
    )
    return {row.name: row.content for row in rows}


def list_in(content: str) -> List:
    """The list of which files.dataset_content() made this."""
    found = json.loads(content)
    if found["columns"] == ["xml"]:
        tree: List = json.loads(found["rows"][0][0])
        return tree
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def entity_lists_of(programme_id: str) -> set[str]:
    """The entity lists that the programme's instruments write."""
    found: set[str] = set()
    for one in published(programme_id):
        found |= {rule["list"] for rule in package_of(one.version)["entities"]}
    return found


_lists_changed: dict[str, frozenset[str]] = {}


def lists_changed(connection: sa.Connection, hashes: Iterable[str]) -> dict[str, frozenset[str]]:
    """{sha256 of a package: the entity lists whose records it declares to change}, of those that are here.

    A package never changes: what was read once is remembered.
    """
    wanted = set(hashes)
    for sha256 in wanted - _lists_changed.keys():
        query = sa.select(InstrumentVersion.package).where(InstrumentVersion.sha256 == sha256).limit(1)
        text = connection.execute(query).scalar()
        if text is not None:
            _lists_changed[sha256] = frozenset(rule["list"] for rule in json.loads(text).get("entities") or [])
    return {sha256: _lists_changed[sha256] for sha256 in wanted & _lists_changed.keys()}


def version(found: Instrument, name: str) -> InstrumentVersion | None:
    """A published version by its name."""
    return db.session.scalar(
        sa.select(InstrumentVersion).where(InstrumentVersion.instrument_id == found.id, InstrumentVersion.version == name)
    )
