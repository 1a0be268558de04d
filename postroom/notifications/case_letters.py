"""What the letters about a case are made of, read from its tables: whom they reach, their facts and their thread."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from postroom.casework.deadlines import steps_of
from postroom.casework.papers import Papers
from postroom.casework.procedures import stage_after, stage_named, window_ends
from postroom.casework.reading import first_message
from postroom.casework.working_days import calendar_of
from postroom.models.case import Case, Person
from postroom.models.closing_settings import NO_ANSWER
from postroom.models.failures import NotFound
from postroom.models.message import Message, opening_first
from postroom.models.outcome import Finding, FindingKind
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.procedure_settings import Stage
from postroom.models.settings import Settings
from postroom.notifications.envelopes import one_line
from postroom.notifications.letters import LetterFacts, Point, in_full, template_for
from postroom.notifications.outbox import Draft, Kind
from postroom.notifications.owed import Purpose, Reach, Way

NO_MACHINE = "none"

_CASE: Any = bindparam("case_id")
_OPENING = (
    select(Message, Person)
    .join(Case, col(Case.id) == Message.case_id)
    .outerjoin(Person, col(Person.id) == Case.person_id)
    .where(Message.case_id == _CASE)
    .order_by(*opening_first())
    .limit(1)
)
_NEWEST = (
    select(Message)
    .where(Message.case_id == _CASE, Message.sender_email == bindparam("sender"), Message.machine == NO_MACHINE)
    .order_by(col(Message.received_at).desc(), col(Message.id).desc())
    .limit(1)
)
_OURS = (
    select(OutgoingMail.message_id)
    .where(
        OutgoingMail.case_id == _CASE,
        OutgoingMail.kind == Kind.LETTER,
        ~col(OutgoingMail.by_post),
        OutgoingMail.state != MailState.WITHDRAWN,
        OutgoingMail.id != bindparam("without"),
    )
    .order_by(col(OutgoingMail.id))
)


@dataclass(frozen=True)
class Correspondence:
    """What letters about a case are written from, read once for a letter: the message that opened it, whose case it is,
    and what belongs to it."""

    case: Case
    opening: Message
    person: Person | None
    papers: Papers

    @property
    def session(self) -> Session:
        return self.papers.session

    def reach(self, message: Message) -> Reach:
        """How whoever wrote `message` is reached."""
        return _reach(self.person, message)


def correspondence(session: Session, case: Case) -> Correspondence:
    """Raises `NotFound` where a case has no message."""
    found = session.exec(_OPENING, params={"case_id": case.id}).first()
    if found is None:
        raise NotFound(f"{case.reference} has no message.")
    opening, person = found
    return Correspondence(case, opening, person, Papers(session, case))


def reach_of(session: Session, case: Case, message: Message) -> Reach:
    """How the person of a case is reached, who wrote `message`."""
    return _reach(person_of(session, case), message)


def _reach(person: Person | None, message: Message) -> Reach:
    return Reach(
        sender_email=message.sender_email,
        may_answer=message.may_answer,
        why_not=message.why_not,
        on_paper=person.on_paper if person else False,
        postal_address=person.postal_address if person else "",
    )


def person_of(session: Session, case: Case) -> Person | None:
    return session.get(Person, case.person_id) if case.person_id is not None else None


def last_message(session: Session, case: Case) -> Message:
    """The newest message of a case that the person who opened it wrote: what an officer's letter answers."""
    return newest_after(session, first_message(session, case))


def newest_after(session: Session, opening: Message) -> Message:
    """The same, for whoever has the message that opened it."""
    wanted = {"case_id": opening.case_id, "sender": opening.sender_email}
    return session.exec(_NEWEST, params=wanted).first() or opening


def thread_of(letters: Correspondence, without: int | None = None) -> tuple[str, ...]:
    """The Message-IDs of a case, without angle brackets: the message that opened it, then our letters about it but the
    one with the id `without`."""
    ours = letters.session.exec(_OURS, params={"case_id": letters.case.id, "without": without or 0})
    return letters.opening.message_id, *(id_.strip("<>") for id_ in ours)


def draft_of(
    letters: Correspondence,
    purpose: Purpose,
    way: Way,
    *,
    once: str,
    letter: str,
    answers: Message,
    officer_id: int | None = None,
    without: int | None = None,
) -> Draft:
    """The envelope of a letter about a case, still without words. `without`: the mail that it takes the place of."""
    case, person = letters.case, letters.person
    return Draft(
        once=once,
        kind=Kind.LETTER,
        recipient=way.recipient,
        subject="",
        text="",
        letter=letter,
        purpose=purpose.value,
        case_id=case.id,
        reference=case.reference,
        stage=case.stage,
        answers=answers.message_id,
        thread=thread_of(letters, without),
        officer_id=officer_id,
        by_post=way.by_post,
        large_print=person.large_print if person else False,
    )


def facts_of(
    letters: Correspondence,
    settings: Settings,
    way: Way,
    *,
    acknowledged: datetime | None = None,
    answered: datetime | None = None,
) -> LetterFacts:
    """What letters about a confirmed case may say. With `acknowledged` the answer is counted as if the case were
    acknowledged then; with `answered` the time to ask for the next stage, unless it was answered before. Raises
    `ImpossibleMove` where the configuration lacks its stage."""
    case, papers, person = letters.case, letters.papers, letters.person
    stage = stage_named(settings, case.procedure, case.stage)
    calendar = calendar_of(settings)
    started = {"acknowledged": acknowledged} if acknowledged else {}
    due = {step.step: step.due_on for step in steps_of(papers, settings, **started) if not step.paused}
    now = papers.stage
    following = stage_after(settings, case.procedure, case.stage_number)
    window = now.window_ends_on or (_window(stage, answered, settings) if answered and not now.responded_at else None)
    return LetterFacts(
        reference=case.reference,
        subject=one_line(case.subject),
        received_on=in_full(calendar.local_day(case.received_at)),
        type=case.type,
        procedure=settings.procedures[case.procedure].name,
        stage=stage.name,
        team=settings.teams[case.team].name if case.team in settings.teams else case.team,
        answer_by=in_full(due[stage.answer]) if stage.answer and stage.answer in due else "",
        exclusion=case.exclusion,
        name=one_line(person.name) if person else "",
        requested_on=in_full(calendar.local_day(now.began_at)) if now.number > 1 else "",
        outcome=_words(now.outcome),
        points=_points(papers),
        remedies=_remedies(letters.session, case) if now.responded_at or case.closed_at else (),
        next_stage=following.name if following else "",
        next_stage_by=in_full(window) if window else "",
        language=one_line(person.language) if person else "",
        by_post=way.by_post,
    )


def template_of(settings: Settings, purpose: Purpose, case: Case) -> str:
    """The name of the most particular template for a letter about a case."""
    return template_for(settings, purpose, procedure=case.procedure, stage=case.stage, type=case.type)


def _window(stage: Stage, answered: datetime, settings: Settings) -> date | None:
    count = window_ends(stage, {"responded": answered, "adjudicated": answered}, calendar_of(settings))
    return count.due_on if count else None


def receipt_facts(case: Case, settings: Settings) -> LetterFacts:
    """What a receipt may say: nobody has read the message yet."""
    day = in_full(calendar_of(settings).local_day(case.received_at))
    return LetterFacts(case.reference, "", day, type="", procedure="", stage="", team="", answer_by="", exclusion="")


def _points(papers: Papers) -> tuple[Point, ...]:
    return tuple(
        Point(
            element.number,
            one_line(element.text),
            _words(made.outcome) if made else "",
            made.answer if made else "",
        )
        for element, made in papers.answers
    )


def _remedies(session: Session, case: Case) -> tuple[str, ...]:
    query = select(Finding.code).where(
        Finding.case_id == case.id, Finding.stage == case.stage, Finding.kind == FindingKind.REMEDY
    )
    return tuple(_words(code) for code in session.exec(query.order_by(col(Finding.place))) if code not in NO_ANSWER)


def _words(code: str) -> str:
    """A code of the configuration's lists as a reader wants it; nothing where there was nothing to say."""
    return "" if code in NO_ANSWER else code.replace("_", " ")
