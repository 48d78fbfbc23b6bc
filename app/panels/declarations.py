"""home.json: what each kind of panel may say, read and checked (docs/home.md shows the same as a table).

A declaration is refused whole, with its place: file, panel, key, what was found there, what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.core.languages import LANGUAGES
from app.panels.problems import WRONG

FILE = "home.json"
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}")
FORMATS = ("text", "number", "mad", "percent", "m2", "date", "bar", "institution")
PAPERS = ("portrait", "landscape")
WAITING = ("to_review", "returned", "quarantined", "silent", "kept", "actions", "decisions", "commitments")
WIDE = ("axes", "board", "matrix", "table")
MOST_STEPS = 30
PLACES = frozenset({"organisation", "commune", "province", "region"})  # of the record itself, not of what it says

# Keys of every panel, then of each kind: those that must be there, those that may.
COMMON: Final = frozenset({"kind", "title", "code", "text", "paper", "names"})
KINDS: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "indicators": (frozenset({"indicators"}), frozenset({"by_phase"})),
    "split": (frozenset({"indicators", "by"}), frozenset({"out_of"})),
    "board": (
        frozenset({"list", "steps"}),
        frozenset({"done", "none", "going", "start", "end", "columns", "where", "sort", "date"}),
    ),
    "axes": (frozenset({"instrument"}), frozenset({"by", "weakest", "rounds", "date"})),
    "ranking": (frozenset({"indicators"}), frozenset({"values", "label", "across"})),
    "table": (frozenset({"list", "columns"}), frozenset({"where", "group", "sort", "signal", "date", "institutions"})),
    "matrix": (
        frozenset({"rows"}),
        frozenset({"list", "columns", "value", "as", "check", "where", "sources", "label", "date", "institutions"}),
    ),
    "partners": (frozenset(), frozenset()),
    "map": (frozenset({"list"}), frozenset({"where", "date"})),
    "waiting": (frozenset(), frozenset({"of"})),
    "minutes": (frozenset({"instruments"}), frozenset()),
}
CONDITIONS: Final = ("is", "is_not", "in", "not_in", "at_least", "at_most", "filled")
COLUMNS: Final = ("of", "ratio", "minus", "days", "from")
COLUMN_KEYS: Final = frozenset({*COLUMNS, "label", "as", "total", "link", "sum", "count", "where"})


@dataclass(frozen=True)
class Panel:
    """One panel, checked. `raw` is what was declared, with its defaults where the kind has any."""

    kind: str
    code: str  # names it in addresses; unique within the home
    title: Mapping[str, str]
    raw: Mapping[str, Any]
    text: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_wide(self) -> bool:
        """Printed on A4 landscape."""
        return bool(self.raw.get("paper", "landscape" if self.kind in WIDE else "portrait") == "landscape")

    def get(self, key: str, default: Any = None) -> Any:
        return self.raw.get(key, default)


@dataclass
class _Place:
    """Where in the file one is, for the message."""

    file: str
    panel: str

    def wrong(self, key: str, found: Any, allowed: str | Collection[str]) -> Exception:
        words = allowed if isinstance(allowed, str) else ", ".join(sorted(allowed)) or "—"
        said = "—" if found is None else repr(found)[:120]
        return WRONG(file=self.file, panel=self.panel, key=key, found=said, allowed=words)


@dataclass(frozen=True)
class Known:
    """What the programme has, for panels to name. None: not known yet, nothing is compared."""

    indicators: Collection[str] | None = None
    lists: Mapping[str, Collection[str]] | None = None  # {list: its properties}
    forms: Collection[str] | None = None


def read(
    raw: Any,
    *,
    lists: Mapping[str, Collection[str]] | None = None,
    indicators: Collection[str] | None = None,
    forms: Collection[str] | None = None,
    file: str = FILE,
) -> list[Panel]:
    """The panels of a home.json.

    lists       {"projects": {"ag_budget", …}}: the programme's entity lists and what its forms save in them
    indicators  codes of the programme's indicators
    forms       form_ids of its instruments
    Raises WRONG, with file, panel, key, found, allowed.
    """
    if not isinstance(raw, list):
        raise _Place(file, "—").wrong("—", raw, "[ … ]")
    known, found, codes = Known(indicators, lists, forms), list[Panel](), set[str]()
    for number, one in enumerate(raw, 1):
        if not isinstance(one, dict):
            raise _Place(file, str(number)).wrong("—", one, "{ … }")
        name = one.get("code")
        place = _Place(file, f"{number} ({name})" if isinstance(name, str) and name else str(number))
        panel = _panel(place, one, number, known)
        if panel.code in codes:
            raise place.wrong("code", panel.code, f"≠ {panel.code}")
        codes.add(panel.code)
        found.append(panel)
    return found


def _panel(place: _Place, raw: dict[str, Any], number: int, known: Known) -> Panel:
    kind = raw.get("kind")
    if kind not in KINDS:
        raise place.wrong("kind", kind, KINDS)
    must, may = KINDS[kind]
    for key in raw:
        if key not in COMMON | must | may:
            raise place.wrong(key, key, COMMON | must | may)
    for key in sorted(must):
        if key not in raw:
            raise place.wrong(key, None, f'"{key}": …')
    title = _texts(place, "title", raw.get("title"))
    text = _texts(place, "text", raw["text"]) if "text" in raw else {}
    code = raw.get("code", f"{kind}-{number}")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise place.wrong("code", code, "a-z 0-9 -")
    if "paper" in raw and raw["paper"] not in PAPERS:
        raise place.wrong("paper", raw["paper"], PAPERS)
    _CHECKS[kind](place, raw, known)
    return Panel(kind, code, title, raw, text)


# What the keys hold


def _texts(place: _Place, key: str, value: Any) -> dict[str, str]:
    if isinstance(value, dict) and set(value) == set(LANGUAGES) and all(isinstance(one, str) and one for one in value.values()):
        return value
    raise place.wrong(key, value, '{"ar": "…", "fr": "…"}')


def _indicator(place: _Place, key: str, value: Any, known: Known) -> None:
    if not isinstance(value, str) or (known.indicators is not None and value not in known.indicators):
        raise place.wrong(key, value, known.indicators or "indicators.json: code")


def _indicators(place: _Place, raw: dict[str, Any], known: Known) -> None:
    value = raw["indicators"]
    if not isinstance(value, list) or not value:
        raise place.wrong("indicators", value, '["code", …]')
    for one in value:
        _indicator(place, "indicators", one, known)


def _list(place: _Place, key: str, value: Any, known: Known) -> str:
    if not isinstance(value, str) or (known.lists is not None and value not in known.lists):
        raise place.wrong(key, value, known.lists or "…")
    return value


def _property(place: _Place, key: str, value: Any, list_name: str | None, known: Known) -> None:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise place.wrong(key, value, "a-z A-Z 0-9 _")
    if known.lists is not None and list_name is not None and value not in PLACES:
        properties = known.lists.get(list_name, ())
        if properties and value not in properties:
            raise place.wrong(key, value, {*properties, *PLACES})


def _where(place: _Place, value: Any, list_name: str, known: Known) -> None:
    if not isinstance(value, list):
        raise place.wrong("where", value, '[{"of": "…", "is": "…"}]')
    for one in value:
        operators = [key for key in CONDITIONS if isinstance(one, dict) and key in one]
        may = {"or_blank"} if operators and operators[0] in ("at_least", "at_most") else set()
        if len(operators) != 1 or not {"of", operators[0]} <= set(one) <= {"of", operators[0], *may}:
            raise place.wrong("where", one, ('{"of": "…", "' + "|".join(CONDITIONS) + '": …}'))
        _property(place, "where.of", one["of"], list_name, known)
        if not isinstance(one.get("or_blank", False), bool):
            raise place.wrong("where.or_blank", one["or_blank"], "true, false")
        operator, given = operators[0], one[operators[0]]
        right = {
            "in": isinstance(given, list),
            "not_in": isinstance(given, list),
            "filled": isinstance(given, bool),
            "at_least": isinstance(given, int | float | str),
            "at_most": isinstance(given, int | float | str),
        }.get(operator, isinstance(given, str))
        if not right:
            raise place.wrong(
                f"where.{operator}", given, {"in": "[…]", "not_in": "[…]", "filled": "true, false"}.get(operator, '"…"')
            )


def _column(place: _Place, value: Any, list_name: str, known: Known) -> None:
    if not isinstance(value, dict):
        raise place.wrong("columns", value, '[{"of": "…"}]')
    sorts = [key for key in COLUMNS if key in value]
    if len(sorts) != 1:
        raise place.wrong("columns", value, COLUMNS)
    for key in value:
        if key not in COLUMN_KEYS:
            raise place.wrong(f"columns.{key}", key, COLUMN_KEYS)
    if value.get("as", "text") not in FORMATS:
        raise place.wrong("columns.as", value["as"], FORMATS)
    if value.get("as") == "institution" and sorts != ["of"]:
        raise place.wrong("columns.as", value["as"], '"of"')
    if "label" in value:
        _texts(place, "columns.label", value["label"])
    elif sorts != ["of"]:
        raise place.wrong("columns.label", None, '{"ar": "…", "fr": "…"}')
    _total(place, value, list_name, known)
    sort, given = sorts[0], value[sorts[0]]
    if sort == "of":
        _property(place, "columns.of", given, list_name, known)
    elif sort == "from":
        _list(place, "columns.from", given, known)
        _property(place, "columns.link", value.get("link"), given, known)
        if ("sum" in value) == (value.get("count") is True):
            raise place.wrong("columns.sum", value.get("sum"), '"sum": "…" | "count": true')
        if "sum" in value:
            _property(place, "columns.sum", value["sum"], given, known)
        if "where" in value:
            _where(place, value["where"], given, known)
    else:
        least = 1 if sort == "days" else 2
        if not isinstance(given, list) or not least <= len(given) <= 2:
            raise place.wrong(f"columns.{sort}", given, '["property", "property"]')
        for one in given:
            _property(place, f"columns.{sort}", one, list_name, known)


def _total(place: _Place, value: dict[str, Any], list_name: str, known: Known) -> None:
    total = value.get("total")
    if total is None or total in ("sum", "mean", True):
        return
    if isinstance(total, dict) and set(total) == {"mean_by"}:
        _property(place, "columns.total.mean_by", total["mean_by"], list_name, known)
        return
    raise place.wrong("columns.total", total, 'sum, mean, true, {"mean_by": "…"}')


def _columns(place: _Place, value: Any, list_name: str, known: Known) -> None:
    if not isinstance(value, list) or not value:
        raise place.wrong("columns", value, '[{"of": "…"}]')
    for one in value:
        _column(place, one, list_name, known)


# Kinds


def _check_indicators(place: _Place, raw: dict[str, Any], known: Known) -> None:
    _indicators(place, raw, known)
    if not isinstance(raw.get("by_phase", False), bool):
        raise place.wrong("by_phase", raw["by_phase"], "true, false")


def _check_split(place: _Place, raw: dict[str, Any], known: Known) -> None:
    _indicators(place, raw, known)
    _property(place, "by", raw["by"], None, known)
    if "out_of" in raw:
        _indicator(place, "out_of", raw["out_of"], known)


def steps_of(value: Any) -> list[dict[str, str]]:
    """[{"of", "date"}] of a board's steps; {"from": "st_s01", "to": "st_s15"} stands for all between, with dates in …_d."""
    if isinstance(value, dict):
        first, last = re.fullmatch(r"(.*?)(\d+)", value["from"]), re.fullmatch(r"(.*?)(\d+)", value["to"])
        if first is None or last is None:
            raise ValueError
        stem, width = first[1], len(first[2])
        names = [f"{stem}{n:0{width}}" for n in range(int(first[2]), int(last[2]) + 1)]
        return [{"of": name, "date": f"{name}_d"} for name in names]
    return [dict(one) for one in value]


def _check_board(place: _Place, raw: dict[str, Any], known: Known) -> None:
    list_name = _list(place, "list", raw["list"], known)
    allowed = '[{"of": "…", "date": "…"}, …] or {"from": "…01", "to": "…15"}'
    try:
        steps = steps_of(raw["steps"])
    except (KeyError, TypeError, ValueError, IndexError):
        raise place.wrong("steps", raw["steps"], allowed) from None
    if not 0 < len(steps) <= MOST_STEPS:
        raise place.wrong("steps", raw["steps"], f"1…{MOST_STEPS}")
    for one in steps:
        if not {"of"} <= set(one) <= {"of", "date", "label"}:
            raise place.wrong("steps", one, allowed)
        _property(place, "steps.of", one["of"], list_name, known)
        if "date" in one:
            _property(place, "steps.date", one["date"], list_name, known)
        if "label" in one:
            _texts(place, "steps.label", one["label"])
    for key in ("done", "none", "going"):
        if key in raw and not isinstance(raw[key], list):
            raise place.wrong(key, raw[key], '["done"]')
    for key in ("start", "end"):
        if key in raw:
            _property(place, key, raw[key], list_name, known)
    _of_list(place, raw, list_name, known)


def _of_list(place: _Place, raw: dict[str, Any], list_name: str, known: Known) -> None:
    if "columns" in raw and not isinstance(raw["columns"], str):
        _columns(place, raw["columns"], list_name, known)
    if "where" in raw:
        _where(place, raw["where"], list_name, known)
    for key in ("group", "date"):
        if key in raw:
            _property(place, key, raw[key], list_name, known)
    if "sort" in raw:
        _property(place, "sort", str(raw["sort"]).removeprefix("-"), list_name, known)
    if "names" in raw:
        names = raw["names"]
        if not isinstance(names, dict) or not set(names) <= set(LANGUAGES):
            raise place.wrong("names", names, '{"fr": "property"}')
        # Of the list's own records, or of those that they name.
        there = {one for properties in (known.lists or {}).values() for one in properties}
        for one in names.values():
            _property(place, "names", one, None, known)
            if known.lists is not None and one not in there:
                raise place.wrong("names", one, known.lists.get(list_name, ()))


def _check_axes(place: _Place, raw: dict[str, Any], known: Known) -> None:
    if known.forms is not None and raw["instrument"] not in known.forms:
        raise place.wrong("instrument", raw["instrument"], known.forms)
    for one in raw.get("by", []):
        _property(place, "by", one, None, known)
    if "date" in raw:
        _property(place, "date", raw["date"], None, known)  # of the form: its indicators ask whether it is a date
    if not isinstance(raw.get("weakest", 10), int) or not 0 <= raw.get("weakest", 10) <= 50:
        raise place.wrong("weakest", raw["weakest"], "0…50")
    if not isinstance(raw.get("rounds", False), bool):
        raise place.wrong("rounds", raw["rounds"], "true, false")


def _check_ranking(place: _Place, raw: dict[str, Any], known: Known) -> None:
    value = raw["indicators"]
    if not isinstance(value, list) or not value:
        raise place.wrong("indicators", value, '[{"code": "…", "by": "…"}]')
    for one in value:
        if not isinstance(one, dict) or not {"code", "by"} <= set(one) <= {"code", "by", "label", "map", "beside"}:
            raise place.wrong("indicators", one, '{"code": "…", "by": "…", "label": {…}, "map": "…", "beside": true}')
        if not isinstance(one.get("beside", False), bool):
            raise place.wrong("indicators.beside", one["beside"], "true, false")
        _indicator(place, "indicators.code", one["code"], known)
        _property(place, "indicators.by", one["by"], None, known)
        if "label" in one:
            _texts(place, "indicators.label", one["label"])
    if "values" in raw and not isinstance(raw["values"], list):
        raise place.wrong("values", raw["values"], '["…", …]')
    if "label" in raw:
        _texts(place, "label", raw["label"])
    if "across" in raw and raw["across"] not in PLACES:
        raise place.wrong("across", raw["across"], PLACES)


def _check_table(place: _Place, raw: dict[str, Any], known: Known) -> None:
    list_name = _list(place, "list", raw["list"], known)
    _columns(place, raw["columns"], list_name, known)
    _of_list(place, raw, list_name, known)
    if raw.get("institutions", "names") != "names":
        raise place.wrong("institutions", raw["institutions"], "names")
    if "signal" in raw:
        signal = raw["signal"]
        allowed = '{"gap": ["property", ["property", "property"]], "warn": 10, "bad": 20}'
        if not isinstance(signal, dict) or set(signal) != {"gap", "warn", "bad"}:
            raise place.wrong("signal", signal, allowed)
        gap = signal["gap"]
        if not isinstance(gap, list) or len(gap) != 2:
            raise place.wrong("signal.gap", gap, allowed)
        for side in gap:
            for one in side if isinstance(side, list) else [side]:
                _property(place, "signal.gap", one, list_name, known)


def _check_matrix(place: _Place, raw: dict[str, Any], known: Known) -> None:
    if raw.get("as", "number") not in FORMATS:
        raise place.wrong("as", raw["as"], FORMATS)
    if "sources" in raw:
        for one in raw["sources"]:
            if not isinstance(one, dict) or not {"list", "by", "label"} <= set(one) <= {
                "list",
                "by",
                "label",
                "sum",
                "where",
                "as",
                "date",
            }:
                raise place.wrong("sources", one, '{"list", "by", "label", "sum", "where", "as", "date"}')
            list_name = _list(place, "sources.list", one["list"], known)
            _property(place, "sources.by", one["by"], list_name, known)
            _texts(place, "sources.label", one["label"])
            if "date" in one:
                _property(place, "sources.date", one["date"], list_name, known)
            if "sum" in one:
                _property(place, "sources.sum", one["sum"], list_name, known)
            if "where" in one:
                _where(place, one["where"], list_name, known)
        _texts(place, "rows", raw["rows"])
        if raw.get("institutions", "rows") != "rows":
            raise place.wrong("institutions", raw["institutions"], "rows")
        return
    if raw.get("institutions", "rows") not in ("rows", "columns"):
        raise place.wrong("institutions", raw["institutions"], "rows, columns")
    if "list" not in raw or "columns" not in raw:
        raise place.wrong("list", raw.get("list"), '"list" + "columns" | "sources"')
    list_name = _list(place, "list", raw["list"], known)
    _property(place, "rows", raw["rows"], list_name, known)
    _property(place, "columns", raw["columns"], list_name, known)
    for key in ("value", "date"):
        if raw.get(key) is not None:
            _property(place, key, raw[key], list_name, known)
    if "where" in raw:
        _where(place, raw["where"], list_name, known)
    if "check" in raw:
        _property(place, "check", raw["check"], None, known)


def _check_map(place: _Place, raw: dict[str, Any], known: Known) -> None:
    list_name = _list(place, "list", raw["list"], known)
    if "date" in raw:
        _property(place, "date", raw["date"], list_name, known)
    if "where" in raw:
        _where(place, raw["where"], list_name, known)


def _check_waiting(place: _Place, raw: dict[str, Any], _known: Known) -> None:
    for one in raw.get("of", []):
        if one not in WAITING:
            raise place.wrong("of", one, WAITING)


def _check_minutes(place: _Place, raw: dict[str, Any], known: Known) -> None:
    value = raw["instruments"]
    if not isinstance(value, list) or not value:
        raise place.wrong("instruments", value, '["form_id", …]')
    for one in value:
        if known.forms is not None and one not in known.forms:
            raise place.wrong("instruments", one, known.forms)


_CHECKS: Final[dict[str, Callable[[_Place, dict[str, Any], Known], None]]] = {
    "indicators": _check_indicators,
    "split": _check_split,
    "board": _check_board,
    "axes": _check_axes,
    "ranking": _check_ranking,
    "table": _check_table,
    "matrix": _check_matrix,
    "partners": lambda _place, _raw, _known: None,
    "map": _check_map,
    "waiting": _check_waiting,
    "minutes": _check_minutes,
}


def codes_of(panels: Sequence[Panel]) -> set[str]:
    """Codes of the indicators that panels name."""
    found: set[str] = set()
    for panel in panels:
        for one in panel.get("indicators", []):
            found.add(one["code"] if isinstance(one, dict) else one)
        if "out_of" in panel.raw:
            found.add(panel.raw["out_of"])
    return found
