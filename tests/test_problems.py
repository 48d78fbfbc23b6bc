"""docs/problems.md lists every problem by its code. `python -m tests.test_problems` writes its table again."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
from pathlib import Path

import app
from app.core.problems import Kind

PAGE = Path(__file__).resolve().parents[1] / "docs" / "problems.md"
HEAD = """# Problems

What can go wrong, by name. `/api/…` answers `application/problem+json`: `{"code", "message": {"ar", "fr"}, "details"}`;
pages show the message. A code is never renamed or reused: phones keep it. `tests/test_problems.py` compares this table with
the code, and `python -m tests.test_problems` writes it again. Other HTTP errors are `core.http_<status>`.

| code | status | message (source; shown in Arabic or French) |
|---|---|---|
"""


def kinds() -> list[Kind]:
    """Every Kind that the modules of the application make."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)
    found = {one.code: one for one in gc.get_objects() if type(one) is Kind}
    return [found[code] for code in sorted(found) if not code.startswith("core.http_")]


def row(kind: Kind) -> str:
    source = str(kind.message._args[0]).replace("|", "\\|").replace("\n", " ")
    return f"| `{kind.code}` | {kind.status} | {source} |"


def test_the_page_lists_every_problem_as_it_is():
    listed = re.findall(r"^\| `.+ \|$", PAGE.read_text("utf-8"), re.M)
    assert listed == [row(kind) for kind in kinds()]


def test_a_code_says_where_it_belongs():
    for kind in kinds():
        assert re.fullmatch(r"[a-z]+\.[a-z_0-9]+", kind.code), kind.code


if __name__ == "__main__":
    PAGE.write_text(HEAD + "\n".join(row(kind) for kind in kinds()) + "\n", "utf-8")
