"""A repeat of short questions as a table (appearance `grid`).

G1  choices by taps, numbers and words typed in their cells; totals by column and by line
G2  lines are added by name, from a fixed list, or blank; a line's own page deletes it, with undo
G3  what is wrong is said under the table; typing keeps its place
G4  the table is usable by keyboard; a tap on its words says its heads, its choices and what is wrong in both languages
G5  a line of which the office remarked something says so
"""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, expect

from tests.form.conftest import Phone

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

# Records are offered by their names; what an author wrote stands as it was written.
BY_NAME = """async () => {
  const { byName } = await import("/static/js/form/widgets/select-list.js");
  const given = () => ["زهرة", "أمينة"].map((label) => ({ value: label, label }));
  const labels = (datasets) => byName({ datasets }, { choices: { list: "people" } }, given()).map(({ label }) => label);
  return { records: labels({ people: { kind: "entities" } }), choices: labels({}) };
}"""


def _cell(phone: Phone, line: int, column: int) -> Locator:
    return phone.page.locator("table.grid tbody tr").nth(line).locator("td:not(.total)").nth(column).locator("button, input")


def _add(phone: Phone, name: str) -> None:
    phone.page.locator(".quick-add .input").fill(name)
    phone.page.locator(".quick-add .go").tap()


def test_cells_are_answered_in_place_and_added_up(phone: Phone) -> None:  # G1, G3, G4
    phone.install("table")
    draft = phone.start("table")
    for name in ("زربية", "أركان"):
        _add(phone, name)
    expect(phone.page.locator(".person")).to_have_text(["1زربية", "2أركان"])
    _cell(phone, 0, 0).fill("٣")
    _cell(phone, 1, 0).fill("4")
    _cell(phone, 0, 1).press_sequentially("1250,5")
    expect(_cell(phone, 0, 1)).to_be_focused()
    _cell(phone, 0, 1).press("Tab")
    expect(_cell(phone, 0, 2)).to_be_focused()
    _cell(phone, 0, 2).press("Enter")
    _cell(phone, 1, 2).tap()
    _cell(phone, 1, 2).tap()
    expect(_cell(phone, 0, 2)).to_have_text("✓")
    expect(_cell(phone, 1, 2)).to_have_text("✕")
    totals = phone.page.locator("tfoot td .sum")
    expect(totals).to_have_text(["7", "1\u202f250,5", "1"])
    rows = phone.draft(draft)["snapshot"]["sale"]
    assert rows[0] == {"product": "زربية", "quantity": "3", "price": "1250.5", "paid": "yes"}
    assert (rows[1]["quantity"], rows[1]["paid"]) == ("4", "no")

    _cell(phone, 1, 0).fill("-2")
    _cell(phone, 1, 0).blur()
    expect(phone.page.locator(".attendance .q-error")).to_contain_text("لا يمكن أن يكون سالبا")
    expect(_cell(phone, 1, 0)).to_have_attribute("aria-invalid", "true")
    _cell(phone, 1, 1).fill("2500000")
    _cell(phone, 1, 1).blur()
    expect(phone.page.locator(".attendance .q-warn")).to_contain_text("هل هو بالدرهم")
    phone.open_section(4)
    expect(phone.page.locator(".faults.calm .fault").first).to_contain_text("أركان")
    expect(phone.page.locator(".fault:not(.calm .fault)").first).to_contain_text("أركان")
    phone.open_section(1)
    phone.page.locator(".pill[lang=fr]").click()
    heads = phone.page.locator("thead .day > span:first-child")
    expect(heads).to_have_text(["Quantité", "Prix", "Payé ?"])
    phone.page.locator("thead span.day").first.tap()
    expect(heads).to_have_text(["Quantitéالعدد", "Prixالثمن", "Payé ?مؤدى؟"])
    expect(phone.page.locator(".legend li .q-second")).to_have_text(["نعم", "لا"])
    _cell(phone, 1, 1).blur()
    _cell(phone, 1, 1).focus()
    _cell(phone, 1, 1).blur()
    expect(phone.page.locator(".attendance .q-warn .q-second")).to_have_text("هل هو بالدرهم؟")
    _cell(phone, 1, 0).fill("x")
    _cell(phone, 1, 0).blur()
    expect(phone.page.locator(".attendance .q-error .q-second")).to_contain_text("عدد صحيح")
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 360
    phone.page.locator(".legend").tap()
    expect(heads).to_have_text(["Quantité", "Prix", "Payé ?"])


def test_lines_come_from_a_fixed_list_and_go_with_undo(phone: Phone) -> None:  # G2
    phone.install("table")
    draft = phone.start("table")
    phone.open_section(2)
    for choice in ("عائشة", "زهرة"):
        phone.page.get_by_role("button", name="من اللائحة").tap()
        phone.page.locator(".choice", has_text=choice).tap()
        expect(phone.page.locator(".overlay")).to_have_count(0)
    expect(phone.page.locator(".person")).to_have_text(["1عائشة", "2زهرة"])
    assert phone.page.evaluate(BY_NAME) == {"records": ["أمينة", "زهرة"], "choices": ["زهرة", "أمينة"]}
    phone.page.locator("button.day").first.tap()  # everybody still blank
    _cell(phone, 0, 1).tap()
    expect(phone.page.locator("tbody .total")).to_have_text(["2/2", "1/2"])
    expect(phone.page.locator("tfoot td .sum")).to_have_text(["2", "1"])
    phone.page.locator(".person").first.tap()
    phone.page.get_by_role("button", name="حذف هذا السطر").click()
    expect(phone.page.locator(".person")).to_have_text(["1زهرة"])
    phone.page.get_by_role("button", name="تراجع").click()
    expect(phone.page.locator(".person")).to_have_text(["1عائشة", "2زهرة"])
    rows = [{key: value for key, value in row.items() if value} for row in phone.draft(draft)["snapshot"]["who"]]
    assert rows == [{"member": "m2", "first": "yes", "second": "yes"}, {"member": "m4", "first": "yes"}]


def test_a_line_with_a_remark_of_the_office_says_so(phone: Phone) -> None:  # G5
    phone.install("table")
    draft = phone.start("table")
    for name in ("زربية", "أركان"):
        _add(phone, name)
    phone.draft(draft)
    envelope = phone.page.evaluate("(id) => harness.envelope(id)", draft)
    remark = {"id": "r1", "question": "sale[2]/price", "text": "للواحدة أم للجميع؟", "at": "2026-11-21T10:00:00Z"}
    returned = {"id": envelope["submission_id"], "revision_id": envelope["revision_id"], "envelope": json.dumps(envelope)}
    phone.page.evaluate("(one) => harness.correct(one)", returned | {"remarks": [remark]})
    expect(phone.page.locator(".remark-link")).to_be_visible()
    expect(phone.page.locator(".person span")).to_have_text(["زربية", "أركان · ملاحظة"])
