"""Letters that officers write at the desk: from their template, as it shows them, with what is theirs to say put in."""

import re

from postroom.models.case import Case
from postroom.notifications import officer_letters
from postroom.notifications.case_letters import last_message, reach_of
from postroom.notifications.owed import Purpose, Way, way_of
from postroom.notifications.preview import preview
from postroom.simulation.office import Office

BY_TELEPHONE = "by telephone"
FOUND = "We looked at what you told us, asked the people who do this work, and read what was written down at the time."

_LEFT_TO_OFFICER = re.compile(r"^[ \t]*\[.*\][ \t]*$", re.MULTILINE)


def can_write(office: Office, case: Case) -> bool:
    """Whether an officer's letter can reach the person of a case."""
    return isinstance(way_of(reach_of(office.session, case, last_message(office.session, case))), Way)


def write(office: Office, case: Case, purpose: Purpose, by: int) -> None:
    """Send a letter with the move that was just made. Raises `ImpossibleMove`, with the reason, where the council's
    template makes a letter that can't be sent."""
    session, settings, now = office.session, office.settings, office.now
    shown = preview(session, case, purpose, settings, now, officer_id=by)
    text = _LEFT_TO_OFFICER.sub(FOUND, shown.text)
    officer_letters.send(session, case, purpose, shown.subject, text, officer_id=by, settings=settings, now=now)
