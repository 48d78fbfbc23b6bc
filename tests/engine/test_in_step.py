"""Random forms, random answers: what the engine keeps in step is always what a form made anew computes, the server's
recomputation agrees, and QuickJS shows after every step what Chromium shows.

    FORMS=1000 .venv/bin/python -m pytest tests/engine/test_in_step.py      more forms than the suite takes
"""

from __future__ import annotations

import json
import os
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import quickjs
from playwright.sync_api import Playwright

from app.core.scripts import bundle
from tests.e2e.device import ARGUMENTS, chromium_path
from tests.engine.cases import compile_lines

FORMS = int(os.environ.get("FORMS", "40"))
STEPS = 40


class Author:
    """Writes a small XLSForm that refers only to what stands before, so that nothing depends on itself."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.columns = (
            *("type", "name", "label", "relevant", "calculation", "constraint", "required", "repeat_count"),
            *("choice_filter", "trigger", "default", "read_only"),
        )
        self.lines = ["| survey |", "| | " + " | ".join(self.columns) + " |"]
        self.numbers: list[tuple[str, tuple[str, ...]]] = []  # name, repeats it stands in
        self.repeats: list[tuple[str, tuple[str, ...]]] = []
        self.selects: list[tuple[str, tuple[str, ...]]] = []
        self.inside: tuple[str, ...] = ()
        self.count = 0

    def name(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def row(self, **cells: str) -> None:
        self.lines.append("| | " + " | ".join(cells.get(column, "") for column in self.columns) + " |")

    def term(self) -> str:
        """A number from what stands before: of this row or around it as it is, of other rows added up."""
        if not self.numbers or self.random.random() < 0.15:
            return str(self.random.randint(0, 3))
        if self.repeats and self.random.random() < 0.2:
            return f"count(${{{self.random.choice(self.repeats)[0]}}})"
        # The first few are set most often, so what hangs on them moves.
        name, inside = self.random.choice(self.numbers[:3] if self.random.random() < 0.4 else self.numbers)
        if inside == self.inside[: len(inside)]:
            return self.random.choice([f"${{{name}}}", f"coalesce(${{{name}}}, 1)"])
        last = [repeat for repeat, _ in self.repeats if repeat == inside[-1]] if len(inside) == 1 else []
        others = [f"indexed-repeat(${{{name}}}, ${{{last[0]}}}, {self.random.randint(1, 3)})"] if last else []
        return self.random.choice(
            [f"sum(${{{name}}}[. != ''])", f"count(${{{name}}}[. > 1])", f"count-non-empty(${{{name}}})", *others]
        )

    def near(self, named: list[tuple[str, tuple[str, ...]]]) -> list[str]:
        """Names of this row or around it."""
        return [name for name, inside in named if inside == self.inside[: len(inside)]]

    def condition(self) -> str:
        selects = self.near(self.selects)
        if selects and self.random.random() < 0.3:
            name = self.random.choice(selects)
            return self.random.choice([f"selected(${{{name}}}, 'a')", f"${{{name}}} = ''", f"count-selected(${{{name}}}) > 1"])
        numbers = self.near(self.numbers)
        if numbers and self.random.random() < 0.15:
            return f"${{{self.random.choice(numbers)}}} {self.random.choice(['=', '!='])} ''"
        test = f"{self.term()} {self.random.choice(['>', '<=', '=', '!='])} {self.term()}"
        return f"not({test}) or {self.term()} = 2" if self.random.random() < 0.2 else test

    def switch(self) -> str:
        return (
            f"${{{self.random.choice(self.numbers[:3])[0]}}} {self.random.choice(['>', '=', '!='])} {self.random.randint(0, 3)}"
        )

    def sometimes(self, make: Any, often: float = 0.35) -> str:
        return make() if self.random.random() < often else ""

    def question(self) -> None:
        name = self.name("q")
        kind = self.random.choice(["integer", "integer", "integer", "text", "select_one yn", "select_multiple yn"])
        label = (
            f"L ${{{self.numbers[-1][0]}}}"
            if self.numbers and self.random.random() < 0.2 and self.numbers[-1][1] == self.inside
            else "L"
        )
        self.row(
            type=kind,
            name=name,
            label=label,
            relevant=self.sometimes(self.condition),
            constraint=self.sometimes(lambda: f". > {self.term()}", 0.2) if kind == "integer" else "",
            required=self.sometimes(lambda: self.random.choice(["yes", self.condition()]), 0.3),
            read_only=self.sometimes(self.condition, 0.1),
            choice_filter=self.sometimes(lambda: f"w >= {self.term()}", 0.4) if kind.startswith("select") else "",
            **(self.trigger() if kind == "integer" and self.random.random() < 0.2 else {}),
            **({"default": self.term()} if kind == "integer" and self.random.random() < 0.15 else {}),
        )
        if kind == "integer":
            self.numbers.append((name, self.inside))
        elif kind.startswith("select"):
            self.selects.append((name, self.inside))

    def trigger(self) -> dict[str, str]:
        """Set anew when answers before it change."""
        asked = [name for name in self.near(self.numbers) if name.startswith("q")]
        chosen = self.random.sample(asked, min(len(asked), self.random.choice([1, 1, 2])))
        return {"trigger": ", ".join(f"${{{name}}}" for name in chosen), "calculation": self.term()}

    def calculation(self) -> None:
        name = self.name("c")
        text = self.random.choice(
            [
                f"{self.term()} + {self.term()}",
                f"if({self.condition()}, {self.term()}, '')",
                f"max({self.term()}, {self.term()})",
                f"once({self.term()})",
            ]
        )
        if self.inside and self.random.random() < 0.3:
            text = f"position(..) + {self.term()}"
        self.row(type="calculate", name=name, relevant=self.sometimes(self.condition, 0.2), calculation=text)
        self.numbers.append((name, self.inside))

    def block(self, depth: int) -> None:
        is_repeat = self.random.random() < 0.6 and len(self.inside) < 2
        name = self.name("r" if is_repeat else "g")
        counted = is_repeat and self.numbers and self.random.random() < 0.4
        cells = {"relevant": self.sometimes(self.switch, 0.7)}
        if counted:
            cells["repeat_count"] = self.term()
        self.row(type="begin repeat" if is_repeat else "begin group", name=name, label="B", **cells)
        outside = self.inside
        if is_repeat:
            self.inside = (*self.inside, name)
        for _ in range(self.random.randint(2, 4)):
            self.part(depth + 1)
        self.inside = outside
        self.row(type="end repeat" if is_repeat else "end group")
        if is_repeat:
            self.repeats.append((name, self.inside))

    def part(self, depth: int = 0) -> None:
        kind = self.random.random()
        if kind < 0.25 and depth < 3:
            self.block(depth)
        elif kind < 0.5:
            self.calculation()
        else:
            self.question()

    def form(self) -> str:
        for _ in range(3):
            name = self.name("q")
            self.row(type="integer", name=name, label="L")
            self.numbers.append((name, ()))
        for _ in range(self.random.randint(4, 8)):
            self.part()
        choices = ["| choices |", "| | list_name | name | label | w |", "| | yn | a | A | 1 |", "| | yn | b | B | 3 |"]
        return "\n".join([*self.lines, *choices])


@cache
def forms() -> list[tuple[int, str, str]]:
    """Seed, text, and the request of its walk."""
    found = []
    for seed in range(FORMS):
        text = Author(seed).form()
        compiled = compile_lines(text, {})
        if not compiled.errors:
            found.append((seed, text, json.dumps({"package": compiled.package, "seed": seed * 7919 + 11, "steps": STEPS})))
    assert len(found) > FORMS * 0.7  # the compiler accepts what is written
    return found


def script() -> str:
    return bundle(Path(__file__).with_name("walk.js"), global_name="Walk")


@cache
def walks_in_quickjs() -> list[dict[str, Any]]:
    context = quickjs.Context()
    context.set_max_stack_size(1024 * 1024)
    context.eval(script())
    walk = context.eval("Walk.walk")
    return [json.loads(walk(request)) for _, _, request in forms()]


def test_what_is_kept_in_step_is_what_a_new_form_computes() -> None:
    for (seed, text, _), walked in zip(forms(), walks_in_quickjs(), strict=True):
        assert not walked["wrong"], f"form {seed}\n{text}\n{walked['wrong'][0]}"


def test_walks_meet_what_they_are_for() -> None:
    """Rows that come and go, answers that hide, triggers, choices that are filtered away."""
    texts = "\n".join(text for _, text, _ in forms())
    for word in ("begin repeat", "begin group", "once(", "indexed-repeat(", "selected(", "select_multiple", "position(..)"):
        assert word in texts, word
    done = [step for walked in walks_in_quickjs() for step in walked["done"]]
    for kind in ("add", "remove", "undo", "set"):
        assert any(step.startswith(kind) for step in done), kind


@pytest.mark.browser
def test_the_server_shows_what_the_phone_shows(playwright: Playwright) -> None:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    page = browser.new_page()
    page.evaluate(script())
    there = page.evaluate("(requests) => requests.map((one) => JSON.parse(Walk.walk(one)))", [request for *_, request in forms()])
    browser.close()
    for (seed, text, _), here, phone in zip(forms(), walks_in_quickjs(), there, strict=True):
        assert here == phone, f"form {seed}\n{text}"
