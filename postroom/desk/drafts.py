"""Letters that were begun and are not sent yet: kept with all that was typed, for every officer who may write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from postroom.models.case import Case
from postroom.models.desk_work import LetterDraft
from postroom.models.failures import NotFound
from postroom.models.officer import Officer


@dataclass(frozen=True)
class Draft:
    """A letter that is not sent yet. `form` is the path of its form, `stage` that of the case which it is about, `name`
    who kept it last, `version` how often it was kept, and `boxes` what was typed and chosen."""

    id: int
    form: str
    stage: str
    officer_id: int
    name: str
    kept_at: datetime
    version: int
    boxes: Mapping[str, str]

    @property
    def text(self) -> str:
        """The letter itself; empty where only its questions are answered yet."""
        return self.boxes.get("text", "")


def drafts_of(session: Session, case: Case) -> tuple[Draft, ...]:
    """The drafts about a case, the newest first."""
    query = (
        select(LetterDraft, Officer.name)
        .join(Officer, col(Officer.id) == LetterDraft.officer_id)
        .where(LetterDraft.case_id == case.id)
        .order_by(col(LetterDraft.kept_at).desc(), col(LetterDraft.id).desc())
    )
    return tuple(_draft(row, name) for row, name in session.exec(query))


def draft_for(session: Session, case: Case, form: str) -> Draft | None:
    """The draft of one form about the stage that the case is in."""
    return next((each for each in drafts_of(session, case) if (each.form, each.stage) == (form, case.stage)), None)


def draft_called(session: Session, case: Case, draft_id: int) -> Draft:
    """A draft about a case. Raises `NotFound`, also where it is about another."""
    found = next((each for each in drafts_of(session, case) if each.id == draft_id), None)
    if found is None:
        raise NotFound("There is no such draft: it was sent or discarded.")
    return found


def keep(session: Session, case: Case, form: str, boxes: Mapping[str, str], *, officer_id: int, now: datetime) -> None:
    """Keep what was typed as the draft of a form, in place of what was kept before. The caller commits."""
    held = select(Case.id).where(Case.id == case.id).with_for_update()  # so that two can't begin the same draft
    session.exec(held).one()
    query = select(LetterDraft).where(
        LetterDraft.case_id == case.id, LetterDraft.stage == case.stage, LetterDraft.form == form
    )
    row = session.exec(query).first()
    if row is None:
        assert case.id is not None
        row = LetterDraft(case_id=case.id, stage=case.stage, form=form, officer_id=officer_id, boxes={}, begun_at=now)
        row.version = 0
    row.boxes, row.officer_id, row.kept_at, row.version = dict(boxes), officer_id, now, row.version + 1
    session.add(row)
    session.flush()


def discard(session: Session, draft: Draft | None) -> None:
    """Forget a draft, as once its letter is sent. The caller commits."""
    if draft is not None:
        session.connection().execute(delete(LetterDraft).where(col(LetterDraft.id) == draft.id))


def _draft(row: LetterDraft, name: str) -> Draft:
    assert row.id is not None
    return Draft(row.id, row.form, row.stage, row.officer_id, name, row.kept_at, row.version, row.boxes)
