"""Which way imports point: a package, and a folder of the browser's code, imports only what stands to its left."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app import PACKAGES

APP = Path(__file__).resolve().parents[1] / "app"
STATIC = APP.parent / "static"
# Side by side: none of these knows another.
APART = {"programmes", "review", "fleet", "sync", "export", "pwa"}


def imported(path: Path) -> set[str]:
    """Packages of ours that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "app" else [f"app.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("app.")}
    return found


def may_import(package: str) -> set[str]:
    allowed = set(PACKAGES[: PACKAGES.index(package)])
    if package in APART:
        allowed -= APART
    if package == "engine":  # hosts the browser's scripts, which core bundles; knows nothing else
        allowed = {"core"}
    return allowed | {package}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_stands_left_of_it(package: str):
    allowed = may_import(package)
    wrong = [
        f"{path.relative_to(APP)}: {name}"
        for path in sorted((APP / package).rglob("*.py"))
        for name in sorted(imported(path) - allowed)
    ]
    assert wrong == []


def test_operations_and_queries_know_no_request():
    """They take the actor and the time as arguments (a command or a job has no request)."""
    wrong = []
    for path in [*APP.glob("*/operations.py"), *APP.glob("*/queries.py"), APP / "submissions" / "intake.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "flask":
                wrong += [f"{path.relative_to(APP)}: {one.name}" for one in node.names if one.name in ("request", "g", "session")]
    assert wrong == []


# Which folder of static/js may import which: pages stand above all, and nothing imports them.
BROWSER = {
    "core": set(),
    "engine": {"core"},
    "store": {"core"},
    "sync": {"core", "store"},
    "keys": {"core", "store"},
    "form": {"core", "engine", "store"},
    "pages": {"core", "engine", "store", "sync", "keys", "form"},
    "office": {"core"},
}


def test_a_module_of_the_browser_imports_only_what_stands_left_of_it():
    """The engine touches no page, storage or network; the store never asks the network (docs/architecture.md)."""
    folders = {path.name for path in (STATIC / "js").iterdir() if path.is_dir()}
    assert folders == BROWSER.keys()
    wrong = []
    for folder, allowed in BROWSER.items():
        for path in sorted((STATIC / "js" / folder).rglob("*.js")):
            for source in re.findall(r"""^(?:import|export)\b[^;]*?["'](\.[^"']+)["']""", path.read_text("utf-8"), re.M | re.S):
                target = (path.parent / source).resolve().relative_to(STATIC.resolve()).parts
                if target[0] == "js" and target[1] != folder and target[1] not in allowed:
                    wrong.append(f"{path.relative_to(STATIC)}: {source}")
    assert wrong == []
