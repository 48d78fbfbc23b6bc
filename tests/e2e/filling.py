"""Fills a form the way a finger does: it looks at what is on the page, and knows answers by question name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

Values = dict[str, Any]
MOST_QUESTIONS = 400


class Filling:
    """One form open on the phone. `photo` is given to questions that want a picture."""

    def __init__(self, page: Page, values: Values, photo: Path | None = None) -> None:
        self.page, self.values, self.photo = page, values, photo
        self.answered: list[str] = []  # paths, in the order of answering

    # Where we are

    @property
    def section(self) -> str:
        """Its name, without the count beside it."""
        return self.page.locator(".fill-status h2").evaluate("(one) => (one.querySelector('span') ?? one).innerText")

    @property
    def is_at_end(self) -> bool:
        return self.page.locator(".finish-state").count() > 0

    def wait_saved(self) -> None:
        expect(self.page.locator(".fill-status .saved")).to_have_class(re.compile(r"\bsaved saved\b"))
        self.page.wait_for_timeout(1000)  # where one is on the page is kept a moment after the answers

    def next(self) -> None:
        """To the next section, which must not hold anything against it."""
        before = self.section
        self.page.locator(".fill-foot .go").click()
        title = self.page.locator(".fill-status h2")
        expect(title).not_to_contain_text(before)

    def finish(self) -> str:
        """Finish; the revision id in the address of the summary."""
        assert self.is_at_end
        expect(self.page.locator(".finish-state")).to_have_class(re.compile("good"))
        self.page.locator(".fill-foot .go").click()
        self.page.wait_for_url(re.compile("#/summary/"))
        return self.page.url.rsplit("/", 1)[1]

    # Filling

    def to_the_end(self, stop_after: str = "") -> bool:
        """Fill section after section; stop after the question of that name, if any. Whether it stopped there."""
        while not self.is_at_end:
            if self.fill_here(self.values, stop_after):
                return True
            self.next()
        return False

    def fill_here(self, values: Values, stop_after: str = "", within: str = "") -> bool:
        """Every question on the page that has an answer, top to bottom, including those that answers bring up."""
        done: set[str] = set()
        for _ in range(MOST_QUESTIONS):
            path = self._next_open(done)
            if path is None:
                return False
            done.add(path)
            name = path.rsplit("/", 1)[-1]
            kind = self._kind(path)
            if kind == "repeat":
                self._repeat(path, values.get(name, []))
            elif name in values and values[name] != "":
                self._answer(path, values[name])
                self.answered.append(path)
            if stop_after and name == stop_after:
                return True
        raise AssertionError("the page never ran out of questions")

    def _next_open(self, done: set[str]) -> str | None:
        return self.page.evaluate(
            """(done) => {
                for (const one of document.querySelectorAll(".blocks [data-path]")) {
                    if (done.includes(one.dataset.path) || one.hidden || one.closest("[hidden]")) continue;
                    const outer = one.parentElement.closest(".repeat");
                    if (outer && document.querySelector(".blocks").contains(outer)) continue;
                    return one.dataset.path;
                }
                return null;
            }""",
            sorted(done),
        )

    def _at(self, path: str) -> Locator:
        return self.page.locator(f'.blocks [data-path="{path}"]')

    def _kind(self, path: str) -> str:
        return self._at(path).evaluate(
            """(one) => one.classList.contains("repeat") ? "repeat"
                : one.querySelector("input[type=file]") ? "photo" : one.querySelector("canvas.pad") ? "signature"
                : one.querySelector("input[type=radio]") ? "one" : one.querySelector("input[type=checkbox]") ? "several"
                : one.querySelector("button.picker") ? "list" : one.querySelector("input.input, textarea") ? "text"
                : one.querySelector("button.action") ? "place" : "note\""""
        )

    def _answer(self, path: str, value: Any) -> None:
        """`value` as lines of a demonstration give it: a code or text, {"choice": n}, {"otherwise": text}."""
        question = self._at(path)
        if isinstance(value, dict) and "otherwise" in value:
            if not self.is_blank(path):
                return
            value = value["otherwise"]
        kind = self._kind(path)
        if kind == "one":
            question.locator(f'label.option:has(input[value="{value}"])').click()
            expect(question.locator(f'input[value="{value}"]')).to_be_checked()
        elif kind == "several":
            wanted = set(value.split())
            for box in question.locator("input[type=checkbox]").all():
                if box.is_checked() != (box.get_attribute("value") in wanted):
                    box.locator("xpath=..").click()
        elif kind == "list":
            self._choose(question, value["choice"] if isinstance(value, dict) else value)
        elif kind == "text":
            question.locator("input.input, textarea").first.fill(value)
        elif kind == "photo":
            assert self.photo
            question.locator("input[type=file]").first.set_input_files(self.photo)
            expect(question.locator("figure img")).to_be_visible()
        elif kind == "signature":
            self._sign(question)
        elif kind == "place":
            question.locator("button.action").click()
            expect(question.locator(".q-value")).to_be_visible()

    def _choose(self, question: Locator, value: str | int) -> None:
        """From a list on a page of its own: the choices with these codes, or the n-th there is."""
        question.locator("button.picker").click()
        dialog = self.page.locator("dialog.overlay[open]")
        choices = dialog.locator("button.choice")
        for one in [value] if isinstance(value, int) else value.split():
            (choices.nth(one) if isinstance(one, int) else dialog.locator(f'button.choice[data-value="{one}"]')).click()
        if dialog.locator("[aria-multiselectable=true]").count():
            dialog.locator(".overlay-foot .go").click()
        expect(dialog).to_have_count(0)

    def is_on_page(self, path: str) -> bool:
        return self._at(path).count() > 0

    def is_blank(self, path: str) -> bool:
        return self._at(path).evaluate(
            """(one) => !one.querySelector("input:checked, .option.on, .picker:not(.blank)")
                && ![...one.querySelectorAll("input.input, textarea")].some((field) => field.value)"""
        )

    def _sign(self, question: Locator) -> None:
        pad = question.locator("canvas.pad")
        box = None
        # The page may still be bringing the next question into sight.
        while (now := pad.bounding_box()) != box or box is None:
            pad.evaluate("(one) => one.scrollIntoView({block: 'center'})")
            self.page.wait_for_timeout(150)
            box = now
        mouse = self.page.mouse
        mouse.move(box["x"] + 30, box["y"] + box["height"] * 0.7)
        mouse.down()
        for step in range(1, 9):
            mouse.move(box["x"] + 30 + step * 25, box["y"] + box["height"] * (0.3 if step % 2 else 0.7))
        mouse.up()
        expect(question.locator("figure.signature img")).to_be_visible()

    # Repeats

    def _repeat(self, path: str, rows: list[Values]) -> None:
        block = self._at(path)
        if "attendance" in (block.get_attribute("class") or ""):
            self._attendance(path, rows)
        elif "inline" in (block.get_attribute("class") or ""):
            raise AssertionError(f"{path}: rows that stand open in place are not needed by these forms")
        else:
            self._cards(path, rows)

    def _cards(self, path: str, rows: list[Values]) -> None:
        """Rows that each have a page of their own; the form may have made the first ones already."""
        cards = self._at(path).locator(".row-card")
        if not rows:
            return
        (cards.first if cards.count() else self._at(path).locator("button.add")).click()
        for number, row in enumerate(rows, start=1):
            expect(self.page.locator(".row-title bdi")).to_have_text(re.compile(rf"^{number}/"))
            self.fill_here(row)
            if number < len(rows):
                self.page.locator(".fill-foot .btn.plain").click()
        self.page.locator(".fill-foot .go").click()
        expect(cards).to_have_count(len(rows))

    def _attendance(self, path: str, rows: list[Values]) -> None:
        grid = self._at(path)
        quick = grid.locator("form.quick-add")
        for row in rows:
            quick.locator(".options.pair .option").nth(0 if row["p_consent"] == "yes" else 1).click()
            name = quick.locator("input.input")
            name.fill(row["p_name"])
            name.press("Enter")
        people = grid.locator("button.person")
        expect(people).to_have_count(len(rows))
        for number, row in enumerate(rows):
            cells = grid.locator("tbody tr").nth(number).locator("button.cell")
            for day, cell in enumerate(row["att"]):
                order = ("", "p", "half", "a", "e")
                for _ in range(order.index(cell["att_status"])):
                    cells.nth(day).click()
        people.first.click()
        for number, row in enumerate(rows):
            expect(self.page.locator(".row-title bdi")).to_have_text(f"{number + 1}/{len(rows)}")
            rest = {name: value for name, value in row.items() if name not in ("att", "p_consent", "p_name")}
            self._fill_row_without_days(rest)
            if number + 1 < len(rows):
                self.page.locator(".fill-foot .btn.plain").click()
        self.page.locator(".fill-foot .go").click()
        expect(grid.locator("button.person")).to_have_count(len(rows))

    def _fill_row_without_days(self, row: Values) -> None:
        done: set[str] = set()
        while (path := self._next_open(done)) is not None:
            done.add(path)
            name = path.rsplit("/", 1)[-1]
            if self._kind(path) != "repeat" and row.get(name):
                self._answer(path, row[name])
