"""`flask instrument …`: check, publish and list forms from a terminal."""

from __future__ import annotations

from pathlib import Path

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup
from flask_babel import force_locale

from app.core.clock import utcnow
from app.core.db import begin_writing, db
from app.core.languages import LANGUAGES, LOCALES
from app.core.problems import Problem
from app.instruments import matrix, operations, problems, queries
from app.instruments.compiler import Compiled, compile_instrument, library_lists
from app.instruments.files import MAX_LIST_ROWS, MAX_MEDIA_BYTES, TooLong, Unusable, files_beside, sha256_of
from app.instruments.findings import Finding
from app.instruments.workbook import to_xlsx
from app.registry.models import Programme

instrument = AppGroup("instrument", help="Instruments: check an XLSForm, publish it, list what is published.")
LANGUAGE = click.option("--language", type=click.Choice(LANGUAGES), default="ar", show_default=True, help="Of what is said.")
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def _content(file: Path) -> bytes:
    """The file's bytes; no more of them than tell that it is too large."""
    with file.open("rb") as stream:
        return stream.read(int(current_app.config["MAX_XLSFORM_BYTES"]) + 1)


def _beside(file: Path) -> operations.Given:
    """Lists, and pictures, sounds and films of labels, that lie beside a form, in media/ or in <form>-media/."""
    try:
        return operations.Given(*files_beside(file))
    except Unusable as problem:
        if isinstance(problem.__cause__, TooLong):
            raise problems.LIST_TOO_LONG(name=str(problem), rows=problem.__cause__.rows, limit=MAX_LIST_ROWS) from None
        raise problems.FILE_UNREADABLE(name=str(problem), limit=MAX_MEDIA_BYTES // (1024 * 1024)) from None


def _show(findings: list[Finding], language: str) -> None:
    for one in findings:
        where = " ".join(part for part in (one.sheet, str(one.row) if one.row else "", one.column) if part)
        with force_locale(LOCALES[language]):
            click.echo(f"{one.level}{where and ' '}{where}: {one.message} {one.mend}", err=True)


def _fail_on_errors(compiled: Compiled, language: str) -> None:
    _show(compiled.errors + compiled.warnings, language)
    if compiled.errors:
        raise click.ClickException(f"{len(compiled.errors)} error(s): nothing was written.")


def _programme(code: str) -> Programme:
    found = db.session.scalar(sa.select(Programme).where(Programme.code == code))
    if found is None:
        raise click.ClickException(f"There is no programme {code}.")
    return found


@instrument.command("check")
@FILE
@LANGUAGE
@click.option("--package", type=click.Path(dir_okay=False, path_type=Path), help="Write the package that would be published.")
@click.option(
    "--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write the form as an Excel workbook, for other tools."
)
def check(file: Path, package: Path | None, xlsx: Path | None, language: str) -> None:
    """Say what is wrong with a form. Lists and files of labels beside it are read."""
    try:
        given = _beside(file)
    except Problem as problem:
        raise click.ClickException(str(problem)) from None
    compiled = compile_instrument(
        file.name,
        _content(file),
        library_lists() | given.lists,
        max_bytes=int(current_app.config["MAX_XLSFORM_BYTES"]),
        media={name: sha256_of(content) for name, content in given.media.items()},
    )
    _fail_on_errors(compiled, language)
    if package:
        package.write_text(compiled.package_json, "utf-8")
    if xlsx and compiled.workbook:
        xlsx.write_bytes(to_xlsx(compiled.workbook))
    questions = sum(node["kind"] == "question" for node in compiled.package["nodes"])
    click.echo(f"{compiled.package['form_id']} {compiled.package['version']}: {questions} questions, no errors.")


@instrument.command("publish")
@FILE
@LANGUAGE
@click.option("--programme", "code", required=True, help="Code of the programme, such as boulemane.")
def publish(file: Path, code: str, language: str) -> None:
    """Publish a form in a programme. Lists and files of labels beside it are read."""
    programme_id = _programme(code).id
    try:
        checked = operations.check(
            programme_id, file.name, _content(file), _beside(file), int(current_app.config["MAX_XLSFORM_BYTES"])
        )
        _fail_on_errors(checked.compiled, language)
        begin_writing()
        version = operations.publish_checked(None, programme_id, checked, utcnow())
        form_id = version.instrument.form_id
        db.session.commit()
    except Problem as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"{form_id} {version.version} is published in {code}: {version.sha256[:12]}")


@instrument.command("library")
@click.argument("form_ids", nargs=-1)
@click.option("--programme", "code", help="Publish them in this programme; without it they are listed.")
@click.option("--newer", is_flag=True, help="Publish newer versions of those that the programme has, not those that it lacks.")
def publish_library(form_ids: tuple[str, ...], code: str | None, newer: bool) -> None:
    """The forms that come with Daftar. With --programme: publish those of FORM_IDS (all, if none is named) that it lacks.

    --newer leaves out forms that the programme replaced by a file of its own, unless they are named.
    """
    if newer and code is None:
        raise click.UsageError("--newer needs --programme.")
    if code is None:
        for one in queries.library().values():
            click.echo(f"{one.form_id}\t{one.title['fr']}\t{one.title['ar']}")
        return
    programme_id = _programme(code).id
    try:
        if newer:
            offered = queries.library_newer(programme_id)
            for own in (one for one in offered if one.is_own and not form_ids):
                click.echo(f"{own.form.form_id}: {code} has a file of its own ({own.published.version.source_name}); name it.")
            found = operations.check_newer(programme_id, form_ids or [one.form.form_id for one in offered if not one.is_own])
        else:
            found = operations.check_library(programme_id, form_ids or queries.library())
        begin_writing()
        for checked in found:
            version = operations.publish_checked(None, programme_id, checked, utcnow())
            click.echo(f"{version.instrument.form_id} {version.version} is published in {code}.")
        db.session.commit()
    except Problem as problem:
        raise click.ClickException(str(problem)) from None
    if not found:
        click.echo(f"{code} has {'the newest' if newer else 'them already'}: nothing changed.")


@instrument.command("list")
def list_instruments() -> None:
    """One line an instrument: programme, form, current version, whether it is open."""
    for programme in db.session.scalars(sa.select(Programme).order_by(Programme.code)):
        for one in queries.published(programme.id):
            state = "open" if one.instrument.is_open else "closed"
            click.echo("\t".join([programme.code, one.instrument.form_id, one.version.version, state, one.version.sha256[:12]]))


@instrument.command("matrix")
@click.option("--write", is_flag=True, help="Write the section of docs/engine.md again.")
def show_matrix(write: bool) -> None:
    """Every kind of question, appearance, parameter, setting and function: whether it works, and why not."""
    if not write:
        click.echo(matrix.section())
        return
    matrix.PAGE.write_text(matrix.page_with(matrix.PAGE.read_text("utf-8")), "utf-8")
    click.echo(f"{matrix.PAGE.name}: written.")
