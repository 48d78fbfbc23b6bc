"""What a programme lasts, costs and is paid by, changed by whoever sets it up (docs/programmes.md, "Budget, partners, phases").

B1  an amount is read as people write it and said back in dirhams, millions and millions of centimes; what could mean two
    amounts is refused
B2  what is wrong is said beside its field, in the reader's language, and what was typed stays; nothing is stored
B3  sums that differ from the budget, and days of phases that overlap or leave a gap, are warned of and stored
B4  a phase within which figures are counted keeps its code; other days count them afresh
B5  each change is in the chain, by whom, with what was and is
B6  the command line does the same
"""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core import amounts
from app.core.db import db
from app.core.models import Audit
from app.indicators.models import Indicator
from app.programmes.plan import Plan
from app.registry.models import Programme
from tests.conftest import Someone, World, count
from tests.indicators.making import declare, publish, said

SPACE = "\u202f"
DONOR = {"name_ar": "دروصوص", "name_fr": "Drosos", "role": "donor", "code": "drosos"}
TRAINING = {"code": "training", "name_ar": "التكوين", "name_fr": "Formation", "starts_on": "2015-06-17", "ends_on": "2016-12-31"}


def stored(world: World) -> Programme:
    db.session.rollback()
    return db.session.get_one(Programme, world.programme.id)


def plain(page: str) -> str:
    return unescape(page).replace("\u00a0", " ")


def errors_in(page: str) -> list[str]:
    return [unescape(one).strip() for one in re.findall(r'class="error"[^>]*>(.+?)</p>', page)]


def line(number: int, **fields: str) -> dict[str, str]:
    return {f"contributions-{number}-{name}": text for name, text in fields.items()}


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("3700000", "3700000.00"),
        ("3 700 000,50", "3700000.50"),
        (f"3{SPACE}700{SPACE}000.5", "3700000.50"),
        ("٣٧٠٠", "3700.00"),
        (" ", None),
        ("3.700.000", ValueError),
        ("3,700", ValueError),
        ("-5", ValueError),
        ("4 MDH", ValueError),
    ],
)
def test_an_amount_is_read_as_people_write_it(written: str, amount: Any):  # B1
    if amount is ValueError:
        with pytest.raises(ValueError, match=re.escape(written)):
            amounts.read_amount(written)
    else:
        assert amounts.read_amount(written) == (None if amount is None else Decimal(amount))


@pytest.mark.sqlite_only
def test_budget_and_partners_are_written_on_pages_and_said_back(world: World, admin: Someone):  # B1 B2 B3 B5
    here = f"/programmes/{world.programme.id}"
    admin.client.set_cookie("lang", "fr")
    saved = admin.client.post(f"{here}/budget?lang=fr", data={"amount": "4 000 000", "note_fr": "plus de"})
    assert saved.status_code == 422
    assert "en arabe et en français" in errors_in(saved.text)[0]
    assert 'value="4 000 000"' in saved.text, "what was typed stays"
    assert f"4{SPACE}000{SPACE}000,00 MAD · 4 million(s) de MAD · 400 million(s) de centimes" in plain(saved.text)
    assert admin.client.post(f"{here}/budget?lang=fr", data={"amount": "4 000 000"}, follow_redirects=True).status_code == 200

    wrong = DONOR | line(0, kind="money", amount="3.700.000", note_ar="أكثر من", note_fr="plus de") | line(1, amount="5")
    before = count(Audit)
    for language, words in (("fr", ("3.700.000", "argent, terrain")), ("ar", ("3.700.000", "مال"))):
        refused = admin.client.post(f"{here}/new-partner?lang={language}", data=wrong)
        assert refused.status_code == 422
        told = errors_in(refused.text)
        assert all(any(word in one for one in told) for word in words), told
        assert 'value="3.700.000"' in refused.text
        assert 'value="plus de"' in refused.text
    assert count(Audit) == before

    right = DONOR | line(0, kind="money", amount="370 000 000,00") | line(1, kind="land") | line(2, kind="")
    page = plain(admin.client.post(f"{here}/new-partner?lang=fr", data=right, follow_redirects=True).text)
    assert f"370{SPACE}000{SPACE}000,00 MAD · 370 million(s) de MAD · 37{SPACE}000 million(s) de centimes" in page, "seen"
    assert "dépassent le budget" in page
    assert "code drosos est déjà pris" in " ".join(errors_in(admin.client.post(f"{here}/new-partner?lang=fr", data=right).text))

    right = DONOR | line(0, kind="money", amount="3 700 000,00") | line(1, kind="land", remove="y")
    page = plain(admin.client.post(f"{here}/partners/drosos?lang=fr", data=right, follow_redirects=True).text)
    assert "inférieures au budget" in page
    assert "92,5 %" in page
    found = stored(world)
    assert found.budget == {"amount": "4000000.00", "note": {}}
    assert [part["kind"] for part in found.financing[0]["contributions"]] == ["money"]
    assert found.partners == {"ar": "دروصوص", "fr": "Drosos"}, "the line of partners follows"
    entry = db.session.scalars(sa.select(Audit).order_by(Audit.number.desc()).limit(1)).one()
    assert (entry.action, entry.actor_id) == ("programme.changed", admin.id)
    was, now = entry.details["financing"]
    assert [one[0]["contributions"][0]["amount"] for one in (was, now)] == ["370000000.00", "3700000.00"]

    assert admin.client.post(f"{here}/partners/drosos/remove").status_code == 302
    assert (stored(world).financing, stored(world).partners) == ([], {})


@pytest.mark.sqlite_only
def test_phases_may_overlap_and_are_warned_of(world: World, admin: Someone):  # B2 B3
    here = f"/programmes/{world.programme.id}"
    refused = admin.client.post(f"{here}/new-phase?lang=fr", data=TRAINING | {"ends_on": "2015-01-01"})
    assert refused.status_code == 422
    assert "finit avant de commencer" in errors_in(refused.text)[0]
    assert 'value="2015-01-01"' in refused.text
    assert "2 à 40" in errors_in(admin.client.post(f"{here}/new-phase?lang=fr", data=TRAINING | {"code": "É"}).text)[0]
    assert admin.client.post(f"{here}/new-phase", data=TRAINING).status_code == 302
    follow = TRAINING | {"code": "follow-up", "name_fr": "Suivi", "name_ar": "التتبع"}
    follow |= {"starts_on": "2017-02-01", "ends_on": "2018-06-16"}
    assert admin.client.post(f"{here}/new-phase", data=follow).status_code == 302
    page = admin.client.get(f"{here}?lang=fr").text
    assert "1er janvier 2017" in page
    assert "31 janvier 2017" in page, "days in no phase"
    admin.client.post(f"{here}/phases/follow-up", data=follow | {"starts_on": "2016-12-01"})
    page = admin.client.get(f"{here}?lang=ar").text
    assert "1 دجنبر 2016" in page
    assert "31 دجنبر 2016" in page, "days in both phases"
    assert [one.code for one in Plan.of(stored(world)).phases] == ["training", "follow-up"]


def test_a_phase_within_which_figures_are_counted_keeps_its_code(world: World, admin: Someone):  # B4 B5
    here = f"/programmes/{world.programme.id}"
    for code in ("training", "other"):
        assert admin.client.post(f"{here}/new-phase", data=TRAINING | {"code": code}).status_code == 302
    publish(world)
    declare(world, [said("rows", "rows", {"instrument": "session"}, "trainings", date="held_on", phase="training")])
    digest = db.session.scalars(sa.select(Indicator.digest)).one()
    assert "Indicateur rows" in admin.client.get(f"{here}/phases/training?lang=fr").text
    refused = admin.client.post(f"{here}/phases/training/remove?lang=fr")
    assert refused.status_code == 422
    assert "Indicateur rows" in refused.text
    assert admin.client.post(f"{here}/phases/other/remove").status_code == 302
    assert admin.client.post(f"{here}/phases/training", data=TRAINING | {"ends_on": "2017-01-31"}).status_code == 302
    assert [one.code for one in Plan.of(stored(world)).phases] == ["training"]
    admin.client.get("/indicators/rows")
    assert db.session.scalars(sa.select(Indicator.digest)).one() != digest, "counted afresh within other days"


@pytest.mark.sqlite_only
def test_only_who_sets_programmes_up_changes_them(world: World, khadija: Someone, said: Someone):
    here = f"/programmes/{world.programme.id}"
    for address in ("budget", "new-phase", "new-partner"):
        for who in (khadija, said):
            assert who.client.get(f"{here}/{address}").status_code == 403, address
            assert who.client.post(f"{here}/{address}", data=TRAINING | {"role": "donor"}).status_code == 403
    assert (stored(world).phases, stored(world).financing) == ([], [])


@pytest.mark.sqlite_only
def test_the_command_line_does_the_same(app: Flask, world: World):  # B6
    run = app.test_cli_runner().invoke
    asked = ["--budget", "4 000 000", "--phase", "training=التكوين|Formation@2015-06-17..2016-12-31"]
    asked += ["--partner", "drosos=donor:دروصوص|Drosos", "--brings", "drosos=money:3700000", "--brings", "drosos=land"]
    done = run(args=["programme", "plan", "boulemane", *asked])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        f"budget\t4{SPACE}000{SPACE}000,00 MAD",
        "phase\ttraining\tالتكوين\tFormation\t2015-06-17..2016-12-31",
        f"partner\tdrosos\tدروصوص\tDrosos\tdonor\tmoney 3{SPACE}700{SPACE}000,00 MAD\tland ?",
        f"! sums\t3{SPACE}700{SPACE}000,00 / 4{SPACE}000{SPACE}000,00 MAD",
    ]
    before = count(Audit)
    for wrong, said_ in (
        (["--budget", "4,000"], "4,000"),
        (["--phase", "training=x"], "CODE=ARABIC|FRENCH@"),
        (["--drop-phase", "none"], "none"),
        (["--brings", "nobody=money:5"], "nobody"),
        (["--partner", "drosos=king:x|y"], "donor, owner"),
    ):
        refused = run(args=["programme", "plan", "boulemane", *wrong])
        assert refused.exit_code != 0
        assert said_ in refused.output
    assert count(Audit) == before
    run(args=["programme", "plan", "boulemane", "--drop-phase", "training", "--drop-partner", "drosos", "--budget", ""])
    assert (stored(world).phases, stored(world).financing, stored(world).budget) == ([], [], {})
