"""The cells of an indicator from its rows, all at once and inside the store: what counting.py adds up row by row as they change.

A new indicator over a million submissions is counted in minutes so; tests/indicators/test_in_step.py compares the two ways.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import islice

from app.core.driver import Statements
from app.indicators.counting import EXACT_DIGITS, NONE, has_people, level_of, places_of
from app.indicators.declarations import Declaration
from app.indicators.people import packed

MOST_DIGITS = 18  # of a 64-bit number
AT_ONCE = 5000  # sets of persons that are written together

# What is fixed without a place and with one, as shapes say it (IndicatorCell).
SHAPES = ("", "o", "m", "om")
SHAPES_OF_DISTINCT = ("d", "od")
SHAPES_WITH_PLACE = ("p", "op", "pm")


def bucket_in_sql(value: str) -> str:
    """As bucket_of() in counting.py, of a column."""
    whens = [f"WHEN {value} < {10**digits} THEN {10 ** (digits - EXACT_DIGITS)}" for digits in range(EXACT_DIGITS, MOST_DIGITS)]
    step = f"(CASE {' '.join(whens)} ELSE {10 ** (MOST_DIGITS - EXACT_DIGITS)} END)"
    return (
        f"CASE WHEN {value} IS NULL THEN '' WHEN {value} < 0 OR {value} % {step} = 0 THEN CAST({value} AS TEXT) "
        f"ELSE '~' || CAST({value} - {value} % {step} AS TEXT) END"
    )


def sum_up(do: Statements, indicator_id: int, declaration: Declaration) -> None:
    """Replace the indicator's cells by the sums of its rows. The caller commits."""
    do.execute("DELETE FROM indicator_cells WHERE indicator_id = ?", (indicator_id,))
    with_places = _Pairs(do, "indicator_places")
    territories = do.rows("SELECT DISTINCT territory FROM indicator_rows WHERE indicator_id = ?", (indicator_id,))
    with_places.fill((said or "", place, f"p{level_of(place)}") for (said,) in territories for place in places_of(said))
    for n, dim in enumerate(("", *declaration.dims)):
        column = f"by_{n}" if n else ""
        if declaration.measure == "distinct":
            _gather_people(do, indicator_id, column)
        _sum_dim(do, indicator_id, declaration, dim, column)
        if declaration.measure == "distinct":
            do.execute("DROP TABLE indicator_people")
    with_places.drop()


def _sum_dim(do: Statements, indicator_id: int, declaration: Declaration, dim: str, column: str) -> None:
    """The cells of all rows, or of each value of a question that the indicator is split by."""
    key, joined, split = "''", "", None
    if column:
        # As keys_of() in counting.py.
        key = f"substr(r.{column}, 1, 80)"
        several = f"SELECT 1 FROM indicator_rows WHERE indicator_id = ? AND {column} LIKE ? LIMIT 1"  # noqa: S608
        if do.rows(several, (indicator_id, "% %")):
            said = do.rows(f"SELECT DISTINCT {column} FROM indicator_rows WHERE indicator_id = ?", (indicator_id,))  # noqa: S608
            split = _Pairs(do, "indicator_keys")
            split.fill((text, part[:80], "") for (text,) in said for part in text.split(" "))
            key, joined = "k.part", f"{_join(do)} indicator_keys k ON k.said = r.{column}"
    for shape in SHAPES + (SHAPES_OF_DISTINCT if declaration.measure == "distinct" else ()):
        _sum_shape(do, indicator_id, declaration, dim, shape, (f"'{shape}'", "''"), key, joined)
    placed = f"{joined}{_join(do)} indicator_places p ON p.said = coalesce(r.territory, '')"
    for shape in SHAPES_WITH_PLACE:
        before, after = shape.split("p")
        named = (f"'{before}' || p.level || '{after}'", "p.part")
        _sum_shape(do, indicator_id, declaration, dim, shape, named, key, placed)
    if split is not None:
        split.drop()


def _sum_shape(
    do: Statements,
    indicator_id: int,
    declaration: Declaration,
    dim: str,
    shape: str,
    named: tuple[str, str],
    key: str,
    joined: str,
) -> None:
    """`named`: the shape and the place, as the store says them."""
    month = _month(do) if "m" in shape else _day(do) if "d" in shape else "''"
    organisation = f"coalesce(r.organisation_id, '{NONE}')" if "o" in shape else "''"
    bucket_of = bucket_in_sql("r.value")
    bucket = (bucket_of if do.is_sqlite else bucket_of.replace("%", "%%")) if declaration.measure == "median" else "''"
    persons = "0"
    if declaration.measure == "distinct":
        persons = "count(DISTINCT r.person) + sum(CASE WHEN r.person IS NULL THEN 1 ELSE 0 END)"
    names = ("shape", "month", "place", "organisation", "key", "bucket")
    columns = (named[0], month, named[1], organisation, key, bucket)
    summed = (
        f"SELECT {', '.join(f'{one} AS {name}' for one, name in zip(columns, names, strict=True))}, count(*) AS n, "  # noqa: S608
        f"sum(r.total) AS total, sum(r.weight) AS weight, sum(r.squares) AS squares, {persons} AS persons "
        f"FROM indicator_rows r{joined} WHERE r.indicator_id = {int(indicator_id)} GROUP BY 1, 2, 3, 4, 5, 6"
    )
    people, there = "NULL", ""
    if declaration.measure == "distinct" and has_people(shape):
        same = " AND ".join(f"w.{name} = s.{name}" for name in ("shape", "month", "place", "organisation", "key"))
        people, there = "w.people", f" LEFT JOIN indicator_people w ON {same}"
    do.execute(
        f"INSERT INTO indicator_cells (indicator_id, dim, {', '.join(names)}, n, total, weight, squares, persons, people) "  # noqa: S608
        f"SELECT {int(indicator_id)}, {_quoted(do, dim)}, {', '.join(f's.{name}' for name in names)}, "
        f"s.n, s.total, s.weight, s.squares, s.persons, {people} FROM ({summed}) s{there}"
    )


def _gather_people(do: Statements, indicator_id: int, column: str) -> None:
    """A table of this connection with who stands in the cells that keep it."""
    key = f"r.{column}" if column else "''"
    listed = "group_concat(r.person)" if do.is_sqlite else "string_agg(r.person::text, ',')"
    rows = do.rows(
        f"SELECT {_day(do)}, r.territory, coalesce(r.organisation_id, '{NONE}'), {key}, {listed} FROM indicator_rows r "  # noqa: S608
        "WHERE r.indicator_id = ? AND r.person IS NOT NULL GROUP BY 1, 2, 3, 4",
        (indicator_id,),
    )
    cells: dict[tuple[str, str, str, str, str], array[int]] = {}
    for day, territory, organisation, said, numbers in rows:
        people, month = array("I", map(int, numbers.split(","))), day[:7]
        shapes = [("m", month, "", ""), ("om", month, "", organisation), ("d", day, "", ""), ("od", day, "", organisation)]
        for place in places_of(territory):
            level = f"p{level_of(place)}"
            shapes += [(f"o{level}", "", place, organisation), (f"{level}m", month, place, "")]
        for part in said.split(" "):
            for shape in shapes:
                cell = (*shape, part[:80])
                if cell in cells:
                    cells[cell].extend(people)
                else:
                    cells[cell] = people[:]
    do.execute(
        "CREATE TEMPORARY TABLE indicator_people (shape TEXT, month TEXT, place TEXT, organisation TEXT, key TEXT, "
        f"people {'BLOB' if do.is_sqlite else 'BYTEA'}, PRIMARY KEY (shape, month, place, organisation, key))"
    )
    written = ((*cell, packed(set(people))) for cell, people in sorted(cells.items()))
    while part := list(islice(written, AT_ONCE)):
        do.insert("indicator_people", "shape, month, place, organisation, key, people", part)
    do.execute("ANALYZE indicator_people")


def _quoted(do: Statements, name: str) -> str:
    """A name of a declaration as a text of SQL; what the driver takes for a placeholder is written twice."""
    text = name.replace("'", "''")
    return f"'{text if do.is_sqlite else text.replace('%', '%%')}'"


def _day(do: Statements) -> str:
    return "r.day" if do.is_sqlite else "to_char(r.day, 'YYYY-MM-DD')"


def _month(do: Statements) -> str:
    return f"substr({_day(do)}, 1, 7)"


def _join(do: Statements) -> str:
    """SQLite takes CROSS JOIN as the order in which to read: rows first, then what few pairs belong to each."""
    return " CROSS JOIN" if do.is_sqlite else " JOIN"


class _Pairs:
    """A table of this connection: what rows say, and the cells that it stands in."""

    def __init__(self, do: Statements, name: str) -> None:
        self.do, self.name = do, name
        do.execute(f"CREATE TEMPORARY TABLE {name} (said TEXT, part TEXT, level TEXT)")

    def fill(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self.do.insert(self.name, "said, part, level", list(rows))
        if self.do.is_sqlite:  # PostgreSQL joins them by hash, and takes no text of many choices into an index
            self.do.execute(f"CREATE INDEX {self.name}_said ON {self.name} (said)")
        self.do.execute(f"ANALYZE {self.name}")

    def drop(self) -> None:
        self.do.execute(f"DROP TABLE {self.name}")
