"""The page of a form of a case: what it shows, and how it comes back with what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import Request, Response
from sqlmodel import Session, select

from postroom.casework.reading import find_case
from postroom.desk import presence
from postroom.desk.drafts import Draft
from postroom.desk.forms.form import CaseForm, Ground, Sheet
from postroom.desk.rendering import page
from postroom.desk.sessions import SignedIn
from postroom.desk.surroundings import Surroundings
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message, opening_first
from postroom.notifications.layout import blocks
from postroom.notifications.preview import Preview


@dataclass(frozen=True)
class Shown:
    """A form as its page shows it. `wrong`: the fields' names with what is wrong; "" for the whole form. `letter` is
    that of the second page of a form with one. `kept` is what was answered on the other page. `draft`: what is kept of
    it; `theirs`: what somebody else kept while this was written."""

    case: Case
    sheet: Sheet
    boxes: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    letter: Preview | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    looked_at: bool = False
    draft: Draft | None = None
    theirs: Draft | None = None


WORDS = ("subject", "text")
"""The boxes of a letter itself."""


def refused(
    ground: Ground,
    sheet: Sheet,
    boxes: Mapping[str, str],
    wrong: Mapping[str, str],
    status: int = 422,
    draft: Draft | None = None,
) -> Shown:
    """The form with what stood in it. A letter that was written already goes along unseen."""
    kept = {name: boxes[name] for name in WORDS if name in boxes and name not in {each.name for each in sheet.fields}}
    return Shown(as_it_is(ground), sheet, boxes, wrong, status, kept=kept, draft=draft)


def as_it_is(ground: Ground) -> Case:
    """The case for the page, read anew where what was tried is taken back."""
    case = find_case(ground.session, ground.case_id)
    ground.session.expunge_all()
    return case


def form_page(request: Request, desk: Surroundings, visitor: SignedIn, form: CaseForm, shown: Shown) -> Response:
    """Render it. It is noted that `visitor` has the case open."""
    case_id, now = shown.case.id, desk.now()
    assert case_id is not None
    presence.note_still_open(desk.engine, case_id, visitor.officer_id, now)
    with open_session(desk.engine, read_only=True) as session:
        open_with = presence.others(session, [case_id], visitor.officer_id, now).get(case_id, ())
        answered = _messages(session, case_id) if shown.letter else []
    anchors = {each.name: each.anchor for each in shown.sheet.fields}
    return page(
        request,
        "form.html",
        shown.status,
        heading=form.title,
        form=form,
        address=request.url.path,
        case=shown.case,
        sheet=shown.sheet,
        boxes=shown.boxes,
        wrong=shown.wrong,
        letter=shown.letter,
        kept=shown.kept,
        draft=shown.draft,
        theirs=shown.theirs,
        open_with=open_with,
        answered=answered,
        works=True,
        looked_at=blocks(shown.letter.text) if shown.letter and shown.looked_at else [],
        errors=[{"text": text, "href": f"#{anchors.get(name, 'form')}"} for name, text in shown.wrong.items()],
    )


def _messages(session: Session, case_id: int) -> list[Message]:
    """What was written about the case, to be read beside the letter that answers it; the newest first."""
    return list(session.exec(select(Message).where(Message.case_id == case_id).order_by(*opening_first())))[::-1]
