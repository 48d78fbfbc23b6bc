"""Indicators of a programme, the rows that each counts, and their sums by organisation, place and month."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Json, Model, UtcDateTime

SCALE = 10_000  # numbers are kept as whole ten-thousandths: sums of amounts stay exact on both stores
# A place's code, ordered by its bytes whatever the language of the database: what lies in a place is a stretch.
PLACE = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
# "2026-11", or the day "2026-11-27". SQLite holds texts of any length, and millions of cells are not copied to say so.
MONTH = sa.String(7).with_variant(sa.String(10), "postgresql")
MOST_BY = 4  # questions and properties by which one indicator can be split


class Indicator(Model):
    """A declaration, and how far it has been counted."""

    __tablename__ = "indicators"
    __table_args__ = (sa.UniqueConstraint("programme_id", "code"),)
    # A number, for it stands in every row and every cell below.
    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=True)
    programme_id: Mapped[str] = mapped_column(sa.ForeignKey("programmes.id"))
    code: Mapped[str] = mapped_column(sa.String(64))
    position: Mapped[int]  # in the file: the order in which pages show them
    declaration: Mapped[dict[str, Any]] = mapped_column(Json)  # as docs/indicators.md says
    digest: Mapped[str] = mapped_column(sa.String(64))  # of what its rows depend on: another digest counts afresh
    cursor: Mapped[int] = mapped_column(sa.BigInteger)  # changes up to this number are in its rows
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when everything was in them; none: never yet
    numbered: Mapped[int] = mapped_column(sa.Integer, default=0)  # the last number that a person of its rows was given
    # Targets set by hand, oldest first: [{"at", "by", "was", "now", "follows"}] (targets.py). A new declaration leaves them.
    targets: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)


class IndicatorRow(Model):
    """A row behind a figure: a submission, a row of its repeat, or a record.

    It copies what perimeters ask of its source (organisation, place, author), so that a figure and its rows agree.
    """

    __tablename__ = "indicator_rows"
    __table_args__ = (
        sa.Index("ix_indicator_rows_source", "source_id", "indicator_id"),
        sa.Index("ix_indicator_rows_author", "indicator_id", "author_id"),
        sa.Index("ix_indicator_rows_value", "indicator_id", "value"),
        sa.Index("ix_indicator_rows_place", "indicator_id", "territory", "day"),
        # What few rows say is found without reading the others; most say nothing of the third and fourth question. Many choices
        # at once, which nobody looks for whole, may be more than PostgreSQL takes into an index (2,700 bytes).
        *(
            sa.Index(
                f"ix_indicator_rows_by_{n}",
                "indicator_id",
                f"by_{n}",
                "day",
                sqlite_where=sa.text(f"by_{n} <> '' AND length(by_{n}) <= 80"),
                postgresql_where=sa.text(f"by_{n} <> '' AND length(by_{n}) <= 80"),
            )
            for n in range(1, MOST_BY + 1)
        ),
        sa.Index(
            "ix_indicator_rows_identity",
            "identity",
            "indicator_id",
            sqlite_where=sa.text("identity IS NOT NULL"),
            postgresql_where=sa.text("identity IS NOT NULL"),
        ),
        sa.Index(
            "ix_indicator_rows_said",
            "said",
            sqlite_where=sa.text("said IS NOT NULL"),
            postgresql_where=sa.text("said IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},  # read by the key, a stretch of an indicator at a time
    )
    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("indicators.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)  # of the submission, or of the record
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # in its repeat, from 1; 0: the form, a record
    organisation_id: Mapped[str | None] = mapped_column(sa.String(36))
    territory: Mapped[str | None] = mapped_column(PLACE)
    author_id: Mapped[str | None] = mapped_column(sa.String(36))
    said: Mapped[str | None] = mapped_column(sa.String(80))  # the record that a distinct count goes by, as the answer names it
    identity: Mapped[str | None] = mapped_column(sa.String(80))  # the same, after merges
    value: Mapped[int | None] = mapped_column(sa.BigInteger)  # as people read it, × SCALE
    total: Mapped[int] = mapped_column(sa.BigInteger)  # what it adds to the sum, × SCALE
    weight: Mapped[int] = mapped_column(sa.BigInteger)  # what it adds to the divisor, × SCALE
    squares: Mapped[float] = mapped_column(sa.Float)  # weight × value², for the deviation
    by_1: Mapped[str] = mapped_column(sa.Text, default="")  # values of the questions it is split by; several: spaces between
    by_2: Mapped[str] = mapped_column(sa.Text, default="")
    by_3: Mapped[str] = mapped_column(sa.Text, default="")
    by_4: Mapped[str] = mapped_column(sa.Text, default="")
    # A number for `identity` in this indicator, for sets of persons (people.py). Rows alone know whose it is: where the last of
    # hers goes, or is made nobody's, it means nobody.
    person: Mapped[int | None] = mapped_column(sa.Integer)


class IndicatorCell(Model):
    """Sums of rows, one row here for each organisation, place and month there is, alone and two at a time.

    `shape` says which of the three are fixed: "" none, "o", "m", "om", and with the level of the place "p2", "op2", "p2m" (1 a
    region, 2 a province, 4 a commune); of distinct counts also a day, "d" and "od". What is not fixed is "", what a row has not
    is "-". `dim` "" is all rows, else the question that `key` is a value of. `bucket` holds values of medians apart
    (counting.py).
    """

    __tablename__ = "indicator_cells"
    __table_args__ = ({"sqlite_with_rowid": False},)
    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("indicators.id"), primary_key=True, autoincrement=False)
    dim: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    shape: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    month: Mapped[str] = mapped_column(MONTH, primary_key=True)
    place: Mapped[str] = mapped_column(PLACE, primary_key=True)
    organisation: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    bucket: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)
    total: Mapped[int] = mapped_column(sa.BigInteger)
    weight: Mapped[int] = mapped_column(sa.BigInteger)
    squares: Mapped[float] = mapped_column(sa.Float)
    persons: Mapped[int] = mapped_column(sa.BigInteger)  # distinct, each once in this cell
    # Who they are, of cells that figures join (counting.has_people); none: nobody is named in it.
    people: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


BY_COLUMNS = tuple(getattr(IndicatorRow, f"by_{n}") for n in range(1, MOST_BY + 1))
