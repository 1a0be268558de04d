"""The page of a form of a case, and what happens when it is sent: one view of each for every form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from fastapi import Request, Response
from sqlmodel import Session

from postroom.casework.history import ChangedMeanwhile
from postroom.casework.reading import check_move, find_case
from postroom.desk.forms.fields import Given, filled, wrong_in
from postroom.desk.forms.form import CaseForm, Ground, Sheet
from postroom.desk.forms.letters import LETTER, open_letters
from postroom.desk.pages.case import case_response
from postroom.desk.pages.labels import Problem
from postroom.desk.queries.sight import find_visible, visible_id
from postroom.desk.rendering import go_to, page
from postroom.desk.rights import CSRF_FIELD, Form, Visitor
from postroom.desk.sessions import SignedIn
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.notifications.layout import blocks
from postroom.notifications.officer_letters import send as send_letter
from postroom.notifications.owed import Purpose
from postroom.notifications.preview import Preview, preview, preview_of_draft

View = Callable[..., Response]


@dataclass(frozen=True)
class _Shown:
    """A form as its page shows it. `wrong`: the fields' names with what is wrong; "" for the whole form. `letter` is
    that of the second page of a form with one, where `kept` is what was answered on the first."""

    case: Case
    sheet: Sheet
    boxes: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    letter: Preview | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    looked_at: bool = False


def show_form(form: CaseForm) -> View:
    """The view that shows a form; the case's page with the reason where the case does not allow the move."""

    def show(request: Request, desk: Desk, visitor: Visitor) -> Response:
        reference = request.path_params["reference"]
        try:
            with open_session(desk.engine, read_only=not form.tries) as session:
                ground = _ground(request, session, desk, visitor)
                _check(form, ground)
                sheet = form.sheet(ground)
                if form.letter is not None and not sheet.fields:
                    shown = _letter_page(ground, form.letter, {})
                else:
                    shown = _Shown(ground.case, sheet, filled(sheet.fields))
                session.expunge_all()
        except ImpossibleMove as refused:
            return _not_now(request, desk, visitor, reference, refused)
        return _form_page(request, form, shown)

    return show


def send_form(form: CaseForm) -> View:
    """The view that a form is sent to: does it, or shows the form again with what is wrong and what stood in it."""

    def send(request: Request, desk: Desk, visitor: Visitor, boxes: Form) -> Response:
        reference = request.path_params["reference"]
        try:
            sent = _send(form, request, desk, visitor, boxes)
        except ImpossibleMove as refused:
            return _not_now(request, desk, visitor, reference, refused, _typed(boxes))
        if isinstance(sent, _Shown):
            return _form_page(request, form, sent)
        if find_visible(desk.engine, reference, visitor, desk.settings) is None:
            return go_to("/", "out-of-sight", reference)
        return go_to(f"/cases/{reference}/{form.back}".rstrip("/"), form.done, sent or reference)

    return send


def _send(
    form: CaseForm, request: Request, desk: Surroundings, visitor: SignedIn, boxes: Mapping[str, str]
) -> _Shown | str:
    """Make the move and commit it, or say what is wrong. Raises `ImpossibleMove` where the case does not allow it."""
    with open_session(desk.engine) as session:
        ground = _ground(request, session, desk, visitor)
        _check(form, ground)
        sheet = form.sheet(ground)
        seen = boxes.get("version", str(ground.case.version))
        if seen != str(ground.case.version):
            return _refused(
                ground, sheet, boxes, {"": f"{_changed(ground.case)} Look at it again, then send this."}, 409
            )
        wrong = wrong_in(sheet.fields, boxes)
        if wrong:
            return _refused(ground, sheet, boxes, wrong)
        try:
            about = form.act(ground, sheet, Given(boxes))
            letter = _send_letter(ground, form.letter, boxes) if form.letter else None
            if letter is not None:
                session.rollback()
                return replace(letter, case=_as_it_is(ground))
            session.commit()
        except ImpossibleMove as refused:
            session.rollback()
            return _refused(ground, sheet, boxes, {form.blamed(str(refused), sheet): str(refused)})
        except ChangedMeanwhile as changed:
            session.rollback()
            return _refused(ground, sheet, boxes, {"": str(changed)}, 409)
    return about


def _send_letter(ground: Ground, purpose: Purpose, boxes: Mapping[str, str]) -> _Shown | None:
    """Send the letter that goes with the move just made; or its page, where it is not written yet, is to be looked at
    first, or lacks something."""
    if "text" not in boxes:
        return _letter_page(ground, purpose, boxes)
    wrong = wrong_in(LETTER.fields, boxes)
    if wrong or boxes.get("then") == "preview":
        return _letter_page(ground, purpose, boxes, wrong)
    given = Given(boxes)
    try:
        send_letter(ground.session, ground.case, purpose, given.text("subject"), given.text("text"), **ground.by)
    except ImpossibleMove as refused:
        return _letter_page(ground, purpose, boxes, {"text": str(refused)})
    return None


def _letter_page(
    ground: Ground, purpose: Purpose, boxes: Mapping[str, str], wrong: Mapping[str, str] | None = None
) -> _Shown:
    """The page of a letter: from its template, or as `boxes` hold it."""
    session, case, settings, now = ground.session, ground.case, ground.settings, ground.now
    officer_id = ground.visitor.officer_id
    begun = "text" in boxes
    if begun:
        subject, text = boxes.get("subject", ""), boxes["text"]
        letter = preview_of_draft(session, case, purpose, subject, text, settings, now, officer_id=officer_id)
    else:
        letter = preview(session, case, purpose, settings, now, officer_id=officer_id)
    kept = {name: value for name, value in boxes.items() if name not in _NOT_KEPT}
    words = {"subject": letter.subject, "text": letter.text}
    return _Shown(case, LETTER, words, wrong or {}, 422 if wrong else 200, letter, kept, begun)


_NOT_KEPT = (CSRF_FIELD, "version", "then", "subject", "text")


def _refused(
    ground: Ground, sheet: Sheet, boxes: Mapping[str, str], wrong: Mapping[str, str], status: int = 422
) -> _Shown:
    return _Shown(_as_it_is(ground), sheet, boxes, wrong, status)


def _as_it_is(ground: Ground) -> Case:
    """The case for the page, read anew where what was tried is taken back."""
    case = find_case(ground.session, ground.case_id)
    ground.session.expunge_all()
    return case


def _ground(request: Request, session: Session, desk: Surroundings, visitor: SignedIn) -> Ground:
    case_id = visible_id(session, request.path_params["reference"], visitor, desk.settings)
    item = request.path_params.get("item", "0")
    if case_id is None or not (item.isascii() and item.isdigit() and len(item) < 10):
        raise NotFound("There is no such page.")
    case = find_case(session, case_id)
    return Ground(session, case, desk.settings, desk.calendar, desk.now(), visitor, int(item))


def _check(form: CaseForm, ground: Ground) -> None:
    if form.move is not None:
        check_move(
            ground.session,
            ground.case,
            form.move,
            settings=ground.settings,
            officer_id=ground.visitor.officer_id,
            role=ground.visitor.role,
        )
    elif form.letter and form.letter not in open_letters(ground.session, ground.case, ground.settings, ground.now):
        raise ImpossibleMove("There is no such letter to be written about this case now.")


def _changed(case: Case) -> str:
    return f"{case.reference} was changed by somebody else while you wrote."


def _not_now(
    request: Request,
    desk: Surroundings,
    visitor: SignedIn,
    reference: str,
    refused: ImpossibleMove,
    typed: str = "",
) -> Response:
    return case_response(request, desk, visitor, reference, Problem("moves", "moves", str(refused), words=typed))


def _typed(boxes: Mapping[str, str]) -> str:
    """The words that somebody typed into a form, to be kept where the form can't be shown again."""
    return "\n\n".join(value.strip() for value in boxes.values() if " " in value.strip())


def _form_page(request: Request, form: CaseForm, shown: _Shown) -> Response:
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
        looked_at=blocks(shown.letter.text) if shown.letter and shown.looked_at else [],
        errors=[{"text": text, "href": f"#{anchors.get(name, 'form')}"} for name, text in shown.wrong.items()],
    )
