"""What a submission is called: its title, and for a reader of French the Latin name of its record in front."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from app.core.db import db
from app.registry.models import Entity, EntityVersion
from app.registry.names import in_both_scripts, latin_name
from app.submissions.models import Submission


def titles_of(submissions: Sequence[Submission], may_see: sa.ColumnElement[bool], language: str) -> dict[str, str]:
    """Titles by id, "" where there is none; `may_see` bounds the records that lend their names."""
    latin: dict[str, str] = {}
    if language == "fr":
        subjects = sa.select(Entity.id, Entity.data).where(
            may_see, Entity.id.in_({one.subject_id for one in submissions if one.subject_id})
        )
        by_subject = {key: latin_name(data) for key, data in db.session.execute(subjects)}
        latin = {one.id: by_subject.get(one.subject_id or "", "") for one in submissions}
        registered = (
            sa.select(EntityVersion.submission_id, Entity.data)
            .join(Entity, Entity.id == EntityVersion.entity_id)
            .where(may_see, EntityVersion.version == 1, EntityVersion.submission_id.in_([one.id for one in submissions]))
        )
        for key, data in db.session.execute(registered):
            if key and not latin.get(key):
                latin[key] = latin_name(data)
    return {one.id: in_both_scripts(one.title, latin.get(one.id, ""), language) if one.title else "" for one in submissions}
