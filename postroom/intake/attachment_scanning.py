"""The attachment worker: looks at each attachment's bytes, and has clamd scan them where it is configured.

It runs behind filing and beside everything else: where it stands still, messages are filed and read as ever, and their
attachments show as not scanned yet.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Engine, exists, update
from sqlmodel import col, select

from postroom.intake.attachment_danger import look
from postroom.intake.clamd import Scanned, scan_bytes
from postroom.intake.parse import attached_files
from postroom.models.database import open_session
from postroom.models.failures import Unreachable
from postroom.models.large_content import read_content
from postroom.models.message import Attachment, AttachmentCheck, CheckState, Message, Scan
from postroom.models.queues import claim
from postroom.models.settings import Settings

log = logging.getLogger(__name__)

SCANNER_AWAY = timedelta(minutes=1)
"""How long a message waits after the scanner did not answer."""


def scan_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Look at one message's attachments and have them scanned; False where none is due.

    Raises `Unreachable` where the scanner does not answer: the message is tried again, however long that takes.
    """
    message_id = claim(engine, AttachmentCheck, CheckState.WAITING, now, settings.workers.lease)
    if message_id is None:
        return False
    with open_session(engine, read_only=True) as session:
        attempts = session.get_one(AttachmentCheck, message_id).attempts
    if attempts > settings.intake.attempts:
        _give_up(engine, message_id)
        return True
    try:
        _check(engine, message_id, settings)
    except Unreachable:
        _wait_for_scanner(engine, message_id, now)
        raise
    return True


def scan_what_was_not(engine: Engine, now: datetime) -> None:
    """Let all wait that came in before a scanner was configured. To be called when the worker starts."""
    unscanned = exists().where(
        col(Attachment.message_id) == AttachmentCheck.message_id, col(Attachment.scan) == Scan.NOT_YET
    )
    with open_session(engine) as session:
        session.connection().execute(
            update(AttachmentCheck)
            .where(col(AttachmentCheck.state) == CheckState.DONE, unscanned)
            .values(state=CheckState.WAITING, attempts=0, not_before=now)
        )
        session.commit()


def _check(engine: Engine, message_id: int, settings: Settings) -> None:
    with open_session(engine, read_only=True) as session:
        attachments = session.exec(
            select(Attachment).where(Attachment.message_id == message_id).order_by(col(Attachment.position))
        ).all()
        raw_message_id = session.exec(select(Message.raw_message_id).where(Message.id == message_id)).one()
        raw = read_content(session.connection(), raw_message_id)
    files = attached_files(raw) if attachments else ()
    for attachment in attachments:
        if attachment.scan == Scan.NOT_YET and not (attachment.sniffed_type and settings.intake.clamd is None):
            _check_attachment(engine, attachment, files[attachment.position].read(), settings)
    _end(engine, message_id)


def _check_attachment(engine: Engine, attachment: Attachment, content: bytes, settings: Settings) -> None:
    """What a look shows is kept before the scanner is asked, which may be away."""
    seen = look(attachment.name, attachment.content_type, content)
    _keep(engine, attachment, sniffed_type=seen.type, danger=seen.danger)
    if settings.intake.clamd is not None:
        scanned = scan_bytes(content, settings.intake.clamd)
        if scanned.scan == Scan.INFECTED:
            log.warning("attachment %d of message %d: %s", attachment.position, attachment.message_id, scanned.detail)
        _keep_scan(engine, attachment, scanned)


def _keep_scan(engine: Engine, attachment: Attachment, scanned: Scanned) -> None:
    _keep(engine, attachment, scan=scanned.scan, scan_detail=scanned.detail)


def _keep(engine: Engine, attachment: Attachment, **values: str) -> None:
    with open_session(engine) as session:
        session.connection().execute(update(Attachment).where(col(Attachment.id) == attachment.id).values(**values))
        session.commit()


def _end(engine: Engine, message_id: int) -> None:
    with open_session(engine) as session:
        check = session.get(AttachmentCheck, message_id)
        if check is not None:  # an officer may have released the message meanwhile
            check.state = CheckState.DONE
            session.add(check)
            session.commit()


def _wait_for_scanner(engine: Engine, message_id: int, now: datetime) -> None:
    with open_session(engine) as session:
        check = session.get(AttachmentCheck, message_id)
        if check is not None:
            check.attempts, check.not_before = 0, now + SCANNER_AWAY
            session.add(check)
            session.commit()


def _give_up(engine: Engine, message_id: int) -> None:
    """Every attempt broke off: the attachments stay as they are, and say so."""
    with open_session(engine) as session:
        session.connection().execute(
            update(Attachment)
            .where(col(Attachment.message_id) == message_id, col(Attachment.scan) == Scan.NOT_YET)
            .values(scan=Scan.NOT_SCANNED, scan_detail="every attempt to look at it broke off")
        )
        session.commit()
    _end(engine, message_id)
