"""Cases at every point of their lives, for the desk's tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import func, select

from postroom.casework import advocates, cases, people, restricting
from postroom.casework.labels import Labels
from postroom.desk import drafts
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.desk_work import LetterDraft
from postroom.models.outcome import Element, LearningAction
from postroom.models.person import PersonEvent
from postroom.models.settings import Settings
from tests.desk.mailroom import Mailroom

COMPLAINT = Labels("complaint", "highways", "service_standards")
ALICE = 1
UPHELD = cases.ClosingAnswers(
    cases.Findings(outcome="upheld", causes=("attitude",), remedies=("apology",)),
    lesson="not_applicable",
    equalities=dict.fromkeys(("age_band", "ethnicity", "disability"), "declined"),
)


def with_all_steps(settings: Settings) -> Settings:
    """The model council, with every step that there is in the procedure of member enquiries."""
    content = settings.model_dump()
    content["procedures"]["member-enquiry"]["stages"][0]["steps"] = {
        "acknowledge": {"limit": 5, "starts": "received"},
        "agree_statement": {"limit": 5, "starts": "received"},
        "adjudicate": {"limit": 10, "starts": "received"},
        "panel_meets": {"limit": 15, "starts": "received"},
        "panel_reports": {"limit": 5, "starts": "panel_met"},
        "respond": {"limit": 10, "starts": "panel_reported"},
    }
    return Settings(**content)


def day(name: str, on: date) -> dict[str, str]:
    """The three boxes of a day."""
    return {f"{name}-day": str(on.day), f"{name}-month": str(on.month), f"{name}-year": str(on.year)}


@dataclass(frozen=True)
class Desk:
    """Makes cases and moves them on, by Alice of customer relations, all of it an hour before `now`."""

    mailroom: Mailroom
    now: datetime

    @property
    def earlier(self) -> datetime:
        return self.now - timedelta(hours=1)

    def open(self, labels: Labels = COMPLAINT, **message: Any) -> str:
        """A confirmed case; returns its reference."""
        return self.mailroom.confirmed(self.earlier, labels, ALICE, **message)

    def make(self, move: Callable[..., Any], case: str, *args: Any, **given: Any) -> str:
        """Make a move of casework; returns the case's reference."""
        with open_session(self.mailroom.engine) as session:
            id_ = self.mailroom.case_id(case)
            by = {"officer_id": ALICE, "settings": self.mailroom.settings, "now": self.earlier}
            move(session, id_, *args, **by, **given)
            session.commit()
        return case

    def answered(self) -> str:
        return self.make(cases.respond, self.open(), how="by letter")

    def closed(self) -> str:
        def close(session: Any, id_: int, *, officer_id: int, **given: Any) -> None:
            cases.close(session, id_, UPHELD, reason="answered", actor=cases.officer(officer_id), **given)

        return self.make(close, self.answered())

    def withdrawn(self) -> str:
        return self.make(cases.withdraw, self.open(), reason="by telephone")

    def extended(self) -> str:
        return self.make(cases.extend, self.open(), "respond", days=5, reason="a report is missing")

    def consent_wanted(self) -> str:
        return self.make(cases.want_consent, self.open(), whose="the mother's")

    def refused(self) -> str:
        return self.make(cases.refuse_stage, self.answered(), requested_at=self.earlier, reason="no reason is left")

    def with_points(self, number: int = 2) -> str:
        reference = self.open()
        for each in range(number):
            self.make(cases.add_element, reference, f"Point {each + 1} of the complaint")
        return reference

    def with_action(self) -> str:
        return self.make(cases.add_action, self.open(), "Tell the contractor", owner_id=ALICE, due_on=date(2026, 4, 1))

    def referred(self) -> str:
        return self.make(cases.refer_to_ombudsman, self.open(), referred_on=self.now.date(), reference="26 001")

    def enquiry(self) -> str:
        return self.open(Labels("member_enquiry", "highways"))

    def after_the_panel(self) -> str:
        return self.make(cases.panel_met, self.enquiry(), at=self.earlier)

    def sealed(self) -> str:
        """Of Alice's own team, so that she sees it."""
        own = self.open(Labels("complaint", "customer-relations", "communication"))
        return self.make(cases.seal, own, reason="about a member of staff")

    def restricted(self) -> str:
        return self.make(restricting.restrict, self.open(), ["alice@ardenshire.example"], reason="about staff")

    def contact_restricted(self) -> str:
        def restrict(session: Any, id_: int, **by: Any) -> None:
            person = cases.find_case(session, id_).person_id
            people.restrict_contact(session, person, "by letter", reason="threats", review_on=date(2026, 9, 1), **by)

        return self.make(restrict, self.open())

    def with_advocate(self) -> str:
        """A case whose person agreed that Mina has copies of the letters."""

        def name(session: Any, id_: int, **by: Any) -> None:
            details = people.Details(name="Mina Grant", role=advocates.ADVOCATE)
            mina = people.add_person(session, details, email="mina@advocacy.example", **by)
            assert mina.id is not None
            advocates.name_advocate(session, id_, mina.id, evidence="a signed form", **by)

        return self.make(name, self.open())

    def drafted(self) -> str:
        """A case with a response that was begun and kept by Alice."""
        reference = self.open()
        typed = {"outcome": "upheld", "subject": "Your complaint", "text": "We are sorry that the light is out."}
        with open_session(self.mailroom.engine) as session:
            case = cases.find_case(session, self.mailroom.case_id(reference))
            drafts.keep(session, case, "letters/new/response", typed, officer_id=ALICE, now=self.earlier)
            session.commit()
        return reference

    def item(self, reference: str) -> int:
        """The id of the first point, action or draft of a case."""
        with open_session(self.mailroom.engine) as session:
            for table in (Element, LearningAction, LetterDraft):
                found = session.exec(
                    select(table.id).where(table.case_id == self.mailroom.case_id(reference))  # type: ignore[attr-defined]
                ).first()
                if found:
                    return int(found)
        return 0

    def changes(self, reference: str) -> int:
        """How many changes of a case and of all people are recorded."""
        with open_session(self.mailroom.engine) as session:
            version = session.exec(select(Case.version).where(Case.reference == reference)).one()
            return version + session.exec(select(func.count()).select_from(PersonEvent)).one()
