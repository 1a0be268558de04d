"""The letter that would go out if a case were confirmed so: tried out, and nothing of it stays. And whether one comes
by itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, or_, select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, Permanent
from postroom.models.outgoing_mail import Bounce, MailState, OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.acknowledgements import letter_of
from postroom.notifications.case_letters import reach_of
from postroom.notifications.layout import Block, blocks
from postroom.notifications.owed import CaseFacts, LetterOwed, NothingOwed, Purpose, letter_owed


@dataclass(frozen=True)
class Preview:
    """A letter as it would be written now, or in `none` why there is none."""

    recipient: str = ""
    subject: str = ""
    text: tuple[Block, ...] = ()
    none: str = ""


def acknowledgement_if(
    engine: Engine, case_id: int, labels: Labels, *, officer_id: int, settings: Settings, now: datetime
) -> Preview:
    """The acknowledgement of a case, or the letter that names where to go instead, if it were confirmed as `labels`."""
    with open_session(engine) as session:
        try:
            case = cases.confirm(session, case_id, labels, officer_id=officer_id, settings=settings, now=now)
            owed = letter_owed(_facts(session, case, case_id), settings)
            if isinstance(owed, NothingOwed):
                return Preview(none=owed.reason)
            letter = letter_of(session, case, owed, settings, now)
            return Preview(owed.way.recipient, letter.subject, tuple(blocks(letter.text)))
        except (ImpossibleMove, Permanent) as refused:
            return Preview(none=str(refused))
        finally:
            session.rollback()


def acknowledges_itself(session: Session, case: Case, settings: Settings) -> bool:
    """Whether our letter acknowledges the stage that an open case is in, so that nobody need do it: one that could not
    be delivered does not."""
    assert case.id is not None
    failed = select(OutgoingMail.id).where(
        OutgoingMail.case_id == case.id,
        OutgoingMail.purpose == Purpose.ACKNOWLEDGEMENT,
        OutgoingMail.stage == case.stage,
        or_(OutgoingMail.state == MailState.DEAD, OutgoingMail.bounce_kind == Bounce.HARD),
    )
    if session.exec(failed.limit(1)).first() is not None:
        return False
    return isinstance(letter_owed(_facts(session, case, case.id), settings), LetterOwed)


def _facts(session: Session, case: Case, case_id: int) -> CaseFacts:
    return CaseFacts(
        case_id=case_id,
        open=case.status == CaseStatus.OPEN,
        acknowledged=case.acknowledged_at is not None,
        procedure=case.procedure,
        stage=case.stage,
        exclusion=case.exclusion,
        reach=reach_of(session, case, cases.first_message(session, case)),
    )
