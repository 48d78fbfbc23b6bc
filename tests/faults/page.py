"""`python -m tests.faults.page`: the numbers of the last runs (var/faults) go into docs/reliability.md."""

from __future__ import annotations

import json
import re
from collections import defaultdict

from tests.faults.conftest import MEASURED
from tests.test_reliability import PAGE, ROOT, ROW

SHORT = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def numbers() -> dict[str, str]:
    """`{id: "kills 500, acked lost 0"}`; a store or browser is named where its numbers differ from another's."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for file in sorted(MEASURED.glob("*.json")):
        said = json.loads(file.read_text("utf-8"))
        if said["is_short"]:
            continue  # the page has what `make patience` measured
        text = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in said["numbers"].items())
        found[said["id"]][said["variant"]] = text
    return {id: _together(variants) for id, variants in found.items()}


def _together(variants: dict[str, str]) -> str:
    by_text: dict[str, list[str]] = defaultdict(list)
    for variant, text in variants.items():
        by_text[text].append(variant)
    if len(by_text) == 1:
        return next(iter(by_text))
    return "; ".join(f"{' and '.join(SHORT.get(one, one) for one in names)}: {text}" for text, names in by_text.items())


def main() -> None:
    known = numbers()

    def filled(row: re.Match[str]) -> str:
        id, fault, shown, before = row.groups()
        return f"| {id} | {fault} | {shown} | {known.get(id, before)} |"

    (ROOT / "docs" / "reliability.md").write_text(ROW.sub(filled, PAGE), "utf-8")


if __name__ == "__main__":
    main()
