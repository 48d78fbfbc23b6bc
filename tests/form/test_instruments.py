"""Every instrument of the library, filled in Chromium from the first question to the last, in Arabic and in French.

I1  each is filled as a finger does (finger.js), section after section, and goes to the outbox; nothing is written in the console
I2  over the two fillings every question was asked and answered: in Arabic something new, with the first choice of every list, in
    French what is known already, with the last one
I3  what is sent holds the answers, and the records that follow
    (the ten of the library, and the one that a pack brings itself)
I4  what was filled is then seen in the review, on the records, in the export and in the indicators
"""

from __future__ import annotations

import functools
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.core.db import begin_writing, db, next_seq
from app.core.ids import new_id
from app.registry.models import Entity
from tests.conftest import NOW, Someone, World, an_instrument
from tests.form.conftest import Phone, a_phone, instrument
from tests.indicators.making import declare, said
from tests.instruments.known import APPRENTICE, COOP, GROUP, PREMISES, PROJECT, RECORDS

pytestmark = pytest.mark.browser

FINGER = (Path(__file__).parent / "finger.js").read_text("utf-8")
READ = {"act_what", "act_agreed", "act_resp", "act_before", "act_party", "pr_before", "ag_hosts_only"}  # shown, never asked
PHONE = "0612345678"
PLACES = {"region": "03", "province": "03.231", "commune": "03.231.01.0"}  # Fès, which has arrondissements


def at(prefix: str = "") -> dict[str, str]:
    return {prefix + name: code for name, code in PLACES.items()}


# Answers that a rule asks for or that open a branch; finger.js chooses the rest.
VALUES: dict[str, dict[str, Any]] = {
    "coop": at()
    | {"pres_phone": PHONE, "contact_phone": PHONE, "email": "a@example.ma", "ice": "001234567000089", "start_year": "2015"},
    "coop-ar": {"rec": "", "from_group": GROUP, "sector": "ART", "consent": "yes"},
    "coop-fr": {"rec": COOP, "consent": "yes", "legal_status": "coop_2483", "prod_unit": "other"},
    "diag": {"k_year": "2025", "need1": "legal", "need2": "govern", "need3": "premises", "consent": "yes"},
    "diag-fr": {"d_version": "full", "swot_has": "yes"},
    "train": at("s_")
    | {
        "n_days": "1",
        "hours_total": "6",
        "test_max": "20",
        "p_phone": PHONE,
        "consent_read": "yes",
        "p_age": "15_17",
        "n_disab": "0",
    },
    "train-ar": {
        "for_coop": "",
        "themes": "T99",
        "p_guardian_ok": "yes",
        "part": [{"p_coop_in": "groups", "p_person": ""}, {"p_coop_in": "cooperatives"}, {"p_consent": "no", "p_coop_in": ""}],
    },
    "train-fr": {"for_coop": COOP, "consent_photo": "yes", "p_guardian_ok": "yes", "part": [{"p_coop_in": ""}]},
    "visit-ar": {
        "coop_cooperatives": COOP,
        "v_has_prob": "yes",
        "v_has_next": "yes",
        "act": [{"act_status": "done"}, {"act_status": "blocked"}],
    },
    "visit-fr": {"coop_in": "groups", "visit_type": "verify"},
    "meet": at("m_"),
    "meet-ar": {"com": [{"com_ref": ""}], "ori_until": "2030"},
    "meet-fr": {"m_has_com": "yes", "com": [{"com_status": "blocked", "com_itype": "council"}], "consent_photo": "yes"},
    "prem": at("pr_")
    | {"pr_built": "1990", "pr_causes": "other", "pr_type": "other", "pr_potential": "other", "pr_programme": "other"},
    "prem-ar": {"rec": "", "pr_use": "closed", "grp": [{"g_coop_in": "cooperatives"}, {"g_coop_in": ""}]},
    "prem-fr": {"rec": PREMISES, "pr_use": "under", "pr_has_grp": "yes", "pr_has_ph": "yes", "grp": [{"g_coop_in": "groups"}]},
    "agree": {"ag_province": "03.231", "ag_placed": "yes", "ag_has_fin": "yes", "ag_type": "other"},
    "agree-ar": {"rec": "", "fin": [{"fin_itype": "council"}]},
    "agree-fr": {"rec": PROJECT, "ag_ben_w": "", "ag_ben_m": ""},
    "agprog": {"pg_block": "land"},
    "agprog-ar": {"pg_fin": [{"pg_fin_ref": ""}]},
    "agprog-fr": {"pg_has_fin": "yes", "pg_fin_paid": "2"},
    "precoop": at("gp_") | {"gp_disab": "0", "gp_capital": "12000", "gp_share": "100", "w_phone": PHONE, "consent": "yes"},
    "precoop-ar": {
        "rec": "",
        "gp_sector": "ART",
        "wm": [{"w_person": "", "w_age": "15_17"}, {"w_person": "person-3"}],
        "w_consent": "yes",
    },
    "precoop-fr": {"rec": GROUP, "gp_has_wm": "yes", "w_consent": "yes", "w_out": "yes", "wm": [{"w_person": "person-1"}]},
    "appr": at("a_") | {"a_out_year": "2016", "consent": "yes"},
    "certification-ar": {"rec": ""},
    "certification-fr": {"rec": "file-1"},
    "appr-ar": {"rec": "", "a_birth_year": "2010", "a_guardian_ok": "yes", "a_master_ref": "", "a_has_fu": "yes"},
    "appr-fr": {"rec": APPRENTICE, "a_has_fu": "yes", "fu_status": "dropout", "a_birth_year": "2000"},
}


@functools.cache
def asked(code: str) -> frozenset[str]:
    nodes = json.loads(instrument(code, of_library=True)["pkg"])["nodes"]
    return frozenset(one["name"] for one in nodes if one["kind"] == "question" and one["type"] != "note") - READ


# Lists whose records follow from both fillings.
WRITES = {
    "coop": {"cooperatives", "groups"},
    "diag": {"actions", "cooperatives"},
    "train": {"trainings", "persons"},
    "visit": {"actions", "cooperatives", "groups", "visits"},
    "meet": {"meetings", "actions"},
    "prem": {"premises", "matches"},
    "agree": {"projects", "contributions"},
    "agprog": {"projects", "contributions"},
    "precoop": {"groups", "persons"},
    "appr": {"apprentices", "persons"},
}

OF_PACKS = {"certification": {"certifications"}}
FILES = {"certifications": [{"name": "file-1", "label": "تعاونية النور", "coop": "coop-2"}]}


def known() -> list[dict[str, Any]]:
    """What the phone holds before, as the office sends it."""
    return [
        {
            "id": one["name"],
            "list": name,
            "label": one["label"],
            "properties": {k: v for k, v in one.items() if k not in ("name", "label")},
        }
        for name, several in (RECORDS | FILES).items()
        for one in several
    ]


def fill(phone: Phone, code: str, values: dict[str, Any], turn: int) -> tuple[set[str], dict[str, Any]]:
    """The questions answered, and the item in the outbox."""
    phone.page.evaluate("(what) => harness.install(what)", instrument(code, of_library=True) | {"entities": known()})
    phone.page.evaluate("() => {" + FINGER + "}")
    phone.start(code)
    phone.page.wait_for_selector(".fill-status h2")
    done = phone.page.evaluate("([values, turn]) => fillAll(values, turn)", [values, turn])
    assert done["stuck"] == ""
    items = phone.page.evaluate("harness.phone.outbox.opened()")
    return set(done["answered"]), next(one for one in items if one["revision_id"] == done["revision"])


@pytest.fixture(scope="module")
def phones(chromium: Browser, form_site: str) -> Iterator[dict[str, Phone]]:
    """A phone of each language, on which one form is filled after the other."""
    with a_phone(chromium, form_site, "ar") as arabic, a_phone(chromium, form_site, "fr") as french:
        yield {"ar": arabic, "fr": french}


Filled = dict[str, tuple[set[str], dict[str, Any]]]
FILLED: dict[str, Filled] = {}


def filled(phones: dict[str, Phone], code: str) -> Filled:
    """By language, what `fill` gives; each form is filled once."""
    if code not in FILLED:
        made: Filled = {}
        for language, turn in (("ar", 0), ("fr", 99)):
            values = VALUES.get(code, {}) | VALUES.get(f"{code}-{language}", {})
            assert phones[language].page.locator("html").get_attribute("lang") == language
            made[language] = fill(phones[language], code, values, turn)
        FILLED[code] = made
    return FILLED[code]


@pytest.mark.parametrize("code", [*WRITES, *OF_PACKS])
def test_it_is_filled_from_the_first_to_the_last_question_in_both_languages(  # I1, I2, I3
    phones: dict[str, Phone], code: str
) -> None:
    answered: set[str] = set()
    written: set[str] = set()
    for some, item in filled(phones, code).values():
        assert (item["state"], item["form_id"]) == ("waiting", code)
        answered |= some
        written |= {one["list"] for one in item["entities"]}
    assert asked(code) - answered == set()
    assert written == (WRITES | OF_PACKS)[code]


@pytest.fixture
def office(world: World) -> dict[str, str]:
    """The ten forms and the known records at the office; the records' ids by the names they have on the phones."""
    begin_writing()
    ids = {one["name"]: new_id() for several in RECORDS.values() for one in several}
    for name, several in RECORDS.items():
        for one in several:
            data = {key: ids.get(value, value) for key, value in one.items() if key not in ("name", "label")}
            known = Entity(id=ids[one["name"]], list=name, label=one["label"], data=data, version=1, updated_at=NOW)
            known.programme_id, known.organisation_id, known.territory = world.programme.id, world.al_amal.id, "05.271.01.03"
            known.seq = next_seq()
            db.session.add(known)
    world.instrument.instrument.form_id = "other"
    db.session.flush()
    for code in WRITES:
        an_instrument(world.programme.id, code, instrument(code, of_library=True)["pkg"])
    declare(world, [said(code, "rows", {"instrument": code}, "visits", states=["received"]) for code in WRITES])
    return ids


def leaves(answers: Any) -> Iterator[str]:
    if isinstance(answers, dict | list):
        for one in answers.values() if isinstance(answers, dict) else answers:
            yield from leaves(one)
    else:
        yield str(answers)


FROZEN = ("form_id", "form_version", "form_sha256", "title", "subject", "answers", "entities", "attachments", "language")
EXPORT = {"states": ["received"], "format": "csv", "language": "fr", "content": "codes", "separator": ","}


@pytest.mark.sqlite_only
def test_what_was_filled_is_seen_wherever_the_office_looks(  # I4
    phones: dict[str, Phone], office: dict[str, str], amina: Someone, khadija: Someone
) -> None:
    for code in WRITES:
        sent = []
        for _, item in filled(phones, code).values():
            text = item["envelope"]
            for name, id in office.items():
                text = text.replace(f'"{name}"', f'"{id}"')
            frozen = json.loads(text)
            sent.append(amina.deliver(**{name: frozen[name] for name in FROZEN}))
        words = {typed for one in sent for typed in leaves(one["answers"]) if typed.startswith("نص ")}  # as finger.js types
        assert words, code
        seen = unescape("".join(khadija.client.get(f"/submissions/{one['submission_id']}?lang=fr").text for one in sent))
        assert {one for one in words if one not in seen} == set(), code
        for one in sent:
            for record in one["entities"]:
                page = khadija.client.get(f"/records/{record['list']}/{record['id']}?lang=fr").text
                assert f"/submissions/{one['submission_id']}" in page, (code, record["list"])
        form = EXPORT | {"form_id": code, "organisation_id": "", "territory": ""}
        archive = zipfile.ZipFile(io.BytesIO(khadija.client.post("/exports", data=form).data))
        exported = "".join(archive.read(name).decode("utf-8") for name in archive.namelist())
        assert [one["submission_id"] in exported for one in sent] == [True, True], code
        page = unescape(khadija.client.get(f"/indicators/{code}?lang=fr").text)
        assert re.search(r'<p class="value"><bdi>2\b', page), code
        assert all(f"/submissions/{one['submission_id']}" in page for one in sent), code
