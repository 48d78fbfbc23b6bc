"""From registration to diagnostic to agreed actions to training to visit, without network, and what the server makes of it.

The phone's own modules fill the forms of the library in a real Chromium (tests/e2e/test_visit.py taps through them), the
application serves and receives; on both stores.

L1  a record made without network is used by the next form, and all of it stands on its page; the result is shown to the room
L2  after sending, the server holds the same records, versions and links
L3  a second phone edited the same cooperative: what they changed apart is joined, what both changed is flagged with both values
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, Playwright, expect
from werkzeug.serving import make_server

from app.core.db import db
from app.demo.playing import CONSENT
from app.instruments import operations as instruments
from app.instruments.compiler import LIBRARY
from app.registry.models import Entity, EntityLink, EntityVersion
from app.submissions.models import Submission
from tests.conftest import NOW, PASSWORD
from tests.e2e.demonstration import answers
from tests.e2e.device import ARGUMENTS, HEIGHT, WIDTH, chromium_path, until

pytestmark = pytest.mark.browser

FORMS = ("coop", "diag", "train", "visit")
KEY = "tifawine"
PHONE = """
async (password) => {
  const [{ openPhone }, { createSync }, { startDraft, openDraft }, { fillGroup }] = await Promise.all(
    ["store/phone", "sync/sync", "form/session", "engine/fill"].map((name) => import(`/static/js/${name}.js`)));
  const phone = await openPhone();
  const sync = createSync({ phone, fetch: fetch.bind(globalThis), app: "test" });
  await sync.signIn("amina", password);
  const person = await phone.meta.get("person");
  const [programme] = person.programmes;
  const find = async (form) => (await phone.catalogue.instruments(programme.id)).find((one) => one.form_id === form);
  Object.assign(globalThis, {
    phone, sync,
    async fillIn([form, subject, values]) {
      const kept = await phone.catalogue.programme(programme.id);
      const id = await startDraft(phone, { instrument: await find(form), programme: kept, person, subject });
      const session = await openDraft(phone, id);
      fillGroup(session.form, "", values);
      session.touch();
      const done = await session.finish();
      if (!done.revisionId) throw new Error(JSON.stringify(done.problems));
      return (await phone.outbox.get(done.revisionId)).entities;
    },
    async sent() {
      await sync.now({ reason: "test" });
      return (await phone.outbox.counts()).waiting;
    },
  });
}
"""


class Phone:
    """The modules on a page of their own; `page` is what the person sees."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.context, self.site = context, site
        self.modules = context.new_page()
        self.modules.goto(f"{site}/static/js/core/clock.js")
        self.modules.evaluate(PHONE, PASSWORD)
        ready = (
            "(await sync.now({ reason: '' }), (await phone.catalogue.instruments()).filter(({ ready }) => ready).length === 4)"
        )
        until(lambda: self.ask(ready), "the forms", 30)

    def ask(self, expression: str) -> Any:
        return self.modules.evaluate(f"(async () => {expression})()")

    def fill(self, form: str, values: dict[str, Any], subject: str | None = None) -> list[dict[str, Any]]:
        """What the finished form says of records."""
        about = {"list": "cooperatives", "id": subject} if subject else None
        found: list[dict[str, Any]] = self.modules.evaluate("fillIn", [form, about, values])
        return found

    def list(self, name: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.ask(f"phone.catalogue.entities('{name}')")
        return found

    def send(self) -> None:
        self.context.set_offline(False)
        until(lambda: self.ask("sent()") == 0, "everything sent", 20)

    def keep_shell(self) -> None:
        """The application is opened once, until the worker has all that it needs without network."""
        self.page = self.context.new_page()
        self.page.goto(f"{self.site}/field/#/today")
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.page.reload()
        self.record("none")
        kept = """document.documentElement.dataset.more.split(" ").filter((one) => /later/.test(one))
            .reduce(async (all, one) => (await all) && !!(await caches.match(one)), true)"""
        until(lambda: self.page.evaluate(kept), "the script with the page of a record", 30)

    def record(self, id: str) -> Page:
        """The page of a cooperative."""
        self.page.evaluate("(hash) => { location.hash = hash; }", f"#/record/cooperatives/{id}")
        return self.page


@cache
def checked(form: str) -> instruments.Checked:
    """Compiled once for both stores: it reads nothing of the programme."""
    return instruments.check("", f"{form}.md", (LIBRARY / form / "form.md").read_bytes())


@pytest.fixture
def site(app, world) -> Iterator[str]:
    """The application with the four instruments of the loop, at its address."""
    world.programme.consent = CONSENT
    world.programme.phone_pin = False
    for form in FORMS:
        instruments.publish_checked(None, world.programme.id, checked(form), NOW)
    db.session.commit()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def new_phone(playwright: Playwright, site: str) -> Iterator[Callable[[], Phone]]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)

    def make() -> Phone:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, locale="ar-MA", timezone_id="Africa/Casablanca"
        )
        context.set_default_timeout(30_000)
        return Phone(context, site)

    yield make
    browser.close()


def records(name: str) -> dict[str, Entity]:
    db.session.rollback()  # a later moment than what was read before
    return {one.id: one for one in db.session.scalars(sa.select(Entity).where(Entity.list == name))}


def versions(id: str) -> list[EntityVersion]:
    return list(db.session.scalars(sa.select(EntityVersion).where(EntityVersion.entity_id == id).order_by(EntityVersion.version)))


def naming(id: str) -> set[tuple[str, str]]:
    """(list, property) of the records that name this one."""
    found = sa.select(Entity.list, EntityLink.property).join(Entity, Entity.id == EntityLink.entity_id)
    return {(row[0], row[1]) for row in db.session.execute(found.where(EntityLink.target_id == id))}


def test_what_was_agreed_is_followed_without_network_and_the_server_holds_the_same(new_phone) -> None:  # L1, L2, L3
    phone, day = new_phone(), datetime.now().astimezone().date()
    phone.keep_shell()
    phone.context.set_offline(True)

    [made] = phone.fill("coop", answers(KEY, day))
    coop = made["id"]
    diagnosed = phone.fill("diag", diagnostic(coop, day), coop)
    actions = [one["id"] for one in diagnosed if one["list"] == "actions"]
    assert len(actions) == 4
    trained = phone.fill("train", training(coop, day), coop)
    persons = [one["data"] for one in trained if one["list"] == "persons"]
    assert (len(persons), [one.get("coop", "") for one in persons].count(coop)) == (25, 2)
    visited = phone.fill(
        "visit",
        answers(f"visit-{KEY}", day, {KEY: coop}) | {"act": [{"act_status": "done"}, *[{"act_status": "todo"}] * 3]},
        coop,
    )
    assert [(one["id"], one["data"]["status"]) for one in visited if one["list"] == "actions"] == [
        (id, "done" if id == actions[0] else "todo") for id in actions
    ]

    page = phone.record(coop)  # L1
    expect(page.locator(".brief > .agreed > li")).to_have_count(3)
    expect(page.locator(".brief details .agreed > li")).to_have_count(1)
    expect(page.locator(".score > b")).to_be_visible()
    expect(page.locator("svg.radar")).to_be_visible()
    expect(page.locator("main")).to_contain_text("في انتظار الإرسال")
    expect(page.locator("main")).to_contain_text("حساب سعر التكلفة")
    expect(page.get_by_role("region", name="الزيارات").locator("li")).to_have_count(1)
    page.locator("a.card[href^='#/summary/']", has_text="تشخيص التعاونية").click()
    page.get_by_role("button", name="عرض النتيجة على المجموعة").click()
    expect(page.locator(".room-page .room-agreed li")).to_have_count(4)
    expect(page.locator(".room-page .room-score")).to_be_visible()

    here = {name: phone.list(name) for name in ("cooperatives", "actions", "persons", "trainings", "visits")}
    phone.send()  # L2
    for name, rows in here.items():
        held = records(name)
        assert held.keys() == {one["name"] for one in rows}
        for row in rows:
            assert {key: value for key, value in held[row["name"]].data.items() if value} == said(row)
            assert str(held[row["name"]].version) == row["__version"]
    assert naming(coop) == {("actions", "coop"), ("persons", "coop"), ("trainings", "coops"), ("visits", "coop")}
    history = versions(coop)
    assert [(one.version, one.base_version, one.trunk_version) for one in history] == [
        (1, None, None),
        (2, 1, None),
        (3, 2, None),
    ]
    assert history[1].branch_id == history[2].branch_id
    assert not any(one.to_settle for one in records("cooperatives").values())
    assert db.session.scalars(sa.select(Submission.subject_id)).all() == [coop] * 4

    other = new_phone()  # L3
    for one in (phone, other):
        one.context.set_offline(True)
    same = {"consent": "yes", "consent_photo": "yes", "rec": coop}
    other.fill("coop", same | {"pres_name": "حليمة", "members_w": "21"}, coop)
    phone.fill("coop", same | {"pres_name": "زهرة", "douar": "تيزي"}, coop)
    other.send()
    phone.send()

    record = records("cooperatives")[coop]
    assert (record.data["members_w"], record.data["douar"], record.data["pres_name"]) == ("21", "تيزي", "زهرة")
    assert record.to_settle
    assert json.loads(json.dumps(versions(coop)[-1].conflicts)).keys() == {"pres_name"}
    conflict = versions(coop)[-1].conflicts["pres_name"]
    assert (conflict["theirs"], conflict["ours"]) == ("حليمة", "زهرة")
    assert record.data["last_score"], "what the diagnostic said is not touched by a form that does not know it"


def diagnostic(coop: str, day: date) -> dict[str, Any]:
    values = answers(f"diag-{KEY}", day, {KEY: coop})
    fourth = {"pl_action": "البحث عن زبناء جدد", "pl_prio": "medium", "pl_resp": "coop", "pl_due": day.isoformat()}
    return values | {"plan": [*values["plan"], fourth]}


def training(coop: str, day: date) -> dict[str, Any]:
    """25 women over three days, two of them its members."""
    values = answers("train-hadaf", day, {KEY: coop})
    members, others = values["part"][:2], values["part"][2:]
    elsewhere = {"p_coop_in": "", "p_coop_cooperatives": "", "p_coop_free": "تعاونية من إقليم آخر"}
    return values | {"part": [*members, *(one | elsewhere for one in others)]}


def said(row: dict[str, str]) -> dict[str, str]:
    """What a record of the phone says, without where it stands."""
    return {
        key: value
        for key, value in row.items()
        if value and not key.startswith("__") and key not in ("name", "label", "territory")
    }
