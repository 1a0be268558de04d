"""The letter that would go out if a case were confirmed so: tried out, and nothing of it stays."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.models.case import CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, Permanent
from postroom.models.settings import Settings
from postroom.notifications.acknowledgements import letter_of
from postroom.notifications.case_letters import reach_of
from postroom.notifications.owed import CaseFacts, NothingOwed, letter_owed


@dataclass(frozen=True)
class Preview:
    """A letter as it would be written now, or in `none` why there is none."""

    recipient: str = ""
    subject: str = ""
    text: str = ""
    none: str = ""


def acknowledgement_if(
    engine: Engine, case_id: int, labels: Labels, *, officer_id: int, settings: Settings, now: datetime
) -> Preview:
    """The acknowledgement of a case, or the letter that names where to go instead, if it were confirmed as `labels`."""
    with open_session(engine) as session:
        try:
            case = cases.confirm(session, case_id, labels, officer_id=officer_id, settings=settings, now=now)
            facts = CaseFacts(
                case_id=case_id,
                open=case.status == CaseStatus.OPEN,
                acknowledged=False,
                procedure=case.procedure,
                stage=case.stage,
                exclusion=case.exclusion,
                reach=reach_of(session, case, cases.first_message(session, case)),
            )
            owed = letter_owed(facts, settings)
            if isinstance(owed, NothingOwed):
                return Preview(none=owed.reason)
            letter = letter_of(session, case, owed, settings, now)
            return Preview(owed.way.recipient, letter.subject, letter.text)
        except (ImpossibleMove, Permanent) as refused:
            return Preview(none=str(refused))
        finally:
            session.rollback()
