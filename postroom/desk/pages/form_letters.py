"""The second page of a form with a letter: written from its template or from what was kept, looked at, and sent."""

from collections.abc import Mapping
from dataclasses import replace

from postroom.desk import drafts
from postroom.desk.drafts import Draft
from postroom.desk.forms.fields import Given, wrong_in
from postroom.desk.forms.form import Ground
from postroom.desk.forms.letters import LETTER
from postroom.desk.pages.form_page import WORDS, Shown
from postroom.desk.rights import CSRF_FIELD
from postroom.desk.wording import when
from postroom.models.failures import ImpossibleMove
from postroom.notifications.decisions import TOLD, ours_from
from postroom.notifications.officer_letters import send
from postroom.notifications.owed import Purpose
from postroom.notifications.preview import preview, preview_of_draft

_NOT_TYPED = (CSRF_FIELD, "version", "draft", "then")


def begun(boxes: Mapping[str, str]) -> bool:
    """Whether there is something to be kept: a letter, or answers that somebody wants kept."""
    return bool(boxes.get("text", "").strip()) or boxes.get("then") == "keep"


def keep(ground: Ground, path: str, boxes: Mapping[str, str]) -> Draft | None:
    """Keep what was typed as a draft, but where somebody else kept another meanwhile. What is the draft now."""
    session, case = ground.session, ground.case
    if not _newer(drafts.draft_for(session, case, path), boxes):
        typed = {name: value for name, value in boxes.items() if name not in _NOT_TYPED}
        drafts.keep(session, case, path, typed, officer_id=ground.visitor.officer_id, now=ground.now)
    return drafts.draft_for(session, case, path)


def send_letter(
    ground: Ground, purpose: Purpose, boxes: Mapping[str, str], draft: Draft | None, changed: str
) -> Shown | None:
    """Send the letter that goes with the move just made; or its page, where it is not written yet, is to be looked at
    first, or lacks something. `changed` says what somebody else changed meanwhile."""
    newer = _newer(draft, boxes)
    stops = changed or (_kept_by(newer, ground) if newer else "")
    wrong = {"": stops} if stops else {}
    if "text" not in boxes or boxes.get("then") == "letter":
        return letter_page(ground, purpose, boxes, draft, wrong)
    wrong = {**wrong, **wrong_in(LETTER.fields, boxes)}
    if wrong or boxes.get("then") in ("preview", "keep"):
        return letter_page(ground, purpose, boxes, draft, wrong, newer)
    given = Given(boxes)
    try:
        send(ground.session, ground.case, purpose, given.text("subject"), given.text("text"), **ground.by)
    except ImpossibleMove as refusal:
        return letter_page(ground, purpose, boxes, draft, {"text": str(refusal)})
    return None


def letter_page(
    ground: Ground,
    purpose: Purpose,
    boxes: Mapping[str, str],
    draft: Draft | None = None,
    wrong: Mapping[str, str] | None = None,
    theirs: Draft | None = None,
) -> Shown:
    """The page of a letter: as `boxes` or a draft hold it, or else from its template."""
    session, case, settings, now = ground.session, ground.case, ground.settings, ground.now
    officer_id = ground.visitor.officer_id
    written = boxes if "text" in boxes else draft.boxes if draft and draft.text else None
    if written is not None:
        subject, text = written.get("subject", ""), written["text"]
        letter = preview_of_draft(session, case, purpose, subject, text, settings, now, officer_id=officer_id)
    else:
        letter = preview(session, case, purpose, settings, now, officer_id=officer_id)
    kept = {name: value for name, value in boxes.items() if name not in (*_NOT_TYPED, *WORDS)}
    words = {"subject": letter.subject, "text": letter.text}
    looked_at = "text" in boxes and boxes.get("then") != "letter"
    status = 409 if wrong and "" in wrong else 422 if wrong else 200
    sheet = replace(LETTER, notes=_hurry(ground, purpose))
    return Shown(case, sheet, words, wrong or {}, status, letter, kept, looked_at, draft, theirs)


def _hurry(ground: Ground, purpose: Purpose) -> tuple[str, ...]:
    """Until when the letter can be sent, where ours goes out otherwise."""
    if purpose not in TOLD:
        return ()
    until = ours_from(ground.session, purpose, ground.settings, ground.now, ground.case_id)
    if until is None:
        return ()
    if until <= ground.now:
        return ("Our own letter may go out at any moment, and then this one can't be sent.",)
    return (f"Send it by {until.astimezone(ground.calendar.zone):%H:%M}. After that our own letter goes out instead.",)


def _newer(draft: Draft | None, boxes: Mapping[str, str]) -> Draft | None:
    """The draft, where it is another than the page showed."""
    return draft if draft and boxes.get("draft", str(draft.version)) != str(draft.version) else None


def _kept_by(draft: Draft, ground: Ground) -> str:
    who = "You" if draft.officer_id == ground.visitor.officer_id else draft.name
    return (
        f"{who} kept another version of this draft {when(draft.kept_at, ground.now, ground.calendar)}. What you wrote "
        "stands below: keep or send it to replace theirs, which stands beside it for you to copy."
    )
