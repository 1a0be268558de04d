"""What the desk's scripts ask for: whether anything changed, who else has a case open, and what they did to it."""

import hmac

from fastapi.responses import JSONResponse
from sqlmodel import func, select

from postroom.desk import presence
from postroom.desk.queries.changes import changed_since
from postroom.desk.queries.sight import find_visible
from postroom.desk.rights import Form, Visitor
from postroom.desk.surroundings import Desk
from postroom.models.case import Case, CaseStatus, Event
from postroom.models.database import open_session
from postroom.models.desk_work import CaseOpened
from postroom.models.message import Suggestion


def pulse(desk: Desk) -> JSONResponse:
    """A word that is another whenever a case changed, was suggested for or opened. It says nothing else: not even how
    much there is that the visitor may not see."""
    with open_session(desk.engine, read_only=True) as session:
        event = session.exec(select(func.max(Event.id))).one()
        suggestion = session.exec(select(func.max(Suggestion.id))).one()
        seen = session.exec(
            select(func.max(CaseOpened.seen_at)).join(Case).where(Case.status == CaseStatus.AWAITING)
        ).one()
    said = f"{event or 0}-{suggestion or 0}-{seen.timestamp() if seen else 0:.0f}"
    key = desk.settings.signing_key.read().encode()
    return JSONResponse({"pulse": hmac.new(key, f"pulse:{said}".encode(), "sha256").hexdigest()[:16]})


def still_here(desk: Desk, visitor: Visitor, form: Form, reference: str) -> JSONResponse:
    """A page of a case is still open, or was left; answers with who else has the case open, and what was changed since
    the version that the page shows."""
    found = find_visible(desk.engine, reference, visitor, desk.settings)
    assert found is not None
    case_id, now = found[0], desk.now()
    note = presence.note_left if form.get("left") == "yes" else presence.note_still_open
    note(desk.engine, case_id, visitor.officer_id, now)
    with open_session(desk.engine, read_only=True) as session:
        others = presence.others(session, [case_id], visitor.officer_id, now)
        case = session.get_one(Case, case_id)
        since = changed_since(session, case, form.get("version", str(case.version)), visitor.officer_id)
    changed = since.words("this case", now, desk.calendar) if since else ""
    return JSONResponse({"others": [other.name for other in others.get(case_id, ())], "changed": changed})
