"""What the letters about a case are made of, read from its tables: whom they reach, their facts and their thread."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from postroom.casework.deadlines import steps_now
from postroom.casework.procedures import stage_after, stage_named, window_ends
from postroom.casework.reading import elements_of, first_message, stages_of
from postroom.casework.working_days import calendar_of
from postroom.models.case import Case, Person
from postroom.models.closing_settings import NO_ANSWER
from postroom.models.message import Message
from postroom.models.outcome import ElementOutcome, Finding, FindingKind
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.procedure_settings import Stage
from postroom.models.settings import Settings
from postroom.notifications.envelopes import one_line
from postroom.notifications.letters import LetterFacts, Point, in_full, template_for
from postroom.notifications.outbox import Draft, Kind
from postroom.notifications.owed import Purpose, Reach, Way

NO_MACHINE = "none"


def reach_of(session: Session, case: Case, message: Message) -> Reach:
    """How the person of a case is reached, who wrote `message`."""
    person = person_of(session, case)
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
    opening = first_message(session, case)
    newest = (
        select(Message)
        .where(
            Message.case_id == case.id,
            Message.sender_email == opening.sender_email,
            Message.machine == NO_MACHINE,
        )
        .order_by(col(Message.received_at).desc(), col(Message.id).desc())
    )
    return session.exec(newest).first() or opening


def thread_of(session: Session, case: Case, without: int | None = None) -> tuple[str, ...]:
    """The Message-IDs of a case, without angle brackets: the message that opened it, then our letters about it but the
    one with the id `without`."""
    letters = (
        select(OutgoingMail.message_id)
        .where(
            OutgoingMail.case_id == case.id,
            OutgoingMail.kind == Kind.LETTER,
            ~col(OutgoingMail.by_post),
            OutgoingMail.state != MailState.WITHDRAWN,
            OutgoingMail.id != (without or 0),
        )
        .order_by(col(OutgoingMail.id))
    )
    return first_message(session, case).message_id, *(id_.strip("<>") for id_ in session.exec(letters))


def draft_of(
    session: Session,
    case: Case,
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
    person = person_of(session, case)
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
        thread=thread_of(session, case, without),
        officer_id=officer_id,
        by_post=way.by_post,
        large_print=person.large_print if person else False,
    )


def facts_of(
    session: Session,
    case: Case,
    settings: Settings,
    way: Way,
    *,
    acknowledged: datetime | None = None,
    answered: datetime | None = None,
) -> LetterFacts:
    """What letters about a confirmed case may say. With `acknowledged` the answer is counted as if the case were
    acknowledged then; with `answered` the time to ask for the next stage, unless it was answered before. Raises
    `ImpossibleMove` where the configuration lacks its stage."""
    stage = stage_named(settings, case.procedure, case.stage)
    calendar = calendar_of(settings)
    started = {"acknowledged": acknowledged} if acknowledged else {}
    due = {step.step: step.due_on for step in steps_now(session, case, settings, **started) if not step.paused}
    now = stages_of(session, case)[-1]
    following = stage_after(settings, case.procedure, case.stage_number)
    window = now.window_ends_on or (_window(stage, answered, settings) if answered and not now.responded_at else None)
    person = person_of(session, case)
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
        points=_points(session, case),
        remedies=_remedies(session, case),
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


def _points(session: Session, case: Case) -> tuple[Point, ...]:
    elements = elements_of(session, case)
    if not elements:
        return ()
    outcomes = {
        made.element_id: made
        for made in session.exec(
            select(ElementOutcome).where(
                ElementOutcome.stage == case.stage,
                col(ElementOutcome.element_id).in_([element.id for element in elements]),
            )
        )
    }
    return tuple(
        Point(
            element.number,
            one_line(element.text),
            _words(outcomes[element.id].outcome) if element.id in outcomes else "",
            outcomes[element.id].answer if element.id in outcomes else "",
        )
        for element in elements
    )


def _remedies(session: Session, case: Case) -> tuple[str, ...]:
    query = select(Finding.code).where(
        Finding.case_id == case.id, Finding.stage == case.stage, Finding.kind == FindingKind.REMEDY
    )
    return tuple(_words(code) for code in session.exec(query.order_by(col(Finding.place))) if code not in NO_ANSWER)


def _words(code: str) -> str:
    """A code of the configuration's lists as a reader wants it; nothing where there was nothing to say."""
    return "" if code in NO_ANSWER else code.replace("_", " ")
