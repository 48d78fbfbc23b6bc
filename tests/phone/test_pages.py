"""What the phone's pages make of records, module by module in one page:

P1  a shape is drawn over the one before only where both were scored with the same version of the form
P2  a record's page tells when it was seen and what is to correct, also where nothing was agreed
P3  today names groups as well as cooperatives, none that is closed, and what a colleague follows last
P4  a record is chosen in a form by its name in either script, with whose it is under a name that two share
P5  an action taken as it was proposed is read in one's own language, another in the words it was agreed in
P6  a commune whose name another has stands with its province
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.phone.conftest import run

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

SHAPES = """
  const { shapeCard } = await import("/static/js/pages/scores.js");
  const { render } = await import("/static/vendor/lit-html/lit-html.js");
  const nodes = ["LEG", "MEM", "FIN"].map((axis) => ({ label: axis, attributes: { role: "axis-score", axis } }));
  const last = { last_axes: "LEG=60 MEM=70 FIN=40", last_diag: "2026-11-21", last_version: "2" };
  const kept = { ...last, prev_axes: "LEG=50 MEM=50 FIN=50", prev_diag: "2025-11-21" };
  return ["1", "2", ""].map((prev_version) => {
    const host = document.createElement("div");
    render(shapeCard({ ...kept, prev_version }, [{ nodes }]), host);
    return [host.querySelectorAll(".before").length, host.textContent.includes("another version of the form")];
  });
"""

BRIEFS = """
  const { brief } = await import("/static/js/pages/agreed.js");
  const { render } = await import("/static/vendor/lit-html/lit-html.js");
  const none = { open: [], closed: [], lastVisit: "", nextVisit: "", corrections: [] };
  const corrections = [{ title: "زيارة", text: "الهاتف" }];
  return [{}, { lastVisit: "2026-11-02" }, { nextVisit: "2026-12-02" }, { corrections }].map((some) => {
    const host = document.createElement("div");
    render(brief({ ...none, ...some }), host);
    return host.textContent.replaceAll(/\\s+/g, " ").trim();
  });
"""

TODAY = """
  const { openToday } = await import("/static/js/pages/today.js");
  const rows = {
    cooperatives: [
      { name: "new", label: "الأمل" },
      { name: "closed", label: "القديمة", activity_status: "closed", next_visit: "2020-01-01" },
      { name: "theirs", label: "النور", next_visit: "2020-01-01", __follower: "other" },
      { name: "mine", label: "تيفاوين", next_visit: "2020-01-02", __follower: "me" },
    ],
    groups: [
      { name: "late", label: "مجموعة" }, { name: "quiet", label: "مجموعة أخرى" },
      { name: "planned", label: "مجموعة الزيتون", next_visit: "2020-01-01" },
    ],
    actions: [{ name: "a", coop: "late", due: "2020-01-01", status: "todo" }],
  };
  const none = async () => [];
  const app = {
    person: { id: "me", programmes: [] }, counts: async () => ({ waiting: 0, refused: 0, drafts: 0 }),
    sync: { state: { running: false }, on: () => () => {} },
    phone: {
      alarms: [], on: () => () => {}, drafts: { readable: async () => ({ drafts: [], unread: 0 }) },
      outbox: { opened: none },
      meta: { get: async () => null }, catalogue: { submissions: none, entities: async (list) => rows[list] },
    },
  };
  const host = document.body.appendChild(document.createElement("div"));
  const page = openToday(host, app);
  await page.ready;
  const shown = () => [...host.querySelectorAll("a.card[href*='#/record']")];
  for (let i = 0; i < 100 && !shown().length; i++) await new Promise((done) => setTimeout(done, 20));
  return shown().map((one) => one.getAttribute("href"));
"""

CHOOSE = """
  const { chooseFrom, whereIn } = await import("/static/js/form/widgets/select-list.js");
  const lists = { cooperatives: [{ name: "c1", label: "تعاونية الأمل" }], groups: [{ name: "g1", label: "مجموعة الزيتون" }] };
  const kind = "entities";
  const where = whereIn({ pkg: { datasets: { cooperatives: { kind }, groups: { kind } } }, lists });
  const choices = Array.from({ length: 8 }, (_, n) => ({ value: `x${n}`, label: `زهرة ${n}`, item: {} }));
  choices.push({ value: "p1", label: "فاطمة أمراني", item: { coop: "c1" } });
  choices.push({ value: "p2", label: "فاطمة أمراني", item: { grp: "g1" } });
  chooseFrom({ title: "", choices, where, value: () => "", choose: () => {} });
  const input = document.querySelector(".picking input");
  input.value = "fatima";
  input.dispatchEvent(new Event("input"));
  const found = [...document.querySelectorAll(".picking [role=option]")];
  return found.map((one) => [one.dataset.value, one.querySelector("small")?.textContent]);
"""

PLACES = """
  const { communesOf, placeOf } = await import("/static/js/pages/instruments.js");
  const { setLanguage } = await import("/static/js/core/i18n.js");
  const datasets = {
    communes: [["1", "أولاد علي", "Oulad Ali", "p1"], ["2", "أولاد علي", "Ouled Ali", "p2"], ["3", "تازة", "Taza", "p1"]]
      .map(([name, label_ar, label_fr, province_code]) => ({ name, label_ar, label_fr, province_code })),
    provinces: [{ name: "p1", label_ar: "تازة", label_fr: "Taza" }, { name: "p2", label_ar: "فاس", label_fr: "Fès" }],
  };
  const app = { phone: { catalogue: { dataset: async (sha256) => datasets[sha256] } } };
  const communes = await communesOf(app, [{ instrument: { datasets: { communes: "communes", provinces: "provinces" } } }]);
  setLanguage("fr");
  const found = ["1", "2", "3", "4"].map((commune) => placeOf({ commune }, communes));
  setLanguage("ar");
  return found;
"""

AGREED = """
  const { actionsOf } = await import("/static/js/pages/agreed.js");
  const text = { ar: "ترتيب الوثائق", fr: "Classer les documents" };
  const lists = { plan_source: [{ name: "LEG07", label: text }] };
  const agreed = { coop: "c1", source: "LEG07", status: "todo" };
  const rows = ["Classer les documents", "ترتيب الوثائق عندنا"].map((label, n) => ({ ...agreed, name: `a${n}`, label }));
  return actionsOf(rows, "c1", [{ lists }]).open.map(({ label }) => label);
"""


def test_pages_tell_records_apart_and_leave_none_out(page: Page) -> None:  # P1 to P6, in one page
    assert run(page, SHAPES) == [[0, True], [1, False], [0, True]]

    nothing, seen, planned, to_correct = run(page, BRIEFS)
    assert nothing == ""
    assert "2026" in seen
    assert "2026" in planned
    assert "الهاتف" in to_correct

    mine, group, late, new, theirs = run(page, TODAY)
    assert {mine, group, late} == {"#/record/cooperatives/mine", "#/record/groups/planned", "#/record/groups/late"}
    assert (new, theirs) == ("#/record/cooperatives/new", "#/record/cooperatives/theirs")

    assert run(page, PLACES) == ["Oulad Ali, Taza", "Ouled Ali, Fès", "Taza", ""]

    assert run(page, AGREED) == ["ترتيب الوثائق", "ترتيب الوثائق عندنا"]

    assert run(page, CHOOSE) == [["p1", "تعاونية الأمل"], ["p2", "مجموعة الزيتون"]]
