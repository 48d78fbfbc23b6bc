"""Two rounds of a diagnostic side by side on a record's page (docs/results.md, "From one round to the next"):

1. each axis says comparable, in part or not, and why, by its questions
2. beside the scores as they were given stand those of the questions that both rounds answered
3. the earlier round can be scored by the newer grid; both are kept; once, by who may review it
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from app.core.db import db
from app.instruments import operations
from app.submissions.checks import check_waiting
from app.submissions.models import Rescore, Revision
from tests.conftest import NOW, Someone, World
from tests.review.instrument import stored
from tests.review.test_records import a_record, text

HEAD = """
| survey | | | | | | | | |
|---|---|---|---|---|---|---|---|---|
| | type | name | label::العربية (ar) | label::Français (fr) | calculation | bind::ci:role | bind::ci:axis | bind::ci:weight |
"""
ITEM = "| | select_one steps{n} | {name} | {name} ar | {name} fr | | item | {axis} | {weight} |\n"
SCORE = "| | calculate | score_{axis} | محور {axis} | Axe {axis} | {sum} | axis-score | {axis} | 1 |\n"
CHOICES = """
| choices | | | | |
|---|---|---|---|---|
| | list_name | name | label::العربية (ar) | label::Français (fr) |
"""
CHOICES += "".join(f"| | steps | {n} | {n} | {n} |\n" for n in (0, 1, 2, 3, 4, "na"))
CHOICES += "| | steps2 | 0 | لا | Non |\n| | steps2 | 4 | نعم | Oui |\n"
SETTINGS = """
| settings | | | | | |
|---|---|---|---|---|---|
| | form_title | form_id | version | default_language | namespaces |
| | تشخيص | grid | {version} | العربية (ar) | ci="urn:cooperative-instruments:1" |
"""


def publish(world: World, version: str, **axes: str) -> str:
    """A grid of axes, each with its items as "name*weight", "/2" after a name of two answers; the SHA-256 of its package."""
    survey, totals = "", []
    for axis, items in axes.items():
        parts = re.findall(r"(\w+)(/2)?\*(\d)", items)
        survey += "".join(ITEM.format(n=two[1:], name=name, axis=axis, weight=weight) for name, two, weight in parts)
        points = " + ".join(f"{weight} * coalesce(${{{name}}}, 0)" for name, _, weight in parts)
        most = 4 * sum(int(weight) for _, _, weight in parts)
        survey += SCORE.format(axis=axis, sum=f"100 * ({points}) div {most}")
        totals.append(f"${{score_{axis}}}")
    survey += f"| | calculate | score_all | النقطة | Note | ({' + '.join(totals)}) div {len(totals)} | overall | | |\n"
    book = (HEAD.strip() + "\n" + survey + CHOICES + SETTINGS.format(version=version)).encode()
    made = operations.publish(None, world.programme.id, f"grid-{version}.md", book, NOW)
    db.session.commit()
    return made.sha256


@pytest.fixture
def rounds(world: World, amina: Someone) -> dict[str, Any]:
    """A cooperative with two rounds: a question came in LEG, another has other answers in FIN, most of MKT is new."""
    old = publish(world, "1", GOV="gov1*2 gov2*1", LEG="leg1*2 leg2*1", FIN="fin1*1 fin2*1", MKT="mkt1*1")
    new = publish(world, "2", GOV="gov1*2 gov2*1", LEG="leg1*2 leg2*1 leg3*1", FIN="fin1*1 fin2/2*1", MKT="mkt1*1 mkt2*2 mkt3*2")
    coop = a_record(world, "تعاونية تيفاوين")
    then = {"gov1": "1", "gov2": "1", "leg1": "2", "leg2": "4", "fin1": "1", "fin2": "3", "mkt1": "4"}
    now = then | {"gov1": "4", "leg1": "4", "leg3": "1", "fin2": "4", "mkt2": "2", "mkt3": "2"}
    del now["leg2"]
    given = {"form_id": "grid", "subject_id": coop.id}
    first = stored(amina, old, answers=then, minutes=-60000, **given)
    stored(amina, new, answers=now, **given)
    db.session.commit()
    check_waiting()
    return {"coop": coop.id, "first": first.id, "revision": first.current_revision_id, "grid": new}


def table(page: str) -> dict[str, list[str]]:
    """The cells of each axis in words, reasons apart."""
    body = page.split('class="card rounds"')[1].split("</section>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', body, re.S)
    plain = [(re.sub("<[^>]+>", "", name), re.findall(r"<td[^>]*>(.*?)</td>", cells, re.S)) for name, cells in rows]
    return {name: [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in cells] for name, cells in plain}


def test_each_axis_says_how_far_it_compares_and_why(khadija: Someone, rounds: dict[str, Any]):  # 1, 2
    page = text(khadija, f"/records/cooperatives/{rounds['coop']}")
    found = table(page)
    assert page.split('class="trend"')[1].count("autre version") == 1
    assert found["Axe GOV"] == ["25,0", "75,0", "+50,0", "25,0 → 75,0 2 questions", "comparable"]
    assert found["Axe LEG"][:4] == ["66,7", "56,2", "−10,4", "50,0 → 100,0 1 question"]
    assert found["Axe LEG"][4] == "comparable en partie Pourquoi Nouvelle question : « leg3 fr »"
    assert found["Axe FIN"][3:] == [
        "25,0 → 25,0 1 question",
        "comparable en partie Pourquoi Réponses différentes désormais : « fin2 fr »",
    ]
    assert found["Axe MKT"][2:] == ["", "100,0 → 100,0 1 question", found["Axe MKT"][4]]  # a difference would say nothing
    assert found["Axe MKT"][4].startswith("non comparable")
    assert len(found) == 5  # and the overall score


def test_the_earlier_round_is_scored_by_the_newer_grid_and_both_are_kept(
    khadija: Someone, said: Someone, rounds: dict[str, Any]
):  # 3
    path, asked = f"/records/cooperatives/{rounds['coop']}", {"submission": rounds["first"], "grid": rounds["grid"]}
    before = db.session.scalar(sa.select(Revision.check_result).where(Revision.id == rounds["revision"]))
    assert khadija.client.post(f"{path}/rescore", data=asked | {"grid": "0" * 64}).status_code == 422
    for _ in range(2):
        assert khadija.client.post(f"{path}/rescore", data=asked).status_code == 302
    assert db.session.scalars(sa.select(Rescore.revision_id)).all() == [rounds["revision"]]
    assert db.session.scalar(sa.select(Revision.check_result).where(Revision.id == rounds["revision"])) == before
    page = text(khadija, path)
    # leg3 was not asked: 8 of 16 points; fin2 takes other answers now: 1 of 8.
    assert [table(page)[f"Axe {axis}"][1] for axis in ("GOV", "LEG", "FIN", "MKT")] == ["25,0", "50,0", "12,5", "20,0"]
    assert "/rescore" not in page
    assert "Khadija" in page.split('class="card rounds"')[1].split("</section>")[0]


def test_who_only_reads_scores_nothing_again(world: World, amina: Someone, rounds: dict[str, Any]):  # 3
    path = f"/records/cooperatives/{rounds['coop']}"
    answer = amina.client.post(f"{path}/rescore", data={"submission": rounds["first"], "grid": rounds["grid"]})
    assert answer.status_code == 403
    assert db.session.scalars(sa.select(Rescore.id)).all() == []
