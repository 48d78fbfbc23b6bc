"""Reading a pack: everything that can be known without a database is checked here, before anything is written."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import LazyString

from app.instruments import operations as instruments
from app.instruments.compiler import LIBRARY as FORMS
from app.instruments.compiler import library_lists
from app.instruments.files import List, Unusable, files_beside
from app.instruments.lint import TOKENS
from app.instruments.operations import Checked, Given
from app.packs.places import Place, parsed
from app.packs.problems import FORM_WRONG, NO_SUCH_PACK
from app.programmes.operations import Settings
from app.programmes.plan import KINDS, ROLES, enumeration

LIBRARY = Path(__file__).parent / "library"
_NEEDED = ("code", "name", "instruments")
_OPTIONAL = ("territories", "starts_on", "ends_on", "phases", "budget", "partners", "organisations", "consent", "retention")


@dataclass(frozen=True)
class OrganisationOf:
    code: str
    name: Mapping[str, str]
    territories: list[str]


@dataclass(frozen=True)
class Record:
    """A row of lists/LIST.csv: a fact that comes with the programme."""

    list: str
    key: str  # its own within the list, for ever
    label: str
    data: Mapping[str, str]


@dataclass
class Pack:
    folder: Path
    code: str
    settings: Settings
    organisations: list[OrganisationOf]
    forms: list[Checked]
    consent: dict[str, dict[str, str]]
    retention: dict[str, int]  # {form_id: months}
    records: list[Record]
    indicators: Any  # as in indicators.json; None: it does not say
    home: Any  # as in home.json; None: it does not say
    lists: dict[str, set[str]] = field(default_factory=dict)  # {entity list: properties that its forms write}
    own_choices: frozenset[str] = frozenset()  # forms that come with Daftar and read lists of choices/

    @property
    def has_demonstration(self) -> bool:
        return (self.folder / "demonstration" / "people.json").is_file()


def known() -> list[str]:
    """Codes of the packs that come with Daftar."""
    return sorted(file.parent.name for file in LIBRARY.glob("*/programme.json"))


def folder_of(asked: str) -> Path:
    """The folder of a pack, by its code or its path. Raises NO_SUCH_PACK."""
    for folder in (LIBRARY / asked, Path(asked)):
        if (folder / "programme.json").is_file():
            return folder
    raise NO_SUCH_PACK(asked=asked, known=", ".join(known()))


def read(folder: Path) -> Pack:
    """Everything a pack says. Takes a second: forms are compiled. Raises WRONG, FORM_WRONG."""
    whole = parsed(folder, "programme.json")
    said = whole.keys(_NEEDED, _OPTIONAL)
    choices = _choices(folder)
    forms = _forms(folder, said["instruments"], choices)
    lists = _lists(forms)
    form_ids = [one.compiled.package["form_id"] for one in forms]
    partners = _partners(said["partners"]) if "partners" in said else []
    settings = Settings(
        name=said["name"].texts(),
        partners=enumeration(partners),
        territories=said["territories"].territories() if "territories" in said else [],
        starts_on=said["starts_on"].day() if "starts_on" in said else None,
        ends_on=said["ends_on"].day() if "ends_on" in said else None,
        phases=_phases(said["phases"]) if "phases" in said else [],
        budget=_budget(said["budget"]) if "budget" in said else {},
        financing=partners,
    )
    if settings.starts_on and settings.ends_on and settings.ends_on < settings.starts_on:
        raise said["ends_on"].wrong(f"≥ {settings.starts_on}")
    return Pack(
        folder,
        said["code"].code(),
        settings,
        _organisations(said["organisations"]) if "organisations" in said else [],
        forms,
        {token: text.texts() for token, text in said["consent"].keys((), TOKENS).items()} if "consent" in said else {},
        {one: months.whole(1) for one, months in said["retention"].keys((), form_ids).items()} if "retention" in said else {},
        records(folder, "lists", lists),
        parsed(folder, "indicators.json").value if (folder / "indicators.json").exists() else None,
        parsed(folder, "home.json").value if (folder / "home.json").exists() else None,
        lists,
        frozenset(name for one in said["instruments"].items() if library_reads(name := one.text()) & choices.keys()),
    )


def demonstrated(pack: Pack) -> Pack:
    """A pack as its demonstration shows it: in demonstration/indicators.json and home.json, by code, the keys that say
    something else than in the programme for real work. Raises WRONG."""
    shown = {"indicators": pack.indicators, "home": pack.home}
    for part, declared in shown.items():
        file = f"demonstration/{part}.json"
        if not (pack.folder / file).exists():
            continue
        other: dict[str, dict[str, Any]] = {}
        for one in parsed(pack.folder, file).items():
            codes = [there["code"] for there in declared or [] if "code" in there]
            code = one.value.get("code") if isinstance(one.value, dict) else None
            if code not in codes:
                raise one.wrong(codes, code)
            other[str(code)] = one.value
        shown[part] = [there | other.get(there.get("code", ""), {}) for there in declared or []]
    return replace(pack, **shown)


def _organisations(at: Place) -> list[OrganisationOf]:
    found = []
    for one in at.items():
        said = one.keys(("code", "name"), ("territories",))
        territories = said["territories"].territories() if "territories" in said else []
        found.append(OrganisationOf(said["code"].code(), said["name"].texts(), territories))
    _once(at, [one.code for one in found])
    return found


def _phases(at: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in at.items():
        said = one.keys(("code", "name"), ("starts_on", "ends_on"))
        days = {key: said[key].day() if key in said else None for key in ("starts_on", "ends_on")}
        if days["starts_on"] and days["ends_on"] and days["ends_on"] < days["starts_on"]:
            raise said["ends_on"].wrong(f"≥ {days['starts_on']}")
        texts = {key: day.isoformat() if day else None for key, day in days.items()}
        found.append({"code": said["code"].code(), "name": said["name"].texts(), **texts})
    _once(at, [one["code"] for one in found])
    return found


def _budget(at: Place) -> dict[str, Any]:
    said = at.keys(("amount",), ("note",))
    return {"amount": said["amount"].amount(), "note": said["note"].texts() if "note" in said else {}}


def _partners(at: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in at.items():
        said = one.keys(("code", "name", "role"), ("contributions",))
        parts = said["contributions"].items() if "contributions" in said else []
        contributions = [_contribution(part) for part in parts]
        role = said["role"].one_of(ROLES)
        found.append({"code": said["code"].code(), "name": said["name"].texts(), "role": role, "contributions": contributions})
    _once(at, [one["code"] for one in found])
    return found


def _contribution(at: Place) -> dict[str, Any]:
    said = at.keys(("kind",), ("amount", "note"))
    return {
        "kind": said["kind"].one_of(KINDS),
        "amount": said["amount"].amount() if "amount" in said else None,
        "note": said["note"].texts() if "note" in said else {},
    }


def _once(at: Place, codes: list[str]) -> None:
    for number, code in enumerate(codes):
        if code in codes[:number]:
            raise at.items()[number].wrong(f"≠ {code}", code)


# Forms


CHOICE_COLUMNS = ("name", "label", "label_ar", "label_fr")


def _choices(folder: Path) -> dict[str, List]:
    """choices/LIST.csv: what the programme itself says for lists that come with Daftar without a row. Raises WRONG."""
    there = library_lists()
    own = sorted(name for name, rows in there.items() if not rows)
    found: dict[str, List] = {}
    for path in sorted((folder / "choices").glob("*")):
        file = f"choices/{path.name}"
        if path.suffix != ".csv" or path.stem not in own:
            raise Place(file, "", path.name).wrong([f"{name}.csv" for name in own])
        try:
            rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
        except (UnicodeDecodeError, csv.Error):
            raise Place(file, "", None).wrong("CSV, UTF-8") from None
        if not rows:
            raise Place(file, "", None).wrong(", ".join(CHOICE_COLUMNS))
        for number, row in enumerate(rows, 2):
            for column in CHOICE_COLUMNS:
                if not row.get(column):
                    raise Place(file, f"line {number}, {column}", row.get(column)).wrong('"…"')
            if any(one["name"] == row["name"] for one in rows[: number - 2]):
                raise Place(file, f"line {number}, name", row["name"]).wrong(f"≠ {row['name']}")
            # A column that is called as another list holds codes of it: the counterparts there.
            for column in row.keys() & there.keys():
                codes = [one["name"] for one in there[column]]
                for code in (row[column] or "").split():
                    if code not in codes:
                        raise Place(file, f"line {number}, {column}", code).wrong(codes)
        found[path.stem] = [{key: text or "" for key, text in row.items()} for row in rows]
    return found


def _forms(folder: Path, at: Place, choices: Mapping[str, List]) -> list[Checked]:
    """Forms in the order they are named; a form may write lists that later ones read."""
    found: list[Checked] = []
    for one in at.items():
        name = one.text()
        if "/" not in name:
            if not (FORMS / name / "form.md").is_file():
                raise one.wrong([*sorted(file.parent.name for file in FORMS.glob("*/form.md")), "forms/….md"])
            form = library_form(name)
            own = {one: rows for one, rows in choices.items() if one in library_reads(name)}
            found.append(instruments.check("", form.filename, form.content, Given(own)) if own else form)
        else:
            if not (folder / name).is_file() or folder.resolve() not in (folder / name).resolve().parents:
                raise one.wrong(sorted(f"forms/{file.name}" for file in (folder / "forms").glob("*.*")))
            written = {rule["list"] for form in found for rule in form.compiled.package["entities"]}
            found.append(_own_form(folder / name, name, written, choices))
    return found


@cache
def library_form(form_id: str) -> Checked:
    """A form that comes with Daftar, compiled once: it reads nothing of the programme."""
    return instruments.check("", f"{form_id}.md", (FORMS / form_id / "form.md").read_bytes())


def library_reads(form_id: str) -> frozenset[str]:
    """The lists that a form of Daftar's reads; none of a file of the pack."""
    there = "/" not in form_id and (FORMS / form_id / "form.md").is_file()
    return frozenset(library_form(form_id).compiled.package["datasets"]) if there else frozenset()


def _own_form(path: Path, name: str, written: set[str], choices: Mapping[str, List]) -> Checked:
    try:
        lists, media = files_beside(path)
        given = Given({**choices, **lists}, media)
    except Unusable as problem:
        raise Place(name, "", str(problem)).wrong(".csv, .png, .jpg, .mp3, .mp4") from None
    checked = instruments.check("", path.name, path.read_bytes(), given, written=written)
    if checked.compiled.errors:
        first = checked.compiled.errors[0]
        where = " ".join(part for part in (first.sheet, str(first.row) if first.row else "", first.column) if part)
        message = LazyString(lambda: f"{first.message} {first.mend}")
        raise FORM_WRONG(file=name, count=len(checked.compiled.errors), where=where, message=message)
    return checked


def _lists(forms: list[Checked]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for form in forms:
        for rule in form.compiled.package["entities"]:
            found.setdefault(rule["list"], set()).update(name for name, _question in rule["save"])
    return found


# Facts


def records(folder: Path, under: str, lists: Mapping[str, set[str]]) -> list[Record]:
    """The rows of all files of `under`; their names are those of lists. Raises WRONG."""
    return [record for path in sorted((folder / under).glob("*.csv")) for record in _records(path, f"{under}/{path.name}", lists)]


def _records(path: Path, file: str, lists: Mapping[str, set[str]]) -> list[Record]:
    name = path.stem
    if name not in lists:
        raise Place(file, "", name).wrong(sorted(lists))
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise Place(file, "", None).wrong("CSV, UTF-8") from None
    found: list[Record] = []
    for number, row in enumerate(rows, 2):
        at = Place(file, f"line {number}", row)
        for column in ("key", "label"):
            if not row.get(column):
                raise Place(file, f"line {number}, {column}", row.get(column)).wrong('"…"')
        for column in row:
            if column not in ("key", "label") and column not in lists[name]:
                raise at.wrong(["key", "label", *sorted(lists[name])], column)
        if any(one.key == row["key"] for one in found):
            raise Place(file, f"line {number}, key", row["key"]).wrong(f"≠ {row['key']}")
        data = {column: value for column, value in row.items() if value and column not in ("key", "label")}
        found.append(Record(name, row["key"], row["label"], data))
    return found
