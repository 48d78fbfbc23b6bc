"""Random forms, random answers: what the engine keeps in step is always what a form made anew computes, and the server
agrees with the phone."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import quickjs

from app.core.scripts import bundle
from tests.engine.cases import compile_lines

FORMS = 24
STEPS = 40


class Author:
    """Writes a small XLSForm that refers only to what stands before, so that nothing depends on itself."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines = ["| survey |", "| | type | name | label | relevant | calculation | constraint | required | repeat_count |"]
        self.numbers: list[tuple[str, tuple[str, ...]]] = []  # name, repeats it stands in
        self.repeats: list[tuple[str, tuple[str, ...]]] = []
        self.inside: tuple[str, ...] = ()
        self.count = 0

    def name(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def row(self, **cells: str) -> None:
        order = ("type", "name", "label", "relevant", "calculation", "constraint", "required", "repeat_count")
        self.lines.append("| | " + " | ".join(cells.get(column, "") for column in order) + " |")

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
        return self.random.choice([f"sum(${{{name}}}[. != ''])", f"count(${{{name}}}[. > 1])", f"count-non-empty(${{{name}}})"])

    def condition(self) -> str:
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
        kind = self.random.choice(["integer", "integer", "text", "select_one yn"])
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
        )
        if kind == "integer":
            self.numbers.append((name, self.inside))

    def calculation(self) -> None:
        name = self.name("c")
        text = self.random.choice([f"{self.term()} + {self.term()}", f"if({self.condition()}, {self.term()}, '')"])
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
        return "\n".join([*self.lines, "| choices |", "| | list_name | name | label |", "| | yn | a | A |", "| | yn | b | B |"])


def test_what_is_kept_in_step_is_what_a_new_form_computes() -> None:
    context = quickjs.Context()
    context.set_max_stack_size(1024 * 1024)
    context.eval(bundle(Path(__file__).with_name("walk.js"), global_name="Walk"))
    walk = context.eval("Walk.walk")
    walked, wrong = 0, []
    for seed in range(FORMS):
        text = Author(seed).form()
        compiled = compile_lines(text, {})
        if compiled.errors:
            continue
        walked += 1
        found = json.loads(walk(json.dumps({"package": compiled.package, "seed": seed * 7919 + 11, "steps": STEPS})))
        wrong += [f"form {seed}\n{text}\n{one}" for one in found]
        if wrong:
            break
    assert not wrong, wrong[0]
    assert walked > FORMS * 0.7  # the compiler accepted what was written
