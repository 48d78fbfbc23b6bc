"""Loading the demonstration and taking it away again.

Everything goes the way real work goes: instruments are published, forms are filled by the engine, envelopes are filed by
intake, decisions are taken by the coordinator. Only the clock is told what time it was.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import Any

import orjson
import sqlalchemy as sa

from app.accounts import operations as accounts
from app.accounts.models import Device, Membership, Person, SignInSession
from app.core import audit
from app.core.db import begin_writing, db, next_seq
from app.core.driver import Statements
from app.core.ids import new_id
from app.core.languages import MOROCCO
from app.core.permissions import Actor
from app.demo import answers, boulemane
from app.demo.answers import SCORED, Values
from app.demo.boulemane import ACCOUNTS, COOPERATIVES, Account, Cooperative
from app.demo.filling import Filler
from app.demo.pictures import carpet
from app.demo.problems import HOLDS_REAL_WORK
from app.instruments import operations as instruments
from app.instruments.compiler import LIBRARY
from app.instruments.models import Dataset, Instrument, InstrumentDraft, InstrumentVersion
from app.keys.models import DeviceKey
from app.registry.models import Entity, EntityLink, EntityMerge, EntityVersion, EntityWaiting, Organisation, Programme
from app.submissions import attachments, decisions, intake
from app.submissions.envelope import read
from app.submissions.models import Attachment, Quarantined, Remark, ReviewEvent, Revision, Submission
from app.submissions.queries import last_event

FORMS = ("coop", "diag", "train", "visit")
VISITED = 10


@dataclass
class _Author:
    account: Account
    person: Person
    actor: Actor
    device: Device | None
    sender: intake.Sender | None


@dataclass
class _Sent:
    """One submission of the demonstration as its phone would remember it."""

    author: _Author
    form_id: str
    values: Values
    envelope: dict[str, Any]
    at: datetime


@dataclass
class _World:
    now: datetime
    programme: Programme
    filler: Filler = field(default_factory=Filler)
    authors: dict[str, _Author] = field(default_factory=dict)
    packages: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # form_id: SHA-256 and content
    cooperatives: dict[str, str] = field(default_factory=dict)  # French name: id of the record
    # list: {id: row}, as phones have them for the next form
    records: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    photos: list[tuple[str, str, str, bytes, datetime]] = field(default_factory=list)  # author, submission, hash, bytes, when

    def of(self, organisation: str, number: int = 0) -> _Author:
        team = [one for one in self.authors.values() if one.account.organisation == organisation]
        return team[number % len(team)]

    @property
    def coordinator(self) -> Actor:
        return self.authors["coordinator"].actor


def is_loaded() -> bool:
    return db.session.scalar(sa.select(Programme.id).where(Programme.code == boulemane.PROGRAMME)) is not None


def is_empty() -> bool:
    """Nobody has begun to work with this installation."""
    return not (db.session.scalar(sa.select(Programme.id).limit(1)) or db.session.scalar(sa.select(Person.id).limit(1)))


def load(now: datetime) -> bool:
    """Load the demonstration and commit; False when it is there already."""
    begin_writing()
    if is_loaded():
        db.session.rollback()
        return False
    world = _World(now, _programme(now))
    organisations = _organisations(world.programme)
    for account in ACCOUNTS:
        world.authors[account.username] = _author(world, account, organisations)
    _publish(world)
    _registrations(world)
    _diagnostics(world)
    _trainings(world)
    _visits(world)
    _second_round(world)
    audit.record("demo.loaded", at=now, programme_id=world.programme.id, object_id=world.programme.id)
    db.session.commit()
    for person_id, submission_id, sha256, content, at in world.photos:
        attachments.append(person_id, submission_id, sha256, offset=0, chunk=content, chunk_sha256=sha256, now=at)
    return True


def _programme(now: datetime) -> Programme:
    programme = Programme(
        id=new_id(),
        code=boulemane.PROGRAMME,
        name=boulemane.PROGRAMME_NAME,
        is_demo=True,
        consent=boulemane.CONSENT,
        created_at=now,
        seq=next_seq(),
    )
    db.session.add(programme)
    db.session.flush()
    return programme


def _organisations(programme: Programme) -> dict[str, str]:
    found = {}
    for code, name in boulemane.ORGANISATIONS.items():
        found[code] = new_id()
        db.session.add(Organisation(id=found[code], programme_id=programme.id, code=code, name=name))
    db.session.flush()
    return found


def _author(world: _World, account: Account, organisations: dict[str, str]) -> _Author:
    taken = db.session.scalar(sa.select(Person.id).where(Person.username == account.username))
    person = accounts.create_person(
        username=f"{account.username}.demo" if taken else account.username,
        name={"ar": account.ar, "fr": account.fr},
        password=boulemane.PASSWORD,
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
            territories=[boulemane.PROVINCE],
            now=world.now,
            by=None,
        )
    device, sender = None, None
    if account.role == "facilitator":
        label = f"Chrome {128 + len(account.fr) % 8}, Android {11 + len(account.fr) % 4}"
        device, _ = accounts.enrol_device(person, label=label, device_id=None, now=world.now)
        sender = intake.Sender(device.id, person.id, None, {world.programme.id: organisation})
    return _Author(account, person, accounts.actor_of(person), device, sender)


def _publish(world: _World) -> None:
    """The instruments of the library that the programme uses, and the lists they read."""
    for form_id in FORMS:
        content = (LIBRARY / form_id / "form.md").read_bytes()
        version = instruments.publish(None, world.programme.id, f"{form_id}.md", content, world.now - timedelta(days=70))
        world.packages[form_id] = (version.sha256, orjson.loads(version.package))
        world.filler.keep_package(form_id, version.package)
    for dataset in db.session.scalars(sa.select(Dataset).where(Dataset.programme_id == world.programme.id)):
        table = orjson.loads(dataset.content)
        rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        world.filler.keep_list(dataset.name, rows)


# Filling and sending


def _fill(world: _World, author: _Author, form_id: str, values: Values, at: datetime) -> dict[str, Any]:
    account = author.account
    filled = world.filler.fill(form_id, values, now=at, language=account.language, username=account.username)
    if filled["problems"]:
        raise RuntimeError(f"the demonstration does not fit {form_id}: {filled['problems'][:3]}")
    return filled


def _send(
    world: _World,
    author: _Author,
    form_id: str,
    values: Values,
    at: datetime,
    *,
    subject: str | None = None,
    photos: dict[str, bytes] | None = None,
    corrects: _Sent | None = None,
    trouble: str | None = None,
) -> _Sent:
    """Fill a form, freeze it, file it and store its photos. `photos`: {file name: bytes}; the values name them."""
    filled = _fill(world, author, form_id, values, at)
    assert author.device is not None
    assert author.sender is not None
    files = photos or {}
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
    said_at = at.astimezone(MOROCCO)
    envelope = {
        "proto": 1,
        "submission_id": corrects.envelope["submission_id"] if corrects else new_id(),
        "revision_id": new_id(),
        "parent_revision_id": corrects.envelope["revision_id"] if corrects else None,
        "programme_id": world.programme.id,
        "form_id": form_id,
        "form_version": world.packages[form_id][1]["version"],
        "form_sha256": world.packages[form_id][0],
        "author_id": author.person.id,
        "device_id": author.device.id,
        "title": filled["title"],
        "subject": {"list": "cooperatives", "id": subject} if subject else None,
        "territory": filled["territory"] or None,
        "answers": filled["answers"],
        "entities": filled["entities"],
        "attachments": manifest,
        "t_started": (said_at - timedelta(minutes=84)).isoformat(timespec="milliseconds"),
        "t_client": said_at.isoformat(timespec="milliseconds"),
        "tz": "Africa/Casablanca",
        "monotonic": 5_040_000,
        "clock_offset_last_seen": None,
        "language": author.account.language,
        "app_version": "demo",
    }
    content = orjson.dumps(envelope)
    sender = author.sender
    if trouble:
        sender = intake.Sender(sender.device_id, sender.person_id, trouble, sender.organisations)
    item = intake.Sent(
        submission_id=envelope["submission_id"],
        revision_id=envelope["revision_id"],
        sha256=hashlib.sha256(content).hexdigest(),
        encryption="none",
        body=gzip.compress(content, 6, mtime=0),
        envelope=read(content),
        sender=sender,
    )
    received_at = at + timedelta(minutes=20)
    for one in filled["entities"] if not trouble else ():
        row = world.records.setdefault(one["list"], {}).setdefault(one["id"], {"name": one["id"]})
        row |= one["data"] | ({"label": one["label"]} if one["label"] else {})
    db.session.flush()
    connection: Any = db.session.connection().connection
    intake.accept(Statements(connection, db.engine.dialect.name), [item], _forms(world), now=received_at)
    if item.result not in ("accepted", "quarantined") or (item.result == "quarantined") != bool(trouble):
        raise RuntimeError(f"the demonstration was not taken: {item.result} {item.reason}")
    for one in manifest:
        world.photos.append((author.person.id, envelope["submission_id"], one["sha256"], files[one["name"]], received_at))
    return _Sent(author, form_id, values, envelope, at)


def _forms(world: _World) -> intake.Forms:
    programme_id = world.programme.id
    return intake.Forms(
        {programme_id},
        {(programme_id, form_id): True for form_id in world.packages},
        {(programme_id, form_id, package[0]) for form_id, package in world.packages.items()},
    )


def _decide(
    world: _World, sent: _Sent, action: str, at: datetime, *, comment: str = "", remarks: dict[str, str] | None = None
) -> None:
    submission_id = sent.envelope["submission_id"]
    event = last_event(submission_id)
    based_on = event.id if event else ""
    decisions.decide(
        world.coordinator, submission_id, action, based_on=based_on, comment=comment, remarks=remarks, now=min(at, world.now)
    )


def _path(world: _World, form_id: str, name: str) -> str:
    """Path of a question that stands in no repeat."""
    nodes = world.packages[form_id][1]["nodes"]
    node = next(one for one in nodes if one["name"] == name)
    parts = []
    while "parent" in node:
        parts.append(node["name"])
        node = nodes[node["parent"]]
    return "/".join(reversed(parts))


# What happened in the programme


def _by_day(moment: datetime, number: int) -> datetime:
    """Visits end between ten and five; what is sent has arrived by evening."""
    return moment.replace(hour=10 + number % 6, minute=number * 17 % 60)


def _registrations(world: _World) -> None:
    """All 43 cooperatives are registered, two months ago; nearly all approved."""
    for number, cooperative in enumerate(COOPERATIVES):
        at = _by_day(world.now - timedelta(days=66 - number / 2), number)
        author = world.of(cooperative.organisation, number)
        sent = _send(world, author, "coop", answers.registration(cooperative, at.date()), at)
        record = next(one for one in sent.envelope["entities"] if one["list"] == "cooperatives")
        world.cooperatives[cooperative.fr] = record["id"]
        if number < len(COOPERATIVES) - 4:
            _decide(world, sent, "approve", at + timedelta(days=1))
    _pulled(world, "cooperatives")


def _pulled(world: _World, *lists: str) -> None:
    """From now on forms see these lists as they are."""
    for name in lists:
        world.filler.keep_list(name, list(world.records[name].values()))


def _scored(world: _World) -> dict[str, list[str]]:
    """The choices of each scored question."""
    package = world.packages["diag"][1]
    return {
        node["name"]: [item["name"] for item in package["lists"][node["choices"]["list"]]]
        for node in package["nodes"]
        if SCORED.fullmatch(node["name"]) and "choices" in node
    }


def _diagnostic(world: _World, cooperative: Cooperative, number: int, at: datetime, *, photo: str = "", **changes: str) -> _Sent:
    author = world.of(cooperative.organisation, number)
    subject = world.cooperatives[cooperative.fr]
    values = answers.diagnostic(cooperative, subject, at.date(), author.account.language, _scored(world)) | changes
    send = partial(_send, world, author, "diag", subject=subject)
    if not photo:
        return send(values, at)
    picture = carpet(cooperative.fr)
    name = f"{photo}-{hashlib.sha256(picture).hexdigest()[:10]}.png"
    return send(values | {photo: name}, at, photos={name: picture})


def _diagnostics(world: _World) -> None:
    """Thirty of the 43 are diagnosed: most approved, the last ones waiting, and one of each case a coordinator meets."""
    for number, cooperative in enumerate(_diagnosed()):
        at = _by_day(world.now - timedelta(days=40 - number * 1.3), number)
        photo = "d_photo" if number % 5 == 0 else "photo_prd" if number % 5 == 3 else ""
        if number == 16:
            _corrected(world, cooperative, number, at)
        elif number in (18, 20):
            _returned(world, cooperative, number, at)
        elif number == 19:
            sent = _diagnostic(world, cooperative, number, at, d_w="1", d_reliab="low")
            comment = "حضرت امرأة واحدة فقط: التشخيص يُنجز مع المجموعة، يرجى تحديد موعد جديد."
            _decide(world, sent, "reject", at + timedelta(days=1), comment=comment)
        elif number == 21:
            _from_a_revoked_phone(world, cooperative, number, at)
        else:
            sent = _diagnostic(world, cooperative, number, at, photo=photo)
            if number < 18:
                _decide(world, sent, "approve", at + timedelta(days=2))


def _diagnosed() -> list[Cooperative]:
    return _turn_by_turn([one for index, one in enumerate(COOPERATIVES) if index % 10 not in (2, 5, 8)])


def _turn_by_turn(cooperatives: list[Cooperative]) -> list[Cooperative]:
    """The organisations work side by side."""
    teams = [[one for one in cooperatives if one.organisation == code] for code in boulemane.ORGANISATIONS]
    return [one for turn in zip_longest(*teams) for one in turn if one]


_AMOUNT_ASKED = {
    "ar": "رقم المعاملات أكبر بمائة مرة من السنة الماضية، هل هو بالسنتيم؟",
    "fr": "Le chiffre d’affaires est cent fois celui de l’an passé : est-il en centimes ?",
}
_WEAKNESS_ASKED = {
    "ar": "يرجى ذكر مثال ملموس من كلام العضوات.",
    "fr": "Merci de donner un exemple, avec les mots des membres.",
}


def _hundredfold(world: _World, cooperative: Cooperative, number: int, at: datetime) -> _Sent:
    """The usual mistake: an amount said in centimes."""
    right = answers.diagnostic(cooperative, "", at.date(), "ar", {})["k_ca"]
    return _diagnostic(world, cooperative, number, at, k_ca=f"{right}00")


def _returned(world: _World, cooperative: Cooperative, number: int, at: datetime) -> None:
    sent = _hundredfold(world, cooperative, number, at)
    language = sent.author.account.language
    remarks = {_path(world, "diag", "k_ca"): _AMOUNT_ASKED[language], _path(world, "diag", "swot_w"): _WEAKNESS_ASKED[language]}
    _decide(world, sent, "return", at + timedelta(days=1), remarks=remarks)


def _corrected(world: _World, cooperative: Cooperative, number: int, at: datetime) -> None:
    """Returned, corrected on the phone, and back on the coordinator's desk."""
    first = _hundredfold(world, cooperative, number, at)
    remarks = {_path(world, "diag", "k_ca"): _AMOUNT_ASKED[first.author.account.language]}
    _decide(world, first, "return", at + timedelta(days=1), remarks=remarks)
    values = first.values | {"k_ca": first.values["k_ca"][:-2]}
    _send(world, first.author, "diag", values, at + timedelta(days=3), subject=first.envelope["subject"]["id"], corrects=first)


def _from_a_revoked_phone(world: _World, cooperative: Cooperative, number: int, at: datetime) -> None:
    """A phone that was declared lost delivers what it still held: kept, for a person to look at."""
    author = world.of(cooperative.organisation, number)
    lost, _ = accounts.enrol_device(author.person, label="Chrome 120, Android 10", device_id=None, now=at - timedelta(days=9))
    accounts.revoke_device(lost, now=at - timedelta(days=1), by=world.authors["admin"].actor)
    assert author.sender is not None
    sender = intake.Sender(lost.id, author.person.id, None, author.sender.organisations)
    owner = _Author(author.account, author.person, author.actor, lost, sender)
    values = answers.diagnostic(
        cooperative, world.cooperatives[cooperative.fr], at.date(), author.account.language, _scored(world)
    )
    _send(world, owner, "diag", values, at, subject=world.cooperatives[cooperative.fr], trouble="device_revoked")


def _trainings(world: _World) -> None:
    sessions = (
        ("حساب سعر التكلفة وتحديد الثمن (تجربة)", "T07", "hadaf", 18, "approve"),
        ("النظافة والسلامة الصحية في الإنتاج (تجربة)", "T10", "salam", 11, "return"),
        ("الحكامة والجموع العامة (تجربة)", "T03", "melouya", 3, ""),
    )
    for title, theme, organisation, days_ago, decision in sessions:
        author = world.of(organisation)
        members = [one for one in COOPERATIVES if one.organisation == organisation]
        groups = [(one, world.cooperatives[one.fr]) for one in members[: 5 if decision == "approve" else 3]]
        at = _by_day(world.now - timedelta(days=days_ago), days_ago)
        values = answers.training(title, theme, author.account, groups, (at - timedelta(days=3)).date(), 3)
        sent = _send(world, author, "train", values, at)
        if decision == "approve":
            _decide(world, sent, "approve", at + timedelta(days=1))
        elif decision == "return":
            remarks = {_path(world, "train", "hours_total"): "ثلاثة أيام بخمس ساعات تساوي 15 ساعة: يرجى التحقق."}
            _decide(world, sent, "return", at + timedelta(days=1), remarks=remarks)


def _visits(world: _World) -> None:
    """Three weeks after their diagnostic, ten cooperatives are visited: of what was agreed something is done."""
    _pulled(world, "cooperatives", "actions")
    for number, cooperative in enumerate(_diagnosed()[:VISITED]):
        at = _by_day(world.now - timedelta(days=19 - number * 1.3), number)
        author = world.of(cooperative.organisation, number)
        subject = world.cooperatives[cooperative.fr]
        sent = _send(
            world, author, "visit", answers.visit(cooperative, subject, at.date(), author.account.language), at, subject=subject
        )
        if number < VISITED - 3:
            _decide(world, sent, "approve", at + timedelta(days=1))


def _second_round(world: _World) -> None:
    """Two of those that were visited are diagnosed again: what moved is seen beside the first round."""
    _pulled(world, "cooperatives")
    for number, cooperative in enumerate(_diagnosed()[:2]):
        at = _by_day(world.now - timedelta(days=2 - number), number)
        author = world.of(cooperative.organisation, number)
        subject = world.cooperatives[cooperative.fr]
        first = answers.diagnostic(cooperative, subject, at.date(), author.account.language, _scored(world))
        _send(world, author, "diag", answers.better(first, _scored(world)), at, subject=subject)


# Taking it away


def unload(now: datetime) -> bool:
    """Delete the demonstration and commit; False when there is none. What real people did elsewhere stays as it is.

    Raises HOLDS_REAL_WORK(count=…) when somebody who is not of the demonstration sent submissions to its programme.
    """
    begin_writing()
    programme = db.session.scalar(sa.select(Programme).where(Programme.code == boulemane.PROGRAMME, Programme.is_demo))
    if programme is None:
        db.session.rollback()
        return False
    programme_id = programme.id
    people = sa.select(Person.id).where(Person.is_demo)
    here = sa.select(Submission.id).where(Submission.programme_id == programme_id)
    real = sa.select(sa.func.count()).select_from(Submission)
    count = db.session.scalar(real.where(Submission.programme_id == programme_id, Submission.author_id.not_in(people)))
    if count:
        raise HOLDS_REAL_WORK(count=count)
    kept_as = sa.func.coalesce(Attachment.opened_sha256, Attachment.sha256)
    files = set(db.session.scalars(sa.select(kept_as).where(Attachment.submission_id.in_(here))))
    devices = sa.select(Device.id).where(Device.person_id.in_(people))
    entities = sa.select(Entity.id).where(Entity.programme_id == programme_id)
    versions = sa.select(Instrument.id).where(Instrument.programme_id == programme_id)
    # Rows before what they point to.
    for statement in (
        sa.delete(Attachment).where(Attachment.submission_id.in_(here)),
        sa.delete(Remark).where(Remark.submission_id.in_(here)),
        sa.delete(ReviewEvent).where(ReviewEvent.submission_id.in_(here)),
        sa.delete(Revision).where(Revision.submission_id.in_(here)),
        sa.delete(Submission).where(Submission.programme_id == programme_id),
        sa.delete(Quarantined).where(Quarantined.device_id.in_(devices)),
        sa.delete(EntityMerge).where(EntityMerge.programme_id == programme_id),
        sa.delete(EntityWaiting).where(EntityWaiting.programme_id == programme_id),
        sa.delete(EntityLink).where(EntityLink.entity_id.in_(entities)),
        sa.delete(EntityVersion).where(EntityVersion.entity_id.in_(entities)),
        sa.delete(Entity).where(Entity.programme_id == programme_id),
        sa.delete(InstrumentDraft).where(InstrumentDraft.programme_id == programme_id),
        sa.delete(InstrumentVersion).where(InstrumentVersion.instrument_id.in_(versions)),
        sa.delete(Instrument).where(Instrument.programme_id == programme_id),
        sa.delete(Dataset).where(Dataset.programme_id == programme_id),
        sa.delete(Membership).where(sa.or_(Membership.programme_id == programme_id, Membership.person_id.in_(people))),
        sa.delete(SignInSession).where(SignInSession.person_id.in_(people)),
        sa.delete(DeviceKey).where(DeviceKey.person_id.in_(people)),
        sa.delete(Device).where(Device.person_id.in_(people)),
        sa.delete(Organisation).where(Organisation.programme_id == programme_id),
        sa.delete(Programme).where(Programme.id == programme_id),
        sa.delete(Person).where(Person.is_demo),
    ):
        db.session.execute(statement, execution_options={"synchronize_session": False})
    kept = set(db.session.scalars(sa.select(kept_as).where(kept_as.in_(files))))
    audit.record("demo.unloaded", at=now, programme_id=programme_id, object_id=programme_id)
    db.session.commit()
    for sha256 in files - kept:
        attachments.path_of(sha256).unlink(missing_ok=True)
    return True
