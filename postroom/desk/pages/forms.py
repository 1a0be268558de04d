"""What happens when a form of a case is asked for and when it is sent: one view of each for every form."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from fastapi import Request, Response
from sqlmodel import Session

from postroom.casework.history import ChangedMeanwhile
from postroom.casework.reading import check_move, find_case
from postroom.desk import drafts
from postroom.desk.drafts import Draft
from postroom.desk.forms.fields import Given, filled, wrong_in
from postroom.desk.forms.form import CaseForm, Ground
from postroom.desk.forms.letters import open_letters
from postroom.desk.pages.case import case_response
from postroom.desk.pages.form_letters import begun, keep, letter_page, send_letter
from postroom.desk.pages.form_page import Shown, as_it_is, form_page, refused
from postroom.desk.pages.labels import Problem
from postroom.desk.queries.changes import changed_since
from postroom.desk.queries.sight import find_visible, visible_id
from postroom.desk.rendering import go_to
from postroom.desk.rights import Form, Visitor
from postroom.desk.sessions import SignedIn
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound

View = Callable[..., Response]


def show_form(form: CaseForm) -> View:
    """The view that shows a form, as far as it was filled in before; the case's page with the reason where the case
    does not allow the move."""

    def show(request: Request, desk: Desk, visitor: Visitor) -> Response:
        draft: Draft | None = None
        try:
            with open_session(desk.engine, read_only=not form.tries) as session:
                ground = _ground(request, session, desk, visitor)
                draft = _draft_of(form, ground)
                _check(form, ground)
                if draft is None or not draft.text:
                    shown = _fresh(form, ground, draft)
                session.expunge_all()
            if draft and draft.text:
                sent = _send(form, request, desk, visitor, {**draft.boxes, "then": "letter"})
                assert isinstance(sent, Shown), "a letter that is only looked at was sent"
                shown = sent
        except ImpossibleMove as refusal:
            return _not_now(request, desk, visitor, refusal, draft.boxes if draft else {})
        return form_page(request, desk, visitor, form, shown)

    return show


def send_form(form: CaseForm) -> View:
    """The view that a form is sent to: does it, or shows the form again with what is wrong and what stood in it."""

    def send(request: Request, desk: Desk, visitor: Visitor, boxes: Form) -> Response:
        reference = request.path_params["reference"]
        try:
            if form.letter and begun(boxes):
                kept = _keep(form, request, desk, visitor, boxes)
                if kept and boxes.get("then") == "keep":
                    return go_to(f"/cases/{reference}", "draft-kept", reference)
                boxes = {**boxes, "draft": kept} if kept else boxes
            sent = _send(form, request, desk, visitor, boxes)
        except ImpossibleMove as refusal:
            return _not_now(request, desk, visitor, refusal, boxes)
        if isinstance(sent, Shown):
            return form_page(request, desk, visitor, form, sent)
        if find_visible(desk.engine, reference, visitor, desk.settings) is None:
            return go_to("/", "out-of-sight", reference)
        return go_to(f"/cases/{reference}/{form.back}".rstrip("/"), form.done, sent or reference)

    return send


def _fresh(form: CaseForm, ground: Ground, draft: Draft | None) -> Shown:
    sheet = form.sheet(ground)
    if form.letter is not None and not sheet.fields:
        return letter_page(ground, form.letter, {}, draft)
    return Shown(ground.case, sheet, draft.boxes if draft else filled(sheet.fields), draft=draft)


def _keep(form: CaseForm, request: Request, desk: Surroundings, visitor: SignedIn, boxes: Mapping[str, str]) -> str:
    """Keep a letter as a draft, whatever becomes of it then. Its version; empty where somebody else kept another."""
    with open_session(desk.engine) as session:
        ground = _ground(request, session, desk, visitor)
        before = _draft_of(form, ground)
        after = keep(ground, form.path, boxes)
        session.commit()
    return str(after.version) if after and (before is None or after.version != before.version) else ""


def _send(
    form: CaseForm, request: Request, desk: Surroundings, visitor: SignedIn, boxes: Mapping[str, str]
) -> Shown | str:
    """Make the move and commit it, or say what is wrong. Raises `ImpossibleMove` where the case does not allow it."""
    with open_session(desk.engine) as session:
        ground = _ground(request, session, desk, visitor)
        draft = _draft_of(form, ground)
        _check(form, ground)
        sheet = form.sheet(ground)
        changed = _changed(ground, boxes)
        if changed and not (form.letter and "text" in boxes):
            return refused(ground, sheet, boxes, {"": changed}, 409, draft)
        wrong = wrong_in(sheet.fields, boxes)
        if wrong or boxes.get("then") == "answers":
            return refused(ground, sheet, boxes, wrong, 422 if wrong else 200, draft)
        try:
            about = form.act(ground, sheet, Given(boxes))
            if form.letter:
                letter = send_letter(ground, form.letter, boxes, draft, changed)
                if letter is not None:
                    session.rollback()
                    return replace(letter, case=as_it_is(ground))
                drafts.discard(session, draft)
            session.commit()
        except ImpossibleMove as refusal:
            session.rollback()
            return refused(ground, sheet, boxes, {form.blamed(str(refusal), sheet): str(refusal)}, draft=draft)
        except ChangedMeanwhile as meanwhile:
            session.rollback()
            return refused(ground, sheet, boxes, {"": str(meanwhile)}, 409, draft)
    return about


def _changed(ground: Ground, boxes: Mapping[str, str]) -> str:
    """What somebody changed since the form was shown, in words; empty where nothing did that matters."""
    case = ground.case
    since = changed_since(ground.session, case, boxes.get("version", str(case.version)), ground.visitor.officer_id)
    if since is None:
        return ""
    return f"{since.words(case.reference, ground.now, ground.calendar)} Look at it again, then send this."


def _draft_of(form: CaseForm, ground: Ground) -> Draft | None:
    return drafts.draft_for(ground.session, ground.case, form.path) if form.letter else None


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


def _not_now(
    request: Request, desk: Surroundings, visitor: SignedIn, refusal: ImpossibleMove, boxes: Mapping[str, str]
) -> Response:
    """The case's page with the reason, and with the words that were typed, for they can't be shown where they stood."""
    typed = "\n\n".join(value.strip() for value in boxes.values() if " " in value.strip())
    problem = Problem("moves", "moves", str(refusal), words=typed)
    return case_response(request, desk, visitor, request.path_params["reference"], problem)
