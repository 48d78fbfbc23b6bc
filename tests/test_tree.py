"""The tree holds what it should: the top level, what is vendored, and nothing of somebody's machine.

T1  the top level is the agreed one
T2  instance/ is in git only as its note
T3  no file names a folder of the machine it was written on
T4  a vendored library says its version and licence
T5  every dependency has its reason in docs/decisions/0001-dependencies.md
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "app",
    "benchmarks",
    "docs",
    "instance",
    "instruments",
    "migrations",
    "scripts",
    "static",
    "tests",
    "translations",
    ".ci",
}
FILES = {
    ".gitignore", "LICENSE", "Makefile", "README.md", "config.py", "jsconfig.json", "package.json", "package-lock.json",
    "pyproject.toml", "requirements.txt", "requirements-dev.txt",
}  # fmt: skip
# Written apart so that this file does not find itself.
MACHINE = re.compile("|".join((r"(?<!\w)/wor" + "k/", r"(?<![\w)'])/ro" + "ot/(?!item)", "/hom" + r"e/\w", "/Use" + "rs/")))


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_top_level_is_the_agreed_one():  # T1
    top = {name.split("/")[0] for name in tracked()}
    assert top <= FOLDERS | FILES, f"not agreed: {sorted(top - FOLDERS - FILES)}"
    assert {"app", "static", "translations", "instance", "config.py", "requirements.txt", "tests", "README.md", "Makefile"} <= top


def test_instance_is_in_git_only_as_its_note():  # T2
    assert [name for name in tracked() if name.startswith("instance/")] == ["instance/README.md"]


def test_no_file_names_a_folder_of_somebodys_machine():  # T3
    found = []
    for name in tracked():
        content = (ROOT / name).read_bytes()
        if b"\0" in content[:8000]:
            continue
        found += [f"{name}: {match.group()}" for match in MACHINE.finditer(content.decode("utf-8", "replace"))]
    assert not found


def test_a_vendored_library_says_its_version_and_licence():  # T4
    libraries = [path for path in (ROOT / "static" / "vendor").iterdir() if path.is_dir()]
    assert libraries
    for library in libraries:
        assert (library / "VERSION").read_text("utf-8").strip(), library.name
        assert any((library / name).exists() for name in ("LICENSE", "LICENSE.txt", "LICENSE.md")), library.name


def test_every_dependency_has_its_reason():  # T5
    page = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text("utf-8").lower()
    for listing in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / listing).read_text("utf-8").splitlines():
            name = re.split(r"[=\[]", line.strip(), maxsplit=1)[0].lower()
            if name and not name.startswith(("#", "-r")):
                assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", page), f"{name} of {listing} has no reason"
