"""A council in one database: cases at every point of their lives, mail of every kind, and who looks at it all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pyotp
from sqlalchemy import update
from sqlmodel import Session, col, select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.desk.api.tokens import add_token
from postroom.desk.blind import decides_first
from postroom.desk.filters import Filters
from postroom.desk.officers import find_officer
from postroom.desk.passwords import send_link
from postroom.desk.queries.views import save_view
from postroom.desk.second_factor import new_secret
from postroom.models.database import open_session
from postroom.models.interface import Scope
from postroom.models.message import Attachment, Message, Scan
from postroom.models.officer import SealedView
from postroom.models.outgoing_mail import Bounce, MailState, OutgoingMail
from postroom.models.raw_message import FilingState, HeldBecause, RawMessage
from postroom.models.trained_model import ModelState, TrainedModel
from tests.desk.casework import Desk
from tests.desk.conftest import officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom
from tests.desk.test_admin_programs import give_up
from tests.desk.test_campaigns import campaign, petition, two_matters
from tests.desk.test_forms import TRIALS

LONG = "Thelongestwordthatanybodyeverwroteinasubjectwithoutasinglespace" * 2
"""A word that no narrow screen has room for."""
UNSURE = {
    **HIGHWAYS_REQUEST,
    "type_probability": 0.41,
    "team_probability": 0.3,
    "alternatives": {"type": [["service_request", 0.41], ["complaint", 0.38]], "team": [["highways", 0.3]]},
}


@dataclass(frozen=True)
class Council:
    """What is in the database, by names that addresses can hold."""

    desk: Desk
    names: dict[str, object]
    forms: dict[str, str]
    """Where each form of a case can be filled in, by the form's path."""

    @property
    def mailroom(self) -> Mailroom:
        return self.desk.mailroom

    def address(self, path: str) -> str:
        """An address with its names filled in: "/cases/{open}"."""
        return path.format_map(self.names)


def found(mailroom: Mailroom, now: datetime) -> Council:
    """Fill an empty database."""
    desk = Desk(mailroom, now)
    council = Council(desk, {}, {})
    for part in (_open_cases, _ended_cases, _closed_to_others, _waiting, _second_looks, _mail, _people, _programs):
        council.names.update(part(council))
    ready = {trial.path: trial.ready(desk) for trial in TRIALS}
    council.forms.update({path: f"/cases/{case}/{path.format(item=desk.item(case))}" for path, case in ready.items()})
    return council


def _open_cases(council: Council) -> dict[str, object]:
    desk, now = council.desk, council.desk.now
    return {
        "other": desk.open(email="sam@example.org", name="Sam Reed"),
        "open": desk.open(subject=LONG, text=f"{LONG} {LONG}"),
        "overdue": Desk(council.mailroom, now - timedelta(days=60)).open(),
        "acknowledged": desk.make(_by_officer(cases.acknowledge), desk.open(), how="by letter"),
        "extended": desk.extended(),
        "consent": desk.consent_wanted(),
        "second_stage": desk.make(cases.request_stage, desk.answered(), requested_at=desk.earlier),
        "ombudsman": desk.referred(),
        "enquiry": desk.after_the_panel(),
        "full": _case_with_everything(council),
    }


def _ended_cases(council: Council) -> dict[str, object]:
    desk, now = council.desk, council.desk.now

    into = desk.open()
    decided = desk.make(cases.ombudsman_decided, desk.referred(), decided_on=now.date(), decision="not_upheld")
    return {
        "responded": desk.answered(),
        "refused": desk.refused(),
        "decided": decided,
        "closed": desk.closed(),
        "withdrawn": desk.withdrawn(),
        "merged": desk.make(_without_settings(cases.merge), desk.open(), council.mailroom.case_id(into)),
        "with_merged": into,
    }


def _closed_to_others(council: Council) -> dict[str, object]:
    desk = council.desk
    children = Labels("complaint", "childrens-nuneaton", "communication", at_risk=True)
    sealed = desk.open(children)
    with open_session(council.mailroom.engine) as session:
        looked = SealedView(case_id=council.mailroom.case_id(sealed), officer_id=officer_id("bob"), at=desk.now)
        session.add(looked)
        session.commit()
    return {"sealed": sealed, "own_sealed": desk.sealed(), "restricted": desk.restricted()}


def _waiting(council: Council) -> dict[str, object]:
    mailroom, now = council.mailroom, council.desk.now
    before = now - timedelta(hours=3)
    near = [{"message": 1, "similarity": 0.5}, {"message": 2, "similarity": 0.4}]
    names: dict[str, object] = {
        "no_suggestion": mailroom.case(now, subject="", text="", name="", email=""),
        "at_risk": mailroom.case(before, CHILDREN_COMPLAINT, text="My son is six and nobody has called back."),
        "unsure": mailroom.case(now, UNSURE, subject=LONG, text=LONG),
        "near": mailroom.case(now, {**HIGHWAYS_REQUEST, "neighbours": near}, quoted="> Dear Jo\n> we will come"),
        "late": mailroom.case(now - timedelta(days=30), HIGHWAYS_REQUEST, defects=("it has no date",)),
        "formatted": mailroom.case(now, HIGHWAYS_REQUEST, attachment=("a photo of it.jpg", b"\xff\xd8\xff")),
        "compliment": mailroom.case(now, {**HIGHWAYS_REQUEST, "type": "compliment", "category": "none"}),
    }
    names["formatted_message"] = message = _first_message(mailroom, str(names["formatted"]))
    mail = EmailMessage()
    mail.set_content("<p>A <b>deep</b> hole</p><table><tr><td>in Mill Lane</td></tr></table>", subtype="html")
    with open_session(mailroom.engine) as session:
        raw_id = session.get_one(Message, message).raw_message_id
        session.connection().execute(
            update(RawMessage).where(col(RawMessage.id) == raw_id).values(content=mail.as_bytes())
        )
        session.connection().execute(update(Message).where(col(Message.id) == message).values(has_html=True))
        session.commit()
    while "blind" not in names:
        reference = mailroom.case(now, HIGHWAYS_REQUEST)
        if decides_first(_first_message(mailroom, reference), mailroom.settings.triage.blind_share):
            names["blind"] = reference
    return names


def _second_looks(council: Council) -> dict[str, object]:
    mailroom, now = council.mailroom, council.desk.now
    petitions = [petition(mailroom, now, name) for name in ("ann", "ben", "cat")]
    return {
        "petition": petitions[0],
        "campaign": campaign(mailroom, now, *petitions),
        "two_matters": two_matters(mailroom, now),
    }


def _mail(council: Council) -> dict[str, object]:
    mailroom, now = council.mailroom, council.desk.now
    held = [mailroom.raw(now, subject=LONG, state=FilingState.HELD, reason="Its sender is not sure.")]
    held += [mailroom.raw(now, subject=kind, state=FilingState.HELD, held_because=kind) for kind in HeldBecause]
    doubtful = mailroom.raw(
        now,
        subject="Re: your letter",
        state=FilingState.HELD,
        held_because=HeldBecause.DOUBTFUL_SENDER,
        proposed_case_id=mailroom.case_id(str(council.names["open"])),
    )
    mailroom.raw(now, subject="Out of office", state=FilingState.MACHINE, reason="an automatic answer")
    mailroom.raw(now, subject="Sent twice", state=FilingState.DUPLICATE, duplicate_of_id=held[0])
    mailroom.letter(now, str(council.names["open"]), state=MailState.DEAD, error="550 5.1.1 no such mailbox here")
    mailroom.letter(now, str(council.names["open"]), state=MailState.WAITING)
    return {"held": held[0], "doubtful": doubtful, "mail": mailroom.letter(now)}


def _people(council: Council) -> dict[str, object]:
    mailroom, now = council.mailroom, council.desk.now
    settings = mailroom.settings
    save_view(mailroom.engine, officer_id("alice"), "Roads", "/", Filters.of({"team": "highways"}), now)
    with open_session(mailroom.engine) as session:
        secret = new_secret(find_officer(session, officer_id("alice")), settings)
        send_link(session, find_officer(session, officer_id("bob")), invitation=False, settings=settings, by=4, now=now)
        for version, state in (("newer", ModelState.CHAMPION), ("older", ModelState.RETIRED)):
            figures = {"type": {"accuracy": 0.91}}
            session.add(TrainedModel(version=version, state=state, since=now, data="", figures=figures, trained_at=now))
        session.commit()
        written = session.exec(
            select(OutgoingMail.content).where(OutgoingMail.recipient == "bob@ardenshire.example")
        ).one()
    link = written.decode().replace("=\r\n", "").replace("=3D", "=").partition("/new-password?token=")[2].split()[0]
    return {"code": pyotp.TOTP(secret).at(now), "link": link, "long": LONG}


def _programs(council: Council) -> dict[str, object]:
    """A token, a case with a draft, and a call that was given up."""
    mailroom, now = council.mailroom, council.desk.now
    drafted = council.desk.drafted()
    give_up(mailroom.engine, now, mailroom.case_id(drafted), hook=LONG)
    with open_session(mailroom.engine) as session:
        add_token(session, LONG, "alice@ardenshire.example", list(Scope), now=now, made_by="postroom")
        session.commit()
    return {"drafted": drafted, "token": 1}


def _case_with_everything(council: Council) -> str:
    desk, mailroom, now = council.desk, council.mailroom, council.desk.now
    reference = desk.make(cases.note_incident, desk.contact_restricted(), on=(now - timedelta(days=3)).date())
    for text in ("The light is out", "Nobody called back"):
        desk.make(cases.add_element, reference, text)
    desk.make(cases.answer_element, reference, desk.item(reference), outcome="upheld", answer="It is mended.")
    desk.make(cases.add_action, reference, "Tell the contractor", owner_id=1, due_on=now.date())
    desk.make(cases.add_payment, reference, "compensation", pence=12_500)
    desk.make(cases.add_note, reference, "@alice look", mentions=[1])
    desk.make(cases.refer_to_ombudsman, reference, referred_on=now.date())
    desk.make(_without_settings(cases.link), reference, mailroom.case_id(desk.open()), "related")
    council.names["letter"] = letter = mailroom.letter(now, reference)
    _came_back(mailroom, letter)
    further = mailroom.message(now, text="It flickers again.", quoted="> Dear Jo", attachment=("run.exe", b"MZ\x90"))
    with open_session(mailroom.engine) as session:
        session.add(further)
        cases.add_message(session, mailroom.case_id(reference), further, rule="references", now=now)
        infected = update(Attachment).where(col(Attachment.message_id) == further.id)
        session.connection().execute(infected.values(scan=Scan.INFECTED, scan_detail="Eicar-Test", danger="a program"))
        session.commit()
        council.names["further"] = further.id
    return reference


def _came_back(mailroom: Mailroom, mail_id: int) -> None:
    with open_session(mailroom.engine) as session:
        mail = session.get_one(OutgoingMail, mail_id)
        mail.bounced_at, mail.bounce_kind, mail.bounce_reason = mail.created_at, Bounce.HARD, f"550 no such {LONG}"
        session.add(mail)
        session.commit()


def _first_message(mailroom: Mailroom, reference: str) -> int:
    with open_session(mailroom.engine) as session:
        found = session.exec(select(Message.id).where(Message.case_id == mailroom.case_id(reference))).first()
    assert found is not None
    return found


def _by_officer(move: Callable[..., object]) -> Callable[..., object]:
    """A move that takes any actor, made by an officer."""

    def made(session: Session, id_: int, *, officer_id: int, **given: Any) -> object:
        return move(session, id_, actor=cases.officer(officer_id), **given)

    return made


def _without_settings(move: Callable[..., object]) -> Callable[..., object]:
    """A move that asks for no settings."""

    def made(session: Session, id_: int, *args: Any, **given: Any) -> object:
        return move(session, id_, *args, **{name: each for name, each in given.items() if name != "settings"})

    return made
