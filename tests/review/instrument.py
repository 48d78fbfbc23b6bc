"""A small diagnostic with one question of each sort, published for the tests of the office and of exports."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from app.core.db import db, next_seq
from app.core.ids import new_id
from app.instruments import operations
from app.submissions.models import Attachment, ReviewEvent, Revision, Submission
from tests.conftest import NOW, Someone, World

SETTINGS = """
| settings | | | | |
|---|---|---|---|---|
| | form_title | form_id | version | default_language | namespaces | instance_name |
| | تشخيص قصير | short | {version} | العربية (ar) | ci="urn:cooperative-instruments:1" | ${{name_ar}} |
"""
CHOICES = """
| choices | | | | |
|---|---|---|---|---|
| | list_name | name | label::العربية (ar) | label::Français (fr) |
| | yes_no | yes | نعم | Oui |
| | yes_no | no | لا | Non |
| | channel | souk | السوق | Souk |
| | channel | fair | المعارض | Foires |
| | steps | 0 | لا | Non |
| | steps | 1 | قليلا | Un peu |
| | steps | 2 | نعم | Oui |
| | steps | na | لا ينطبق | Sans objet |
"""
COLUMNS = "type name label::العربية_(ar) label::Français_(fr) relevant calculation bind::ci:role bind::ci:axis bind::ci:unit"
HEAD = f"""
| survey | | | | | | | | | |
|---|---|---|---|---|---|---|---|---|---|
| | {" | ".join(COLUMNS.split()).replace("_(", " (")} |
"""
SURVEY = """
| | begin_group | grp_id | الهوية | Identité | | | | | |
| | text | name_ar | اسم التعاونية | Nom de la coopérative | | | | | |
| | select_one yes_no | consent | هل توافقون؟ | Acceptez-vous ? | | | consent | | |
| | text | pres_name | اسم الرئيسة | Nom de la présidente | ${consent} = 'yes' | | | | |
| | date | visit_date | تاريخ الزيارة | Date de la visite | | | | | |
| | dateTime | seen_at | وقت المعاينة | Heure du constat | | | | | |
| | time | opens | وقت الفتح | Ouverture | | | | | |
| | geopoint | gps | الموقع | Position | | | | | |
| | end_group | | | | | | | | |
| | begin_group | grp_fig | أرقام | Chiffres | | | | | |
| | decimal | k_ca | رقم المعاملات (درهم) | Chiffre d’affaires (MAD) | | | | | MAD |
| | integer | k_women | عدد العضوات | Nombre de femmes | | | | | |
| | select_multiple channel | channels | قنوات البيع | Canaux de vente | | | | | |
| | text | notes | ملاحظات | Observations | | | | | |
| | end_group | | | | | | | | |
| | begin_group | ax_LEG | القانون | Juridique | | | | | |
| | select_one steps | leg01 | هل ينعقد الجمع العام؟ | L’assemblée se tient-elle ? | | | | | |
| | image | photo_leg | صورة المحضر | Photo du procès-verbal | | | | | |
| | end_group | | | | | | | | |
| | begin_repeat | part | المشاركات | Participantes | | | | | |
| | text | p_name | الاسم الكامل | Nom complet | ${consent} = 'yes' | | | | |
| | integer | p_years | السن | Âge | | | | | |
| | begin_repeat | att | الحضور | Présence | | | | | |
| | select_one yes_no | att_status | حاضرة؟ | Présente ? | | | | | |
| | end_repeat | | | | | | | | |
| | end_repeat | | | | | | | | |
| | calculate | step | | | | 1 + 1 | | | |
| | calculate | score_LEG | القانون | Juridique | | if(${leg01} = '', '', ${leg01} * 50) | axis-score | LEG | |
| | calculate | score_all | النقطة | Note | | ${score_LEG} | overall | | |
"""
VERSION = "2026112101"
ANSWERS: dict[str, Any] = {
    "grp_id": {
        "name_ar": "تعاونية تيفاوين",
        "consent": "yes",
        "pres_name": "فاطمة أمراني",
        "visit_date": "2026-11-20",
        "seen_at": "2026-11-20T10:30:00.000+00:00",
        "opens": "08:30:00.000+01:00",
        "gps": "33.05 -4.05 980 12",
    },
    "grp_fig": {"k_ca": "118000.50", "k_women": "24", "channels": "souk fair", "notes": "=1+1"},
    "ax_LEG": {"leg01": "1", "photo_leg": "photo_leg-1.jpg"},
    "part": [
        {"p_name": "زهرة", "p_years": "31", "att": [{"att_status": "yes"}, {"att_status": "no"}]},
        {"p_name": "خديجة", "p_years": "44", "att": [{"att_status": "yes"}]},
    ],
    "step": "2",
    "score_LEG": "50",
    "score_all": "50",
}


def workbook(version: str = VERSION, survey: str = SURVEY, choices: str = CHOICES) -> bytes:
    return (HEAD.strip() + survey.rstrip() + "\n" + choices + SETTINGS.format(version=version)).encode()


def publish(world: World, *, version: str = VERSION, survey: str = SURVEY, choices: str = CHOICES) -> str:
    """The SHA-256 of the published package."""
    published = operations.publish(None, world.programme.id, f"short-{version}.md", workbook(version, survey, choices), NOW)
    db.session.commit()
    return published.sha256


def changed(**groups: Any) -> dict[str, Any]:
    """The answers with whole groups, or single answers of them, replaced; None takes an answer away."""
    found: dict[str, Any] = json.loads(json.dumps(ANSWERS))
    for name, value in groups.items():
        if isinstance(value, dict):
            found[name] = {key: one for key, one in (found.get(name, {}) | value).items() if one is not None}
        else:
            found[name] = value
    return found


def stored(
    author: Someone,
    package: str,
    *,
    answers: dict[str, Any] | None = None,
    state: str = "received",
    minutes: int = 0,
    said: dict[str, Any] | None = None,
    **columns: Any,
) -> Submission:
    """A submission as intake leaves it, received `minutes` after NOW. `said`: more of its envelope. The caller commits."""
    at = NOW + timedelta(minutes=minutes)
    seq = next_seq(2)
    submission_id, revision_id = new_id(), new_id()
    names = {"photo": "a" * 64}
    envelope = {"submission_id": submission_id, "answers": ANSWERS if answers is None else answers, "language": "ar"}
    envelope |= {"t_client": "2026-11-21T18:42:10.123+01:00", "form_id": columns.get("form_id", "short"), **(said or {})}
    text = json.dumps(envelope, ensure_ascii=False).encode()
    row: dict[str, Any] = {
        "form_id": "short",
        "organisation_id": author.organisation_id,
        "territory": "05.271.01.03",
        "title": "تعاونية تيفاوين",
        "state": state,
    }
    submission = Submission(
        id=submission_id,
        programme_id=author.programme_id,
        author_id=author.id,
        device_id=new_id(),
        current_revision_id=revision_id,
        received_at=at,
        updated_at=at,
        seq=seq,
        **(row | columns),
    )
    db.session.add(submission)
    db.session.flush()
    db.session.add(a_revision(submission, revision_id, text, package, at, seq))
    db.session.add(Attachment(id=new_id(), submission_id=submission_id, sha256=names["photo"], name="photo_leg-1.jpg",
                              question="ax_LEG/photo_leg", size=3, type="image/jpeg"))  # fmt: skip
    event = ReviewEvent(id=new_id(), submission_id=submission_id, number=1, revision_id=revision_id, action="received", at=at)
    event.actor_id = author.id
    db.session.add(event)
    db.session.flush()
    return submission


def a_revision(
    submission: Submission, revision_id: str, text: bytes, package: str, at: datetime, seq: int, parent: str | None = None
) -> Revision:
    return Revision(
        id=revision_id,
        submission_id=submission.id,
        parent_id=parent,
        form_version=VERSION,
        form_sha256=package,
        body=gzip.compress(text),
        sha256=sha256(text).hexdigest(),
        author_id=submission.author_id,
        device_id=submission.device_id,
        t_client="2026-11-21T18:42:10.123+01:00",
        received_at=at,
        seq=seq,
    )
