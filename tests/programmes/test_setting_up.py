"""From an empty installation to a form on a phone (docs/programmes.md), and who may do it.

S1 an empty installation leads its administrator from every page to the first steps, and each step ticks when it is done
S2 at the end of the path a facilitator's phone has the forms and all that their consent texts need
S3 what the office says is missing is what keeps a form closed on the phone
S4 the command line does the same
S5 what is wrong is said beside its field, all at once, and nothing is stored
S6 only administrators set programmes up
S7 each change is in the chain, and phones hear of what concerns them
S8 a closed organisation is offered to nobody new; accounts get no place outside the programme
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
import quickjs
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import operations as accounts
from app.accounts.models import Person
from app.core import audit
from app.core.clock import utcnow
from app.core.db import db
from app.core.models import Audit
from app.core.problems import Problem
from app.core.scripts import bundle
from app.instruments import consent
from app.instruments.lint import TOKENS
from app.instruments.queries import library, published
from app.instruments.words import TOKENS as WORDS
from app.programmes import operations, queries
from app.programmes.operations import Settings
from app.registry.models import Organisation, Programme
from tests.conftest import NOW, PASSWORD, ROOT, Someone, World, count

NAMES = {"name_ar": "مواكبة تعاونيات كلميم", "name_fr": "Accompagnement des coopératives de Guelmim"}
TEXTS = {
    "responsible_org": {"ar": "جمعية الأمل", "fr": "Association Al Amal"},
    "recipients": {"ar": "الجمعيات المشاركة", "fr": "les associations du programme"},
    "retention": {"ar": "سنتان بعد نهاية البرنامج", "fr": "deux ans après la fin du programme"},
    "contact_person": {"ar": "منسقة البرنامج", "fr": "la coordinatrice du programme"},
    "contact_details": {"ar": "0528000000", "fr": "0528000000"},
    "cndp_kind": {"ar": "تصريح", "fr": "déclaration"},
    "cndp_number": {"ar": "D-1/2026", "fr": "D-1/2026"},
}
CONSENT_FIELDS = {f"{token}_{language}": TEXTS[token][language] for token in list(TEXTS)[:5] for language in ("ar", "fr")}
CONSENT_FIELDS |= {"cndp_kind": "declaration", "cndp_number": "D-1/2026"}


@pytest.fixture
def boss(app: Flask) -> FlaskClient:
    """The browser of an administrator, on an installation that holds nothing else."""
    run = app.test_cli_runner().invoke
    made = run(args=["people", "create-administrator", "mudira", "--password", PASSWORD, "--language", "fr"])
    assert made.exit_code == 0, made.output
    client = app.test_client()
    client.set_cookie("lang", "fr")
    assert client.post("/sign-in", data={"username": "mudira", "password": PASSWORD}).status_code == 302
    return client


def steps(client: FlaskClient) -> list[bool]:
    """What of the six first steps is ticked: programme, organisations, forms, consent texts, accounts, phones."""
    page = client.get("/programmes/start").text
    return [mark == " done" for mark in re.findall(r'<li class="step( done)?">', page)]


def the_programme() -> Programme:
    db.session.rollback()
    return db.session.scalars(sa.select(Programme)).one()


def an_account(client: FlaskClient, username: str, role: str, **more: Any) -> Any:
    found = the_programme()
    fields = {"name_ar": "زينة", "name_fr": "Zina", "username": username, "password": PASSWORD, "language": "ar"}
    return client.post(
        "/people/new", data=fields | {"programme": found.id, "role": role, "organisation": "", "everywhere": "yes"} | more
    )


def sign_in(app: Flask, username: str) -> FlaskClient:
    """A phone on which she has just signed in."""
    phone = app.test_client()
    headers = {"X-Sync-Proto": "1", "Sec-Fetch-Site": "same-origin"}
    answer = phone.post("/api/field/sign-in", json={"username": username, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 200, answer.text
    return phone


def pulled(phone: FlaskClient, programme_id: str) -> list[dict[str, Any]]:
    found, cursor = [], ""
    while True:
        answer = phone.get("/api/sync/pull", query_string={"programme": programme_id, "cursor": cursor}).json
        found += answer["changes"]
        cursor = answer["next_cursor"]
        if not answer["more"]:
            return found


def consent_on_the_phone() -> quickjs.Context:
    """static/js/form/consent.js as phones run it."""
    context = quickjs.Context()
    context.eval(bundle(Path(ROOT) / "static" / "js" / "form" / "consent.js", "Phone"))
    return context


def test_the_whole_path_from_an_empty_database_to_a_phone(app: Flask, boss: FlaskClient):  # S1, S2, S3
    for page in ("/", "/submissions", "/instruments", "/exports", "/records/cooperatives", "/programmes"):
        answer = boss.get(page)
        assert (answer.status_code, answer.location) == (302, "/programmes/start"), page
    assert steps(boss) == [False] * 6

    boss.post("/programmes/new", data=NAMES | {"code": "guelmim", "territories": "10.261", "phone_pin": "y"})
    found = the_programme()
    programme_id, here = found.id, f"/programmes/{found.id}"
    assert (found.code, found.territories, found.phone_pin) == ("guelmim", ["10.261"], True)
    assert boss.get("/").location == "/programmes/start"
    organisation = {
        "organisation-code": "amal",
        "organisation-name_ar": "جمعية الأمل",
        "organisation-name_fr": "Association Al Amal",
    }
    assert boss.post(f"{here}/organisations", data=organisation).status_code == 302
    assert steps(boss) == [True, True, False, False, False, False]

    shown = boss.get("/instruments").text
    assert re.findall(r'name="form_id" value="(\w+)" checked', shown) == ["coop", "diag", "train"]
    assert boss.post("/instruments/library", data={"form_id": ["coop", "diag", "train"]}).status_code == 302
    assert [one.instrument.form_id for one in published(programme_id)] == ["coop", "diag", "train"]
    shown = boss.get("/instruments").text
    assert shown.count("Attend les textes de consentement") == 3
    assert 'value="coop"' not in shown, "what is there is not offered again"
    assert steps(boss) == [True, True, True, False, False, False]

    partly = {**CONSENT_FIELDS, "cndp_number": ""}
    assert boss.post(f"{here}/consent", data=partly).status_code == 302
    assert {one.name for one in queries.tokens(the_programme()) if not one.is_filled} == {"cndp_number"}
    assert steps(boss)[3] is False
    assert boss.post(f"{here}/consent", data=CONSENT_FIELDS).status_code == 302
    assert the_programme().consent == TEXTS
    assert steps(boss) == [True, True, True, True, False, False]

    organisation_id = db.session.scalars(sa.select(Organisation.id)).one()
    assert an_account(boss, "zina", "facilitator", organisation=organisation_id).status_code == 302
    assert an_account(boss, "munira", "coordinator").status_code == 302
    assert steps(boss) == [True, True, True, True, True, False]

    phone = sign_in(app, "zina")
    assert steps(boss) == [True] * 6
    changes = pulled(phone, programme_id)
    (programme,) = [one["data"] for one in changes if one["kind"] == "programme"]
    forms = {one["data"]["form_id"]: one["data"] for one in changes if one["kind"] == "instrument"}
    assert sorted(forms) == ["coop", "diag", "train"]
    package = phone.get(f"/api/sync/instrument/{forms['coop']['sha256']}").json
    there = consent_on_the_phone()
    opened = f"const pkg = {json.dumps(package)}, programme = {json.dumps(programme)}; "
    assert there.eval(opened + "JSON.stringify(Phone.missingConsent(pkg, programme))") == "[]"
    text = there.eval("JSON.stringify(Phone.withConsent(pkg, programme).nodes.map((node) => node.label))")
    assert "Association Al Amal" in text
    assert "D-1/2026" in text
    assert NAMES["name_ar"] in text, "the programme's own name stands in the text"
    assert "{{" not in text


def test_the_office_and_the_phone_say_the_same_of_what_is_missing():  # S3
    plain = {"uses_names": True, "languages": ["ar", "fr"], "nodes": [{"label": {"ar": ["باسم ", {"x": 0}, "{{recipients}}"]}}]}
    packages = [plain, plain | {"uses_names": False}, plain | {"nodes": [{"hint": {"fr": "{{ retention }}"}}, {}]}]
    consents: list[dict[str, Any]] = [
        {},
        TEXTS,
        {"responsible_org": "Amal"},
        {"responsible_org": {"fr": "Amal"}, "recipients": {"ar": "س", "fr": " "}},
        {"recipients": {"ar": None}, "programme_name": ""},
    ]
    there = consent_on_the_phone()
    for package in packages:
        for given in consents:
            programme = Programme(id="p", code="p", name={"ar": "ب", "fr": "P"}, consent=given)
            here = {token for token, language in consent.needed(package) if not consent.is_filled(programme, token, language)}
            asked = json.dumps({"name": programme.name, "consent": given})
            on_phone = there.eval(f"JSON.stringify(Phone.missingConsent({json.dumps(package)}, {asked}))")
            assert sorted(here) == json.loads(on_phone), (package, given)


def test_the_command_line_does_the_same(app: Flask, tmp_path: Path):  # S4, S7
    run = app.test_cli_runner().invoke

    def do(*args: str) -> str:
        done = run(args=args)
        assert done.exit_code == 0, done.output
        return str(done.output)

    names = ["--name-ar", NAMES["name_ar"], "--name-fr", NAMES["name_fr"]]
    file = tmp_path / "consent.json"
    file.write_text(json.dumps({name: TEXTS[name] for name in ("responsible_org", "recipients", "retention")}), "utf-8")
    amal = "amal=جمعية الأمل|Association Al Amal"
    do("programme", "create", "guelmim", *names, "--territory", "10.261", "--organisation", amal, "--consent", str(file))
    do("programme", "set", "guelmim", "--ends", "2028-12-31", "--pin", "off", "--consent", "cndp_number=D-1/2026")
    db.session.rollback()
    found = the_programme()
    assert (found.name["fr"], found.territories, found.phone_pin) == (NAMES["name_fr"], ["10.261"], False)
    assert found.ends_on is not None
    assert found.consent == {name: TEXTS[name] for name in ("responsible_org", "recipients", "retention", "cndp_number")}
    do("programme", "set", "guelmim", "--consent", "retention=")
    assert "retention" not in the_programme().consent
    listed = do("programme", "list")
    assert listed.startswith(f"guelmim\t{NAMES['name_fr']}\torganisations: 1, forms: 0")
    assert "consent texts missing: retention, contact_person, contact_details, cndp_kind" in listed
    do("programme", "organisations", "guelmim", "--add", "hadaf=جمعية الهدف|Association Al Hadaf", "--close", "amal")
    assert do("programme", "organisations", "guelmim").splitlines() == [
        "hadaf\tجمعية الهدف\tAssociation Al Hadaf",
        "amal\tجمعية الأمل\tAssociation Al Amal\tclosed",
    ]
    assert "coop\tFiche d’identification de la coopérative" in do("instrument", "library")
    assert "visit 2026" in do("instrument", "library", "visit", "--programme", "guelmim")
    assert "nothing changed" in do("instrument", "library", "visit", "--programme", "guelmim")

    before = [count(Programme), count(Organisation), count(Audit)]
    for wrong, said in (
        (["programme", "create", "guelmim", *names], "déjà pris"),
        (["programme", "create", "autre", *names, "--territory", "99.999"], "99.999"),
        (["programme", "create", "autre", *names, "--organisation", "x"], "CODE=ARABIC|FRENCH"),
        (["programme", "create", "autre", *names, "--organisation", "asso=|Association"], "en arabe et en français"),
        (["programme", "create", "autre", "--name-ar", " ", "--name-fr", "Autre"], "en arabe et en français"),
        (["programme", "set", "nulle", "--pin", "on"], "nulle"),
        (["programme", "set", "guelmim", "--consent", "organisme=x"], "responsible_org"),
        (["programme", "set", "guelmim", "--consent", "recipients=|les associations"], "recipients"),
        (["programme", "set", "guelmim", "--consent", "nowhere.json"], "nowhere.json"),
        (["programme", "organisations", "guelmim", "--close", "nulle"], "nulle"),
        (["instrument", "library", "nulle", "--programme", "guelmim"], "nulle"),
    ):
        refused = run(args=wrong)
        assert refused.exit_code != 0, wrong
        assert said in refused.output, wrong
        db.session.rollback()
    assert [count(Programme), count(Organisation), count(Audit)] == before


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_stored(boss: FlaskClient):  # S5
    assert boss.post("/programmes/new", data=NAMES | {"code": "guelmim"}).status_code == 302

    def refused(address: str, **fields: str) -> str:
        before = [count(Programme), count(Organisation), count(Audit)]
        answer = boss.post(address, data=fields)
        assert answer.status_code == 422, address
        assert [count(Programme), count(Organisation), count(Audit)] == before
        return " ".join(re.findall(r'class="error"[^>]*>(.+?)</p>', answer.text))

    wrong = {"code": "Code Long", "partners_fr": "La région", "territories": "Nulle part", "starts_on": "2028-01-01"}
    said = refused("/programmes/new", **NAMES, **wrong)
    assert "Nulle part" in said
    assert "partenaires" in said
    assert "de 2 à 40" in refused("/programmes/new", **NAMES, code="Code Long")
    assert "guelmim" in refused("/programmes/new", **NAMES, code="guelmim")
    assert "avant de commencer" in refused("/programmes/new", **NAMES, code="x1", starts_on="2028-01-01", ends_on="2027-01-01")
    assert "99.999" in refused("/programmes/new", **NAMES, code="x1", territories="99.999")
    assert "Écrivez le nom" in refused("/programmes/new", name_ar="برنامج", code="x1")
    here = f"/programmes/{the_programme().id}"
    assert "dans cette langue" in refused(f"{here}/consent", recipients_fr="les associations", cndp_kind="")
    one = {"organisation-name_ar": "جمعية", "organisation-name_fr": "Association", "organisation-code": "asso"}
    assert boss.post(f"{here}/organisations", data=one).status_code == 302
    assert "asso" in refused(f"{here}/organisations", **one)


def test_what_is_shown_is_what_is_kept_when_nothing_is_touched(boss: FlaskClient):
    boss.post("/programmes/new", data=NAMES | {"code": "guelmim", "territories": "10.261", "ends_on": "2028-12-31"})
    found = the_programme()
    odd = TEXTS | {"cndp_kind": {"ar": "طلب إذن", "fr": "demande"}, "cndp_number": {"ar": "A (مؤقت)", "fr": "A (provisoire)"}}
    operations.set_consent(None, found, odd, now=NOW)
    db.session.commit()
    address, entries = f"/programmes/{found.id}", count(Audit)
    for page in (address, f"{address}/consent"):
        assert boss.post(page, data=fields_of(boss.get(page).text)).status_code == 302
    assert the_programme().consent == odd
    assert the_programme().territories == ["10.261"]
    assert count(Audit) == entries, "nothing changed"


def fields_of(page: str) -> dict[str, Any]:
    """What a browser would send back of a page's first form."""
    form = re.search(r'<form method="post" class="stack">(.*?)</form>', page, re.S)
    assert form is not None
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form[1]):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("type") != "checkbox" or " checked" in tag:
            found.setdefault(attributes["name"], []).append(html.unescape(attributes.get("value", "")))
    for name, text in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\s?(.*?)</textarea>', form[1], re.S):
        found[name] = html.unescape(text).strip()
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form[1], re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_only_administrators_set_programmes_up(world: World):  # S6
    here = f"/programmes/{world.programme.id}"
    organisation = f"{here}/organisations/{world.al_amal.id}"
    pages = ["/programmes", "/programmes/start", "/programmes/new", here, f"{here}/consent", organisation]
    posts = ["/programmes/new", here, f"{here}/consent", f"{here}/organisations", organisation, f"{organisation}/closed"]
    admin = world.people["admin"]
    assert all(admin.client.get(page).status_code == 200 for page in pages)
    for name in ("amina", "khadija", "said"):
        someone = world.people[name]
        assert [someone.client.get(page).status_code for page in pages] == [403] * len(pages), name
        assert [someone.client.post(page, data=NAMES).status_code for page in posts] == [403] * len(posts), name
        assert someone.client.post("/instruments/library", data={"form_id": "visit"}).status_code == 403
        assert 'href="/programmes"' not in someone.client.get("/submissions").text
        with pytest.raises(Problem) as caught:
            operations.set_consent(someone.actor, the_programme(), TEXTS, now=NOW)
        assert caught.value.kind.code == "core.not_allowed"
    assert 'href="/programmes"' in admin.client.get("/submissions").text
    assert admin.client.get("/").location.startswith("/submissions") is False, "nothing was received: still being set up"
    world.people["amina"].deliver()
    assert admin.client.get("/").location.startswith("/submissions")


def test_who_has_no_role_is_told_whom_to_ask(app: Flask, world: World):
    person = accounts.create_person(
        username="newcomer", name={"ar": "جديدة", "fr": "Nouvelle"}, password=PASSWORD, language="fr", now=NOW
    )
    newcomer = Someone(app, person.id, "newcomer", world.programme.id)
    for page in ("/submissions", "/instruments", "/exports"):
        answer = newcomer.client.get(page)
        assert answer.status_code == 403
        assert "pas encore de rôle" in answer.text


def test_each_change_is_in_the_chain_and_phones_hear_of_it(world: World, admin: Someone, amina: Someone):  # S7
    def cursor() -> str:
        query = {"programme": world.programme.id, "cursor": ""}
        return str(amina.client.get("/api/sync/pull", query_string=query).json["next_cursor"])

    def news(since: str) -> list[Any]:
        query = {"programme": world.programme.id, "cursor": since}
        return [one["data"] for one in amina.client.get("/api/sync/pull", query_string=query).json["changes"]]

    before = cursor()
    found = the_programme()
    operations.change(admin.actor, found, Settings({"ar": "بولمان الجديد", "fr": "Boulemane 2"}, phone_pin=False), now=NOW)
    operations.set_consent(admin.actor, found, {"cndp_number": "D-2"}, now=NOW)
    operations.rename_organisation(admin.actor, found, world.al_amal, {"ar": "الأمل", "fr": "Al Amal"}, now=NOW)
    operations.set_closed(admin.actor, found, world.al_amal, True, now=NOW)
    db.session.commit()
    assert news(before) == [
        {"name": {"ar": "بولمان الجديد", "fr": "Boulemane 2"}, "consent": {"cndp_number": {"ar": "D-2", "fr": "D-2"}}}
    ]
    entries = db.session.scalars(sa.select(Audit).order_by(Audit.number.desc()).limit(5)).all()[::-1]
    assert [(one.action, one.actor_id) for one in entries] == [
        ("programme.changed", admin.id),
        ("programme.pin_not_asked", admin.id),
        ("programme.consent", admin.id),
        ("organisation.changed", admin.id),
        ("organisation.closed", admin.id),
    ]
    assert entries[2].details == {"cndp_number": {"ar": "D-2", "fr": "D-2"}}
    assert audit.first_broken_entry() is None
    # The same again changes nothing, and no phone looks again.
    after = cursor()
    operations.set_consent(admin.actor, found, {"cndp_number": "D-2"}, now=NOW)
    assert not operations.change(admin.actor, found, Settings.of(found), now=NOW)
    assert news(after) == []


def test_a_closed_organisation_is_offered_to_nobody_new(world: World, admin: Someone, amina: Someone):  # S8
    here = f"/programmes/{world.programme.id}"
    choice = f'value="{world.al_amal.id}"'
    assert choice in admin.client.get("/people/new").text
    assert admin.client.post(f"{here}/organisations/{world.al_amal.id}/closed", data={"closed": "1"}).status_code == 302
    assert choice not in admin.client.get("/people/new").text
    assert choice in admin.client.get(f"/people/{amina.id}").text, "whoever is of it stays"
    fields = {"boulemane-role": "facilitator", "boulemane-organisation": world.al_amal.id, "boulemane-everywhere": "yes"}
    assert admin.client.post(f"/people/{amina.id}/role/{world.programme.id}", data=fields).location == "/people"
    assert amina.client.get("/api/field/me").status_code == 200
    admin.client.post(f"{here}/organisations/{world.al_amal.id}/closed", data={"closed": "0"})
    assert choice in admin.client.get("/people/new").text


def test_accounts_get_no_place_outside_the_programme(world: World, admin: Someone, amina: Someone):  # S8
    world.programme.territories = ["03.131"]
    db.session.commit()
    address, roles = (
        f"/people/{amina.id}/role/{world.programme.id}",
        {"boulemane-role": "facilitator", "boulemane-organisation": ""},
    )
    for place, allowed in (("03.131.01.03", True), ("03.131", True), ("10.261", False), ("03", False)):
        admin.client.post(address, data=roles | {"boulemane-everywhere": "no", "boulemane-territories": place})
        db.session.expire_all()
        held = db.session.get(Person, amina.id)
        assert held is not None
        assert (held.memberships[0].territories == [place]) is allowed, place
    world.programme.territories = ["10"]
    db.session.commit()
    admin.client.post(address, data=roles | {"boulemane-everywhere": "no", "boulemane-territories": "03.131"})
    assert db.session.get(Person, amina.id).memberships[0].territories == ["03.131"], "what she holds already stays"  # type: ignore[union-attr]


def test_two_who_take_the_same_code_take_turns(app: Flask):
    found = operations.create(None, "guelmim", Settings({"ar": "كلميم", "fr": "Guelmim"}), now=utcnow())
    with pytest.raises(Problem) as caught:
        operations.create(None, " GUELMIM ", Settings({"ar": "كلميم", "fr": "Guelmim"}), now=utcnow())
    assert caught.value.kind.code == "programmes.code_taken"
    assert found.seq > 0


def test_every_form_that_comes_with_daftar_has_both_titles_and_every_token_its_words():
    assert list(library())[:3] == ["coop", "diag", "train"]
    assert len(library()) == len(list((ROOT / "app" / "instruments" / "library").glob("*/form.md")))
    assert all(one.title["ar"] and one.title["fr"] for one in library().values())
    assert list(WORDS) == list(TOKENS)
