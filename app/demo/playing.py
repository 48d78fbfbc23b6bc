"""Playing the demonstration of a pack: a programme of its own, in which everything goes the way real work goes. Forms are
published, filled by the engine, filed by intake and decided by a coordinator. Only the clock is told what time it was.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from app.accounts import operations as accounts
from app.accounts.models import Device, Person
from app.core import audit
from app.core.db import db
from app.core.driver import Statements
from app.core.ids import new_id
from app.core.permissions import Actor
from app.demo import lines
from app.demo.filling import Filler
from app.demo.lines import Line, Values
from app.demo.people import PASSWORD, Account, marked, people
from app.demo.pictures import carpet
from app.indicators import operations as indicators
from app.instruments.models import Dataset
from app.instruments.queries import published
from app.packs import loading
from app.packs.reading import Pack, demonstrated, records
from app.programmes import operations as programmes
from app.registry.models import Entity, Organisation, Programme
from app.submissions import attachments, decisions, intake
from app.submissions.envelope import read as read_envelope
from app.submissions.queries import last_event

# What a demonstration says in the place of what only a real programme has: plainly no real organisation, no real number.
CONSENT = {
    "responsible_org": {"ar": "الهيئة المسؤولة (مثال للتجربة)", "fr": "l’organisme responsable (exemple de démonstration)"},
    "recipients": {"ar": "الهيئات المشاركة في البرنامج", "fr": "les organismes qui participent au programme"},
    "retention": {"ar": "سنتان بعد نهاية البرنامج", "fr": "deux ans après la fin du programme"},
    "contact_person": {"ar": "منسقة البرنامج", "fr": "la coordinatrice du programme"},
    "contact_details": {"ar": "0500000000، رقم غير حقيقي", "fr": "0500000000, numéro fictif"},
    "cndp_kind": {"ar": "تصريح", "fr": "déclaration"},
    "cndp_number": {"ar": "DEMO-0000 (غير حقيقي)", "fr": "DEMO-0000 (fictif)"},
}
PUBLISHED_BEFORE = timedelta(days=3)  # before the first submission


def code_of(pack: Pack) -> str:
    return f"{pack.code}-demo"


@dataclass
class _Author:
    account: Account
    person: Person
    actor: Actor
    device: Device | None = None
    sender: intake.Sender | None = None


@dataclass
class _Sent:
    """One submission as its phone would remember it."""

    author: _Author
    values: Values
    envelope: dict[str, Any]
    records: list[dict[str, Any]]  # that it created or changed: its own before those of its rows


@dataclass
class _World:
    now: datetime
    pack: Pack
    programme: Programme
    filler: Filler = field(default_factory=Filler)
    authors: dict[str, _Author] = field(default_factory=dict)
    forms: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # form_id: SHA-256 and package
    sent: dict[str, _Sent] = field(default_factory=dict)  # by the key of its line
    # list: {id: row}, as phones have them for the next form; lists that changed since the forms saw them
    records: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    photos: list[tuple[str, str, str, bytes, datetime]] = field(default_factory=list)  # author, submission, hash, bytes, when

    @property
    def coordinator(self) -> Actor:
        return next(one.actor for one in self.authors.values() if one.account.role == "coordinator")


def is_loaded(pack: Pack) -> bool:
    return db.session.scalar(sa.select(Programme.id).where(Programme.code == code_of(pack))) is not None


def play(pack: Pack, now: datetime) -> bool:
    """Play the demonstration of a pack and commit; False when it is there already.

    Raises WRONG with the line that does not fit its form, and what loading a pack raises; nothing is written then.
    """
    everyone, told = people(pack.folder), list(lines.read(pack.folder, now))
    first = min((one.at for one in told), default=now)
    with loading.at_once():
        if is_loaded(pack):
            return False
        world = _World(now, pack, _programme(pack, now, first - PUBLISHED_BEFORE))
        organisations = db.session.scalars(sa.select(Organisation).where(Organisation.programme_id == world.programme.id))
        ids = {one.code: one.id for one in organisations}
        for account in everyone:
            world.authors[account.username] = _author(world, account, ids)
        _prepare(world)
        for line in told:
            _play(world, line)
        programme_id = world.programme.id
        audit.record("demo.loaded", at=now, programme_id=world.programme.id, object_id=world.programme.id)
    for person_id, submission_id, sha256, content, at in world.photos:
        attachments.append(person_id, submission_id, sha256, offset=0, chunk=content, chunk_sha256=sha256, now=at)
    indicators.catch_up(programme_id)
    return True


def _programme(pack: Pack, now: datetime, published_at: datetime) -> Programme:
    settings = replace(pack.settings, name=marked(pack.settings.name))
    programme = programmes.create(None, code_of(pack), settings, now=now)
    programme.is_demo = True
    told = {token: text for token, text in CONSENT.items() if token not in pack.consent}
    programmes.set_consent(None, programme, told, now=now)
    loading.bring(demonstrated(pack), programme, now=now, published_at=published_at)
    loading.bring_records(records(pack.folder, "demonstration/lists", pack.lists), programme, now=now)
    return programme


def _author(world: _World, account: Account, organisations: dict[str, str]) -> _Author:
    """An account of the demonstration; of a name that another demonstration has too: the same person. A real person's name stays
    hers."""
    names = [account.username, f"{account.username}.demo"]
    there = {one.username: one for one in db.session.scalars(sa.select(Person).where(Person.username.in_(names)))}
    person = next((one for one in there.values() if one.is_demo), None) or accounts.create_person(
        username=names[1] if names[0] in there else names[0],
        name=account.name,
        password=PASSWORD,
        language=account.language,
        is_administrator=account.role == "administrator",
        is_demo=True,
        now=world.now,
    )
    organisation = organisations[account.organisation] if account.organisation else None
    if account.role != "administrator":
        accounts.set_role(
            person,
            world.programme.id,
            account.role,
            organisation_id=organisation,
            territories=list(world.programme.territories),
            now=world.now,
            by=None,
        )
    author = _Author(account, person, accounts.actor_of(person))
    if account.role == "facilitator":
        number = len(account.name["fr"])
        label = f"Chrome {128 + number % 8}, Android {11 + number % 4}"
        author.device, _ = accounts.enrol_device(person, label=label, device_id=None, now=world.now)
        author.sender = intake.Sender(author.device.id, person.id, None, {world.programme.id: organisation})
    return author


def _prepare(world: _World) -> None:
    """What phones have from the beginning: forms, the lists they read, and records that came with the programme."""
    for one in published(world.programme.id):
        package = orjson.loads(one.version.package)
        world.forms[package["form_id"]] = (one.version.sha256, package)
        world.filler.keep_package(package["form_id"], one.version.package)
    for dataset in db.session.scalars(sa.select(Dataset).where(Dataset.programme_id == world.programme.id)):
        table = orjson.loads(dataset.content)
        world.filler.keep_list(dataset.name, [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]])
    for record in db.session.scalars(sa.select(Entity).where(Entity.programme_id == world.programme.id)):
        world.records.setdefault(record.list, {})[record.id] = {**record.data, "name": record.id, "label": record.label}
        world.changed.add(record.list)


# One line


def _play(world: _World, line: Line) -> None:
    author = world.authors.get(line.author)
    if author is None or author.device is None:
        may = [name for name, one in world.authors.items() if one.device]
        raise line.place.wrong(may, line.author)
    if line.form not in world.forms:
        raise line.place.wrong(world.forms, line.form)
    if line.key in world.sent:
        raise line.place.wrong(f"≠ {line.key}", line.key)
    if line.trouble:
        author = _with_a_revoked_phone(world, author, line.at)
    sent = _send(world, author, line)
    world.sent[line.key] = sent
    if line.decision:
        _decide(world, sent, line)


def _record(world: _World, line: Line, key: str, rest: list[str]) -> str:
    """The id of a record that a value speaks of."""
    if key in world.pack.lists and len(rest) == 1:
        return loading.record_id(world.programme, key, rest[0])
    made = world.sent[key].records if key in world.sent else []
    if len(rest) == 2:
        made = [one for one in made if one["list"] == rest[0]][int(rest[1]) - 1 :]
    if not made:
        raise line.place.wrong([f"@{one}" for one in [*world.sent][-12:]], ".".join([f"@{key}", *rest]))
    return str(made[0]["id"])


def _filled(world: _World, author: _Author, line: Line, values: Values) -> dict[str, Any]:
    package = world.forms[line.form][1]
    if not line.corrects:  # a correction stands on what its first version saw
        for name in world.changed & package["datasets"].keys():
            world.filler.keep_list(name, list(world.records[name].values()))
        world.changed -= package["datasets"].keys()
    names = {node["name"] for node in package["nodes"]}
    for name in values:
        if name not in names:
            raise line.place.wrong(sorted(names), name)
    person = author.account
    filled = world.filler.fill(line.form, values, now=line.at, language=person.language, username=person.username)
    if filled["problems"]:
        raise line.place.wrong(line.form, filled["problems"][:3])
    return filled


def _send(world: _World, author: _Author, line: Line) -> _Sent:
    """Fill a form, freeze it, file it and keep its photos."""
    corrected = world.sent[line.corrects] if line.corrects else None
    values = resolved(world, line)
    if corrected:
        values = corrected.values | values
    pictures = {question: _picture(line, question) for question in line.photos}
    values |= {question: name for question, (name, _content) in pictures.items()}
    files = dict(pictures.values())
    filled = _filled(world, author, line, values)
    manifest = [
        {
            "name": one["name"],
            "question": one["path"],
            "sha256": hashlib.sha256(files[one["name"]]).hexdigest(),
            "size": len(files[one["name"]]),
            "type": "image/png",
        }
        for one in filled["media"]
        if one["name"] in files
    ]
    assert author.device is not None
    envelope = {
        "proto": 1,
        "submission_id": corrected.envelope["submission_id"] if corrected else new_id(),
        "revision_id": new_id(),
        "parent_revision_id": corrected.envelope["revision_id"] if corrected else None,
        "programme_id": world.programme.id,
        "form_id": line.form,
        "form_version": world.forms[line.form][1]["version"],
        "form_sha256": world.forms[line.form][0],
        "author_id": author.person.id,
        "device_id": author.device.id,
        "title": filled["title"],
        "subject": corrected.envelope["subject"] if corrected else _subject(world, line),
        "territory": filled["territory"] or None,
        "answers": filled["answers"],
        "entities": filled["entities"],
        "attachments": manifest,
        "t_started": (line.at - timedelta(minutes=_minutes(line))).isoformat(timespec="milliseconds"),
        "t_client": line.at.isoformat(timespec="milliseconds"),
        "tz": "Africa/Casablanca",
        "monotonic": 60_000 * _minutes(line),
        "clock_offset_last_seen": None,
        "language": author.account.language,
        "app_version": "demo",
    }
    received_at = min(line.at + timedelta(minutes=20), world.now)
    _file(world, author, envelope, received_at, line)
    if not line.trouble:
        for one in filled["entities"]:
            row = world.records.setdefault(one["list"], {}).setdefault(one["id"], {"name": one["id"]})
            row |= one["data"] | ({"label": one["label"]} if one["label"] else {})
            world.changed.add(one["list"])
    for one in manifest:
        world.photos.append((author.person.id, envelope["submission_id"], one["sha256"], files[one["name"]], received_at))
    scopes = {rule["list"]: rule["scope"] for rule in reversed(world.forms[line.form][1]["entities"])}
    return _Sent(author, values, envelope, sorted(filled["entities"], key=lambda one: scopes[one["list"]]))


def _minutes(line: Line) -> int:
    """How long the form was open, always the same for a line: a diagnostic takes longer than the state of a building."""
    return {"diag": 58, "prem": 17, "train": 30}.get(line.form, 22) + zlib.crc32(line.key.encode()) % 37


def resolved(world: _World, line: Line) -> Values:
    found: Values = lines.resolved(line.values, line.day, lambda key, rest: _record(world, line, key, rest))
    return found


def _subject(world: _World, line: Line) -> dict[str, str] | None:
    if not line.subject:
        return None
    record = lines.resolved(line.subject, line.day, lambda key, rest: _record(world, line, key, rest))
    list_name = next((name for name, rows in world.records.items() if record in rows), None)
    if list_name is None:
        raise line.place.wrong([f"@{one}" for one in [*world.sent][-12:]], line.subject)
    return {"list": list_name, "id": record}


def _picture(line: Line, question: str) -> tuple[str, bytes]:
    content = carpet(f"{line.key}/{question}")
    return f"{question}-{hashlib.sha256(content).hexdigest()[:10]}.png", content


def _file(world: _World, author: _Author, envelope: dict[str, Any], received_at: datetime, line: Line) -> None:
    content = orjson.dumps(envelope)
    assert author.sender is not None
    item = intake.Sent(
        submission_id=envelope["submission_id"],
        revision_id=envelope["revision_id"],
        sha256=hashlib.sha256(content).hexdigest(),
        encryption="none",
        body=gzip.compress(content, 6, mtime=0),
        envelope=read_envelope(content),
        sender=author.sender,
    )
    db.session.flush()
    connection: Any = db.session.connection().connection
    programme_id = world.programme.id
    forms = intake.Forms(
        {programme_id},
        {(programme_id, form_id): True for form_id in world.forms},
        {(programme_id, form_id, sha256) for form_id, (sha256, _package) in world.forms.items()},
    )
    intake.accept(Statements(connection, db.engine.dialect.name), [item], forms, now=received_at)
    if item.result != ("quarantined" if line.trouble else "accepted"):
        raise line.place.wrong("accepted", f"{item.result} {item.reason}")


def _with_a_revoked_phone(world: _World, author: _Author, at: datetime) -> _Author:
    """A phone that was declared lost delivers what it still held: kept, for a person to look at."""
    lost, _ = accounts.enrol_device(author.person, label="Chrome 120, Android 10", device_id=None, now=at - timedelta(days=9))
    accounts.revoke_device(lost, now=at - timedelta(days=1), by=world.coordinator)
    assert author.sender is not None
    return replace(
        author, device=lost, sender=intake.Sender(lost.id, author.person.id, "device_revoked", author.sender.organisations)
    )


def _decide(world: _World, sent: _Sent, line: Line) -> None:
    submission_id = sent.envelope["submission_id"]
    event = last_event(submission_id)
    package = world.forms[line.form][1]
    decisions.decide(
        world.coordinator,
        submission_id,
        line.decision,
        based_on=event.id if event else "",
        comment=line.comment,
        remarks={_path(package, name): text for name, text in (line.remarks or {}).items()} or None,
        now=min(line.at + timedelta(days=line.after), world.now),
    )


def _path(package: dict[str, Any], name: str) -> str:
    """Path of a question that stands in no repeat."""
    nodes = package["nodes"]
    node = next(one for one in nodes if one["name"] == name)
    parts = []
    while "parent" in node:
        parts.append(node["name"])
        node = nodes[node["parent"]]
    return "/".join(reversed(parts))
