"""The pages of indicators (docs/indicators.md):

G1  a page says value, target, definition in both languages, what is counted, the situation, and shows the rows behind it
G2  everybody sees what she may see: an organisation its own, a facilitator her own
G3  what was approved a moment ago is in the figure
G4  the rows come as a table for others: no names but for who may take them out, nothing that a spreadsheet runs
G5  whoever sets programmes up changes a target: it is said since when and by whom, and stands in the chain
G6  what an address asks for in vain is said, the same here and on the home; no file is made of it
"""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from app.core.db import begin_writing, db
from app.core.ids import new_id
from app.core.models import Audit
from app.indicators import operations as indicators
from app.submissions import decisions
from app.submissions.queries import last_event
from tests.conftest import NOW, Someone, World
from tests.indicators.making import declare, publish, said

WOMEN = said(
    "women", "distinct", {"instrument": "session", "repeat": "part"}, "women",
    where=[{"of": "p_sex", "is": "f"}], date="held_on", target={"value": 3, "unit": "women", "by": "2026-12-31"},
)  # fmt: skip
COST = said("cost", "sum", {"instrument": "session"}, "mad", of="cost", date="held_on", by=["themes"])


def text_of(html: str) -> str:
    """What a reader sees, without tags."""
    return re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]+>", " ", html.split("<main", 1)[1])))


class Sessions:
    def __init__(self, world: World) -> None:
        self.world, self.form = world, publish(world)
        self.zahra = new_id()
        declare(world, [WOMEN, COST])
        person = {
            "list": "persons",
            "id": self.zahra,
            "action": "create",
            "label": "زهرة",
            "data": {"full_name": "زهرة", "sex": "f"},
        }
        self.send("amina", "2026-10-05", [{"p_person": "", "p_name": "زهرة", "p_sex": "f"}], entities=[person], cost="28250000")
        self.send("amina", "2026-11-05", [{"p_person": self.zahra, "p_sex": "f"}, {"p_sex": "m"}], cost="1250.5")
        self.send("fatima", "2026-11-06", [{"p_sex": "f"}], cost="100", title="=HYPERLINK(1)")

    def send(self, who: str, day: str, rows: list[dict[str, str]], *, cost: str, entities: Any = (), title: str = "دورة") -> None:
        author = self.world.people[who]
        answers = {"held_on": day, "grp": {"cost": cost, "themes": "T01"}, "part": rows}
        sent = author.deliver(
            form_id="session",
            form_sha256=self.form,
            answers=answers,
            entities=list(entities),
            territory="05.271.01.03",
            title=title,
        )
        begin_writing()
        actor, key = self.world.people["admin"].actor, sent["submission_id"]
        decisions.decide(actor, key, "approve", based_on=getattr(last_event(key), "id", ""), now=NOW)
        db.session.commit()


@pytest.fixture
def sessions(world: World) -> Sessions:
    return Sessions(world)


@pytest.mark.parametrize("language", ["ar", "fr"])
@pytest.mark.sqlite_only
def test_a_page_says_what_it_counts_and_shows_the_rows(sessions: Sessions, said: Someone, language: str):  # G1, G3
    page = said.client.get(f"/indicators/women?lang={language}").text
    words = text_of(page)
    assert {"ar": "<bdi>امرأتان", "fr": "<bdi>2\u00a0femmes"}[language] in unescape(page).split('class="value">')[1][:30]
    assert "تعريف women" in words
    assert "Définition de women" in words
    assert {"ar": "كل شخص يُحتسب مرة واحدة", "fr": "chacune est comptée une fois"}[language] in words
    assert {"ar": "إلى غاية", "fr": "Situation au"}[language] in words
    assert {"ar": "القيمة المستهدفة: 3\u00a0نساء", "fr": "Cible\u00a0: 3\u00a0femmes"}[language] in words
    assert "66,7" in words
    assert page.count("/submissions/") >= 3
    cost = said.client.get(f"/indicators/cost?lang={language}").text
    assert {"ar": "28\u202f251\u202f350,50\u00a0درهم", "fr": "28\u202f251\u202f350,50\u00a0MAD"}[language] in unescape(cost)
    assert "<bdi>28,25" in cost
    assert 'class="months"' in cost


def test_everybody_sees_what_she_may_see(sessions: Sessions, world: World):  # G2
    seen = {}
    for name in ("said", "khadija", "fatima", "amina"):
        page = unescape(world.people[name].client.get("/indicators/cost?lang=fr").text)
        seen[name] = re.search(r'class="value"><bdi>([^<]+)\u00a0MAD', page)[1].replace("\u202f", " ")  # type: ignore[index]
    assert seen == {
        "said": "28 251 350,50", "khadija": "28 251 250,50", "amina": "28 251 250,50", "fatima": "100,00",
    }  # fmt: skip
    assert world.people["fatima"].client.get("/indicators/women.csv").status_code == 403
    assert world.people["fatima"].client.get("/indicators/nothing").status_code == 404


@pytest.mark.sqlite_only
def test_the_rows_come_as_a_table_for_others(sessions: Sessions, said: Someone, admin: Someone):  # G4
    def table(who: Someone) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(who.client.get("/indicators/cost.csv?lang=fr").text.removeprefix("\ufeff"))))

    rows = table(said)
    assert [row["value"] for row in rows] == ["100", "1250.5", "28250000"]
    assert rows[0] | {"source": ""} == {
        "day": "2026-11-06", "source": "", "row": "", "organisation": "Association Al Hadaf", "commune_code": "05.271.01.03",
        "commune": rows[0]["commune"], "value": "100", "unit": "mad", "themes": "Droit",
    }  # fmt: skip
    assert table(admin)[0]["title"] == "'=HYPERLINK(1)"


@pytest.mark.sqlite_only
def test_pages_of_rows_go_on_where_they_ended(sessions: Sessions, said: Someone, world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.indicators.listing.page.__defaults__", ("", 1))
    indicators.catch_up(world.programme.id)
    address, days = "/indicators/cost?lang=fr", []
    while address:
        page = unescape(said.client.get(address).text)
        days += re.findall(r"<tr><td><bdi>([^<]+)</bdi></td>\s*<th", page)
        following = re.search(r'rel="next" href="([^"#]+)', page)
        address = following[1] if following else ""
    assert days == ["6 novembre 2026", "5 novembre 2026", "5 octobre 2026"]


def errors_in(page: str) -> list[str]:
    return [unescape(one).strip() for one in re.findall(r'class="error"[^>]*>(.+?)</p>', page)]


@pytest.mark.sqlite_only
def test_a_target_is_changed_by_who_sets_programmes_up(sessions: Sessions, said: Someone, admin: Someone):  # G5
    address = "/indicators/women/target"
    admin.client.set_cookie("lang", "fr")
    assert "indicators/women/target" not in said.client.get("/indicators/women").text
    assert said.client.post(address, data={"value": "5"}).status_code == 403

    for wrong in ("5,5", "cinq", "1.000"):
        refused = admin.client.post(address, data={"value": wrong, "by": "2027-12-31"})
        assert refused.status_code == 422
        assert wrong in errors_in(refused.text)[0]
        assert f'value="{wrong}"' in refused.text
        assert 'value="2027-12-31"' in refused.text
    page = text_of(admin.client.post(address, data={"value": "1 051", "by": "2027-12-31"}, follow_redirects=True).text)
    assert "Cible\u00a0: 1\u202f051\u00a0femmes d’ici le 31 décembre 2027" in page
    assert "de 3\u00a0femmes (d’ici le 31 décembre 2026) à 1\u202f051\u00a0femmes (d’ici le 31 décembre 2027)" in page
    assert "Le fichier du programme dit" in page
    entry = db.session.scalars(sa.select(Audit).order_by(Audit.number.desc()).limit(1)).one()
    assert (entry.action, entry.actor_id, entry.details["indicator"]) == ("indicator.target", admin.id, "women")
    assert [one["value"] for one in entry.details["target"]] == ["3", "1051"]
    declare(sessions.world, [WOMEN, COST])
    assert "1\u202f051\u00a0femmes" in text_of(said.client.get("/indicators?lang=fr").text), "the file again changes nothing"
    page = text_of(admin.client.post(address, data={"value": ""}, follow_redirects=True).text)
    assert "Cible\u00a0:" not in page
    assert "à aucune le" in page


IN_VAIN = {
    "phase=nothing": {"fr": "une phase que ce programme n’a pas", "ar": "مرحلة لا يعرفها هذا البرنامج"},
    "organisation=nobody": {"fr": "un organisme qui n’est pas de ce programme", "ar": "هيئة ليست من هذا البرنامج"},
    "territory=99.999": {"fr": "un lieu inconnu", "ar": "مكانا غير معروف"},
    "from=yesterday": {"fr": "un premier jour illisible", "ar": "يوم بداية غير مقروء"},
}


@pytest.mark.sqlite_only
def test_what_an_address_asks_for_in_vain_is_said(sessions: Sessions, said: Someone):  # G6
    for address in ("/indicators/cost", "/overview"):
        for language in ("ar", "fr"):
            page = text_of(said.client.get(f"{address}?{'&'.join(IN_VAIN)}&lang={language}").text)
            assert [words[language] for words in IN_VAIN.values() if words[language] not in page] == [], (address, language)
        page = said.client.get(f"{address}?phase=&territory=05.271&lang=fr").text
        assert not any(words["fr"] in page for words in IN_VAIN.values())
    page = unescape(said.client.get("/indicators/cost?phase=nothing&lang=fr").text)
    assert "<bdi>28\u202f251\u202f350,50" in page, "the whole programme"
    for asked in IN_VAIN:
        assert said.client.get(f"/indicators/cost.csv?{asked}").status_code == 404
