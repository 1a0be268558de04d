"""What a browser saves and never opens by itself: attachments, and messages as they came in."""

from urllib.parse import quote

from fastapi import HTTPException, Request, Response
from sqlmodel import col, select

from postroom.desk.queries.holding_pen import original_aside
from postroom.desk.rendering import page
from postroom.desk.rights import Visitor
from postroom.desk.surroundings import Desk
from postroom.intake.attachment_danger import Look, look
from postroom.intake.file_names import safe_name
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Attachment, Message, Scan
from postroom.models.officer import Role, SealedView
from postroom.models.raw_message import RawMessage

UNKNOWN = "application/octet-stream"
SAFE_TYPES = frozenset("application/pdf image/gif image/jpeg image/png image/webp".split())
"""Types that are named to the browser where the bytes show them; everything else is only bytes."""
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


def attachment(
    request: Request, desk: Desk, visitor: Visitor, reference: str, message_id: int, position: int, anyway: str = ""
) -> Response:
    """An attachment. One that may do harm is handed out on a second request alone, which says so; one with a virus to
    administrators alone."""
    query = (
        select(Attachment, RawMessage.content)
        .join(Message, col(Message.id) == Attachment.message_id)
        .join(RawMessage, col(RawMessage.id) == Message.raw_message_id)
        .join(Case, col(Case.id) == Message.case_id)
        .where(Case.reference == reference, Message.id == message_id, Attachment.position == position)
    )
    with open_session(desk.engine, read_only=True) as session:
        found = session.exec(query).first()
    if found is None:
        raise HTTPException(404)
    file, raw = found
    content = _content(raw, position)
    seen = look(file.name, file.content_type, content)
    locked = file.scan == Scan.INFECTED and visitor.role != Role.ADMINISTRATOR
    if locked or ((seen.danger or file.scan == Scan.INFECTED) and anyway != "yes"):
        return _warning(request, reference, file, seen, locked=locked)
    type_ = seen.type if seen.type in SAFE_TYPES and not seen.danger else UNKNOWN
    return saved(content, file.name or "attachment", type_)


def original_on_case(request: Request, desk: Desk, visitor: Visitor, reference: str, message_id: int) -> Response:
    """A message on a case as it came in. Where a virus is in it, it is for administrators alone."""
    query = (
        select(RawMessage.content)
        .join(Message, col(Message.raw_message_id) == RawMessage.id)
        .join(Case, col(Case.id) == Message.case_id)
        .where(Case.reference == reference, Message.id == message_id)
    )
    infected = select(Attachment).where(Attachment.message_id == message_id, Attachment.scan == Scan.INFECTED)
    with open_session(desk.engine, read_only=True) as session:
        raw, virus = session.exec(query).first(), session.exec(infected).first()
    if raw is None:
        raise HTTPException(404)
    if virus is not None and visitor.role != Role.ADMINISTRATOR:
        return _warning(request, reference, virus, Look(virus.sniffed_type, virus.danger), locked=True)
    return saved(raw, f"{reference}-{message_id}.eml")


def original(desk: Desk, visitor: Visitor, raw_message_id: int) -> Response:
    """A held message, a duplicate or machine mail as it came in. Where it may be about a sealed case, the look is
    recorded there."""
    found = original_aside(desk.engine, raw_message_id, visitor, desk.settings)
    if found is None:
        raise HTTPException(404)
    if found.sealed_case_id is not None:
        with open_session(desk.engine) as session:
            session.add(SealedView(case_id=found.sealed_case_id, officer_id=visitor.officer_id, at=desk.now()))
            session.commit()
    return saved(found.content, f"message-{raw_message_id}.eml")


def saved(content: bytes, name: str, media_type: str = UNKNOWN) -> Response:
    """`content` to be saved as a file called `name` (RFC 6266), which a browser shows nowhere."""
    name = safe_name(name) or "attachment"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Security-Policy": SANDBOX,
        },
    )


def _content(raw: bytes, position: int) -> bytes:
    from postroom.intake.parse import attachment_content  # slow to load

    try:
        return attachment_content(raw, position)
    except IndexError:  # the message was read by an earlier version, which found more in it
        raise HTTPException(404) from None


def _warning(request: Request, reference: str, file: Attachment, seen: Look, *, locked: bool) -> Response:
    infected = file.scan == Scan.INFECTED
    return page(
        request,
        "attachment.html",
        403 if locked else 200,
        heading="This attachment holds a virus" if infected else "This attachment may do harm",
        reference=reference,
        file=file,
        seen=seen,
        infected=infected,
        locked=locked,
    )
