"""One submission as the office reads it (docs/review.md, "The page").

R1 labels, choices, dates and numbers in the reader's language
R2 a photo that is missing is said to be missing, and why
R3 nothing that somebody wrote is markup
R4 what cannot be read still opens
R5 where phone and server compute differently, both are shown
R6 what the phone warned of, and what had no place in a newer version, is shown with the answers
"""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.core.ids import new_id
from app.instruments.models import Dataset
from app.submissions.answers import Form, _dataset_labels
from app.submissions.models import Attachment, Revision
from tests.conftest import NOW, Someone, World
from tests.review.instrument import changed, stored


def page(reader: Someone, submission: str, language: str = "fr") -> str:
    answer = reader.client.get(f"/submissions/{submission}?lang={language}")
    assert answer.status_code == 200
    return str(answer.text)


def test_answers_are_words_in_the_readers_language(amina: Someone, khadija: Someone, package: str):  # R1
    submission = stored(amina, package).id
    db.session.commit()

    french = page(khadija, submission)
    for words in (
        "Chiffre d’affaires (MAD)",
        "118\u202f000,50\u00a0MAD",
        "Souk, Foires",
        "20 novembre 2026",
        "08:30",
        "Un peu",
        "33.05; -4.05",
    ):
        assert words in french, words
    assert 'dir="ltr"' in french
    arabic = page(khadija, submission, "ar")
    for words in ("رقم المعاملات (درهم)", "118\u202f000,50\u00a0درهم", "السوق، المعارض", "20 نونبر 2026", "قليلا"):
        assert words in arabic, words
    assert 'dir="rtl"' in arabic
    assert "زهرة" in french  # a repeat is a table of its rows
    assert "Oui · Non" in french


def test_a_photo_that_is_not_there_says_why(amina: Someone, khadija: Someone, package: str):  # R2
    submission = stored(amina, package).id
    db.session.commit()
    assert 'class="missing"' in page(khadija, submission)
    db.session.execute(sa.update(Attachment).values(lost_reason="gone"))
    db.session.commit()
    assert "<img" not in page(khadija, submission)
    db.session.execute(sa.update(Attachment).values(complete_at=NOW))
    db.session.commit()
    assert f"/submissions/{submission}/files/{'a' * 64}" in page(khadija, submission)
    assert khadija.client.get(f"/submissions/{submission}/files/{'b' * 64}").status_code == 404


def test_what_people_write_is_never_markup(amina: Someone, khadija: Someone, package: str):  # R3
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    answers = changed(grp_id={"name_ar": evil}, grp_fig={"notes": evil}, part=[{"p_name": evil}])
    submission = stored(amina, package, answers=answers, title=evil).id
    db.session.commit()
    for address in (f"/submissions/{submission}", "/submissions"):
        text = khadija.client.get(address).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;" in text


def test_a_submission_that_cannot_be_read_still_opens(amina: Someone, khadija: Someone, package: str):  # R4
    unknown = stored(amina, "0" * 64).id
    sealed, broken = stored(amina, package).id, stored(amina, package).id
    db.session.execute(sa.update(Revision).where(Revision.submission_id == sealed).values(encryption="v1"))
    db.session.execute(sa.update(Revision).where(Revision.submission_id == broken).values(body=b"\x00"))
    db.session.commit()
    for submission in (unknown, sealed, broken):
        assert 'value="approve"' in page(khadija, submission)


def test_a_difference_of_calculation_shows_both_values(amina: Someone, khadija: Someone, package: str):  # R5
    submission = stored(amina, package).id
    result = {"differences": [{"path": "score_all", "sent": "50", "computed": "75"}], "scores": None}
    db.session.execute(sa.update(Revision).values(check_state="differs", check_result=result))
    db.session.commit()
    text = page(khadija, submission)
    assert "check-box differs" in text
    assert ">50</bdi>" in text
    assert ">75</bdi>" in text


def test_the_round_before_stands_beside_the_answers(amina: Someone, khadija: Someone, package: str):
    subject = "01890000-0000-7000-8000-000000000001"
    stored(amina, package, answers=changed(ax_LEG={"leg01": "0"}, score_all="0", score_LEG="0"), subject_id=subject, minutes=-9)
    submission = stored(amina, package, subject_id=subject).id
    db.session.commit()
    text = page(khadija, submission)
    assert "+50,0" in text
    assert 'class="dot s1">1<' in text


def test_what_the_phone_warned_of_and_kept_aside_is_shown_to_the_reviewer(amina: Someone, khadija: Someone, package: str):  # R6
    warning = {"question": "grp_fig/k_ca", "message": {"ar": "كثير", "fr": "C’est beaucoup & trop"}}
    aside = {
        "question": "grp_fig/phone", "row": "", "value": "0612", "form_version": "1",
        "label": {"ar": "الهاتف", "fr": "Téléphone"}, "said": {"ar": "0612", "fr": "0612"},
    }  # fmt: skip
    submission = stored(amina, package, said={"warnings": [warning], "aside": [aside, "?", {"label": 3}]}).id
    db.session.commit()

    text = page(khadija, submission)

    assert "C’est beaucoup &amp; trop" in text
    assert 'href="#a-grp_fig/k_ca"' in text
    assert "Téléphone" in text
    assert "0612" in text
    assert "الهاتف" in page(khadija, submission, "ar")


@pytest.mark.sqlite_only
def test_a_list_that_came_after_its_form_was_looked_at_has_words(world: World):  # R1
    sha256 = new_id()
    asked = {"i": 1, "parent": 0, "kind": "question", "name": "souk", "type": "select_one", "choices": {"list": "souks"}}
    package = {
        "form_id": "x",
        "version": "1",
        "languages": ["ar", "fr"],
        "nodes": [{"i": 0, "kind": "group", "name": "data"}, asked],
    }
    form = Form(package | {"datasets": {"souks": {"kind": "csv", "sha256": sha256}}}, _dataset_labels)
    assert form.choice(asked, "s1", "fr") == "s1"
    content = '{"columns": ["name", "label"], "rows": [["s1", "Souk du lundi"]]}'
    row = {"programme_id": world.programme.id, "name": "souks", "sha256": sha256, "content": content, "created_at": NOW, "seq": 1}
    db.session.add(Dataset(id=new_id(), **row))
    db.session.flush()
    assert form.choice(asked, "s1", "fr") == "Souk du lundi"
