"""The life of one case, from its confirmation to its closing and perhaps to the Ombudsman, as officers would live it.

A life is a course: it yields the moment of its next step. Every step is a move of casework, and what it does next
follows from how the case stands then.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import date, datetime, timedelta

from postroom.casework import cases, people, threads
from postroom.casework.procedures import procedure_for, stage_after, stage_named
from postroom.casework.reading import elements_of, longer_by, stages_of
from postroom.models.case import Case, CaseStatus
from postroom.models.closing_settings import NOT_APPLICABLE
from postroom.models.procedure_settings import SETS, Stage
from postroom.notifications.officer_letters import BY_LETTER
from postroom.notifications.owed import Purpose
from postroom.simulation import afterwards
from postroom.simulation.answers import closing_answers, findings, outcome_of
from postroom.simulation.arrivals import of_type, one_of
from postroom.simulation.case_at_hand import CaseAtHand
from postroom.simulation.letters import BY_TELEPHONE, can_write, write
from postroom.simulation.office import Course
from postroom.simulation.receiving import write_again

NOT_AGREED = "I am not content with your answer. Please look at my complaint again."
_STEPS: dict[str, Callable[..., Case]] = {
    "agree_statement": cases.agree_statement,
    "adjudicate": cases.adjudicate,
    "panel_meets": cases.panel_met,
    "panel_reports": cases.panel_reported,
}


class Life(CaseAtHand):
    """One case, from the moment at which it was opened."""

    def course(self) -> Course:
        """From the moment at which the case was opened."""
        yield self.office.after(one_of(self.office.rates.confirmed_after, self.chance), self.chance)
        if self._is_same_again():
            return
        yield from self._confirm()
        yield self.office.after(1, self.chance)
        self._acknowledge_by_telephone()
        if self.case().status != CaseStatus.OPEN:
            return
        if self.arrival.labels.exclusion != "none":
            yield self.office.after(1, self.chance)
            self._close("not for the council; it was said where to go")
            return
        yield from self._answer_all_stages()
        if self.chance.random() < self.office.rates.reopened and self.case().status == CaseStatus.CLOSED:
            yield self.office.after(self.chance.randrange(3, 15), self.chance)
            self.make(cases.reopen, by=self.sorter(), reason="new evidence came")
            yield self.office.after(self.chance.randrange(1, 8), self.chance)
            self._close("looked at again; nothing else came of it")

    # the beginning

    def _is_same_again(self) -> bool:
        """Merge it with the case that it repeats, where that is confirmed."""
        into = self.known.get(self.arrival.same_as or 0)
        if into is None:
            return False
        first = cases.surviving_case(self.office.session, into)
        if first.status == CaseStatus.AWAITING:
            return False
        self.make(threads.merge, first.id, by=self.sorter())
        return True

    def _confirm(self) -> Course:
        labels, rates, by = self.arrival.labels, self.office.rates, self.sorter()
        others = [type_ for type_ in self.office.settings.feedback_types if type_ != labels.type]
        if others and labels.exclusion == "none" and self.happens(rates.first_label_wrong):
            wrong = of_type(self.office.settings, self.chance.choice(others), labels.team, self.chance)
            self.make(cases.confirm, wrong, by=by)
            yield self.office.after(1, self.chance)
            if self.case().status == CaseStatus.CLOSED:
                self.make(cases.reopen, by=by, reason="it was taken for something else")
        self.make(cases.confirm, labels, by=by)
        self._know_the_person(by)
        if labels.type == "complaint":
            self._note_incident(by)
        if self.happens(rates.reassigned):
            self._reassign()

    def _know_the_person(self, by: int) -> None:
        person_id, settings, rates = self.case().person_id, self.office.settings, self.office.rates
        if person_id is None:
            return
        person = people.find_person(self.office.session, person_id)
        details = people.details_of(person)
        if settings.casework.person_roles and not details.role and self.happens(rates.role_known):
            details = replace(details, role=self.chance.choice(settings.casework.person_roles))
        if self.happens(rates.large_print):
            details = replace(details, large_print=True)
        if self.happens(rates.on_paper):
            address = f"{person.name}\n{self.chance.randrange(1, 99)} Mill Lane\nArden"
            details = replace(details, on_paper=True, postal_address=address)
        self.office.make(people.change_person, person_id, details, by=by)
        if not person.restriction and self.happens(rates.restricted):
            self.office.begin(afterwards.restriction(self.office, person_id, self.manager(), self.chance))

    def _note_incident(self, by: int) -> None:
        rates = self.office.rates
        late = self.happens(rates.made_late)
        if late or self.happens(rates.incident_noted):
            on = self.office.calendar.local_day(self.arrival.received_at)
            on -= timedelta(days=self.chance.randrange(400, 900) if late else self.chance.randrange(0, 300))
            reason = "it could not be made earlier" if late else ""
            self.make(cases.note_incident, on, by=by, late_reason=reason)

    def _reassign(self) -> None:
        case, settings = self.case(), self.office.settings
        service = settings.teams[case.team].service
        others = [
            id_
            for id_, team in settings.teams.items()
            if team.service == service
            and procedure_for(settings, case.type, id_) == case.procedure
            and id_ != case.team
        ]
        if others:
            self.make(cases.reassign, self.chance.choice(others), by=self.officer(), reason="it is for them")

    def _acknowledge_by_telephone(self) -> None:
        """Where no letter could reach them."""
        case = self.case()
        if case.status == CaseStatus.OPEN and case.acknowledged_at is None:
            self.make(cases.acknowledge, by=self.officer(), how=BY_TELEPHONE)

    # its stages

    def _answer_all_stages(self) -> Course:
        while True:
            case = self.case()
            stage = stage_named(self.office.settings, case.procedure, case.stage)
            if stage.answer is None:
                self._close("nothing more is due")
                return
            if (yield from self._withdrawn()):
                return
            if self.happens(self.office.rates.asks_again):
                self.office.begin(afterwards.asks_again(self.office, self.arrival, self.case_id, self.chance))
            yield from self._consent()
            if self.case().status == CaseStatus.CLOSED:
                return
            outcome = yield from self._answer(stage, self.responder(stage))
            if not (yield from self._next_stage(outcome)):
                return

    def _withdrawn(self) -> Generator[datetime, None, bool]:
        if self.arrival.labels.type != "complaint" or not self.happens(self.office.rates.withdrawn):
            return False
        yield self.office.after(self.chance.randrange(1, 8), self.chance)
        deemed = self.happens(0.3)
        self._withdraw("did not answer our questions" if deemed else "said so by telephone", deemed=deemed)
        return True

    def _withdraw(self, reason: str, *, deemed: bool = False) -> None:
        by = self.officer()
        self.make(cases.withdraw, by=by, reason=reason, deemed=deemed)
        self.tell(Purpose.WITHDRAWAL, by)

    def _consent(self) -> Course:
        rates = self.office.rates
        if self.arrival.labels.type != "complaint" or not self.happens(rates.consent_wanted):
            return
        self.make(cases.want_consent, by=self.officer(), whose="the person whom it is about")
        self.tell(Purpose.CONSENT, self.officer())
        wanted_at = self.office.now
        yield self.office.after(self.chance.randrange(2, 20), self.chance)
        at = wanted_at + (self.office.now - wanted_at) * self.chance.random()
        if self.happens(rates.consent_refused):
            self.make(cases.refuse_consent, by=self.officer(), reason="nothing came", at=at)
            self._withdraw("without consent it can't be looked at")
        else:
            self.make(cases.receive_consent, by=self.officer(), evidence="a signed form", at=at)

    def _answer(self, stage: Stage, by: int) -> Generator[datetime, None, str]:
        """Every step of a stage up to its answer; returns its outcome."""
        if self.case().stage_number == 1:
            self._note_points(by)
        for step in SETS:
            if step in ("acknowledge", stage.answer) or step not in stage.steps:
                continue
            yield from self._step_is_near(step, by)
            self.make(_STEPS[step], by=by, at=self.office.now - timedelta(minutes=30))
        assert stage.answer is not None
        yield from self._step_is_near(stage.answer, by)
        outcome = outcome_of(self.office.session, self.case(), self.office.settings, self.office.rates, self.chance)
        for point in elements_of(self.office.session, self.case()):
            self.make(
                cases.answer_element, point.id, by=by, outcome=outcome or NOT_APPLICABLE, answer="See our letter."
            )
        found = findings(self.case(), outcome, self.office.settings, self.chance)
        by_letter = can_write(self.office, self.case())
        self.make(cases.respond, by=by, how=BY_LETTER if by_letter else BY_TELEPHONE, findings=found)
        if by_letter:
            write(self.office, self.case(), Purpose.RESPONSE, by)
        return outcome

    def _note_points(self, by: int) -> None:
        if self.arrival.labels.type == "complaint" and self.happens(self.office.rates.several_points):
            for number in range(1, self.chance.randrange(3, 6)):
                self.make(cases.add_element, f"Point {number} of the complaint", by=by)

    def _step_is_near(self, step: str, by: int) -> Course:
        """Until the day on which a step is done: mostly by its date, which may be put off before."""
        left = self._days_left(step)
        room = self._room(step)
        if room and left > 1 and self.happens(self.office.rates.extended):
            yield self.office.after(left - 1, self.chance)
            days = self.chance.randrange(1, room + 1)
            told = "" if can_write(self.office, self.case()) else BY_TELEPHONE
            self.make(cases.extend, step, by=by, days=days, reason="more people have to be asked", told=told)
            self.tell(Purpose.EXTENSION, by)
            left = self._days_left(step)
        in_time = self.happens(self.office.rates.in_time)
        days = int(left * self.chance.triangular(0.2, 1, 0.9)) if in_time else left + self.chance.randrange(1, 16)
        yield self.office.after(days, self.chance)

    def _days_left(self, step: str) -> int:
        due = next(d.due_on for d in self.open_deadlines() if d.step == step)
        return max(0, self.office.calendar.days_left(due, self.office.today()))

    def _room(self, step: str) -> int:
        """By how many working days a step may be put off."""
        case, settings = self.case(), self.office.settings
        deadline = next(d for d in self.open_deadlines() if d.step == step)
        return longer_by(deadline, stage_named(settings, case.procedure, case.stage), case, settings)

    def _next_stage(self, outcome: str) -> Generator[datetime, None, bool]:
        """Whether another stage was begun; else the case is closed."""
        case, rates, settings = self.case(), self.office.rates, self.office.settings
        number = case.stage_number
        following = stage_after(settings, case.procedure, number)
        window = stages_of(self.office.session, case)[-1].window_ends_on
        asked = following is not None and window is not None and self.happens(rates.next_stage)
        if asked and window is not None:
            yield from self._asked_for_next(window)
            if self.case().stage_number > number:
                return True
        elif window is not None and not self.happens(rates.closed_with_answer):
            yield self.office.on(window + timedelta(days=1), self.chance)
        else:
            yield self.office.after(self.chance.randrange(0, 4), self.chance)
        self._close("answered")
        afterwards.follow(
            self.office, self.case(), self.manager(), outcome=outcome, last=following is None, chance=self.chance
        )
        return False

    def _asked_for_next(self, window: date) -> Course:
        late = self.happens(self.office.rates.next_stage_late)
        left = max(1, self.office.calendar.days_left(window, self.office.today()))
        yield self.office.after(
            left + self.chance.randrange(2, 12) if late else self.chance.randrange(1, left + 1), self.chance
        )
        asked_at = self.office.now
        write_again(self.office.session, self.arrival, self.case_id, NOT_AGREED, self.office.settings, asked_at)
        yield self.office.after(self.chance.randrange(0, 3), self.chance)
        by = self.sorter()
        afterwards.read(self.office, self.case_id, by)
        if self.happens(self.office.rates.next_stage_refused):
            self.make(cases.refuse_stage, by=by, requested_at=asked_at, reason="every point was answered")
            self.tell(Purpose.REFUSAL, by)
            yield self.office.after(1, self.chance)
        else:
            reason = "they were ill" if late else ""
            self.make(cases.request_stage, by=by, requested_at=asked_at, reason=reason)
            yield self.office.after(1, self.chance)
            self._acknowledge_by_telephone()

    def _close(self, reason: str) -> None:
        case = self.case()
        if case.status == CaseStatus.OPEN:
            answers = closing_answers(self.office.session, case, self.office.settings, self.chance)
            self.make(cases.close, answers, by=self.officer(), reason=reason)
            if self.happens(self.office.rates.last_letter) and can_write(self.office, self.case()):
                write(self.office, self.case(), Purpose.CLOSING, self.officer())
