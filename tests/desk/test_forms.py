"""Every form of a case: shown where the case allows it, sent with good answers and with none."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from lxml import html
from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.casework import cases
from postroom.casework.moves import Move
from postroom.desk.app import create_app
from postroom.desk.forms.every import FORMS
from postroom.desk.forms.form import CaseForm, Group
from postroom.desk.wording import DONE
from postroom.models.case import Case, Decision
from postroom.models.database import open_engine, open_session
from postroom.models.settings import Settings, load_settings
from tests.conftest import CONFIG
from tests.desk.casework import Desk, day, with_all_steps
from tests.desk.conftest import Enter, Page, Visitor
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
OTHER = "AR-2026-000001"
"""A case that is open in every test."""
CLOSING = {
    "outcome": "upheld",
    "cause": "delay_in_service",
    "remedies-apology": "yes",
    "no_lesson": "not_applicable",
    "equality-age_band": "declined",
    "equality-ethnicity": "declined",
    "equality-disability": "not_applicable",
    "reason": "gully cleared",
}


@dataclass(frozen=True)
class Trial:
    """A form, a case that allows it, and good answers. `asks`: whether it can be sent with none of them."""

    path: str
    ready: Callable[[Desk], str]
    good: Mapping[str, str] = field(default_factory=dict)
    asks: bool = True
    changes: bool = True
    """Whether it changes the case: a draft is none of its history."""


TRIALS = [
    Trial("letters/new/response", Desk.open, {"outcome": "upheld"}),
    Trial("letters/new/extension", Desk.extended),
    Trial("letters/new/consent", Desk.consent_wanted),
    Trial("letters/new/refusal", Desk.refused),
    Trial("letters/new/withdrawal", Desk.withdrawn),
    Trial("letters/new/closing", Desk.closed),
    Trial("acknowledgement", Desk.open, {"how": "by telephone"}),
    Trial("response", Desk.open, {"how": "on a visit", "outcome": "upheld", "cause": "attitude"}),
    Trial("extension", Desk.open, {"step": "respond", "days": "5", "reason": "a report is missing"}),
    Trial("points/new", Desk.open, {"text": "The light is out"}),
    Trial("points/{item}/words", Desk.with_points, {"text": "The light has been out since January"}),
    Trial("points/{item}/outcome", Desk.with_points, {"outcome": "upheld", "answer": "It is mended."}),
    Trial("points/{item}/split", Desk.with_points, asks=False),
    Trial("consent/wanted", Desk.open, {"whose": "the mother's"}),
    Trial("consent", Desk.consent_wanted, {"came": "received", "words": "a signed form", **day("on", TODAY)}),
    Trial("next-stage", Desk.answered, {"decision": "accept", **day("on", TODAY)}),
    Trial("statement", Desk.enquiry, day("on", TODAY)),
    Trial("adjudication", Desk.enquiry, day("on", TODAY)),
    Trial("panel-meeting", Desk.enquiry, day("on", TODAY)),
    Trial("panel-report", Desk.after_the_panel, day("on", TODAY)),
    Trial("referral", Desk.open, {"reference": "26 001 234", **day("on", TODAY)}),
    Trial("ombudsman-decision", Desk.referred, {"decision": "not_upheld", "payment": "250", **day("on", TODAY)}),
    Trial(
        "correction",
        Desk.open,
        {"type": "service_request", "category": "fix_problem", "team": "highways", "exclusion": "none"},
    ),
    Trial("assignment", Desk.open, {"officer": "3"}),
    Trial("team", Desk.open, {"team": "waste", "reason": "it is about a tip"}),
    Trial("procedure", Desk.open, {"procedure": "adult-social-care", "reason": "it is about care"}),
    Trial("incident", Desk.open, day("on", date(2026, 1, 10))),
    Trial("date", Desk.open, {"which": "received-0", "reason": "it lay in the post", **day("on", date(2026, 3, 2))}),
    Trial("sealing", Desk.open, {"reason": "about a member of staff"}),
    Trial("unsealing", Desk.sealed, {"reason": "by mistake"}),
    Trial("restriction", Desk.open, {"officers": "alice@ardenshire.example", "reason": "about staff"}),
    Trial("restriction-lifted", Desk.restricted, {"reason": "it is over"}),
    Trial("actions/new", Desk.open, {"text": "Tell them", "owner": "3", **day("due", date(2026, 4, 1))}),
    Trial("actions/{item}/done", Desk.with_action, {"how": "told them"}),
    Trial("payments/new", Desk.open, {"kind": "compensation", "amount": "£1,250.50"}),
    Trial("notes/new", Desk.open, {"note": "Rang the contractor."}),
    Trial("links/new", Desk.open, {"reference": OTHER, "kind": "related"}),
    Trial("merging", Desk.open, {"reference": OTHER.lower()}),
    Trial("closure", Desk.open, CLOSING),
    Trial("withdrawal", Desk.open, {"how": "withdrawn", "reason": "by telephone"}),
    Trial("reopening", Desk.closed, {"reason": "it is broken again"}),
    Trial("person/naming", Desk.open, {"name": "Kim Reed", "number": "01926 000000"}),
    Trial("person/details", Desk.open, {"name": "Jo Park", "role": "resident", "large_print": "yes"}, asks=False),
    Trial("person/emails", Desk.open, {"email": "jo.park@example.net"}),
    Trial("person/phones", Desk.open, {"number": "01926 000000"}),
    Trial(
        "person/restriction",
        Desk.open,
        {"restriction": "by letter", "reason": "threats", **day("review", date(2026, 9, 1))},
    ),
    Trial("person/restriction/lifting", Desk.contact_restricted, asks=False),
    Trial("person/joining", Desk.open, {"reference": OTHER}),
    Trial(
        "person/advocate",
        Desk.open,
        {"name": "Mina Grant", "email": "mina.grant@advocacy.example", "evidence": "a signed form"},
    ),
    Trial("person/advocate/end", Desk.with_advocate, {"reason": "they took it back"}),
    Trial("drafts/{item}/discarding", Desk.drafted, asks=False, changes=False),
]
every_form = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.path)


@pytest.fixture(scope="session")
def settings() -> Settings:
    return with_all_steps(load_settings(CONFIG))


@pytest.fixture(scope="module")
def sqlite(founded: Path, tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Engine]:
    """One database for all forms: each has a case of its own, and `OTHER` is there for all."""
    engine = open_engine(f"sqlite:///{shutil.copy(founded, tmp_path_factory.mktemp('forms') / 'postroom.db')}")
    other = Desk(Mailroom(engine, settings), NOW).open(email="sam@example.org", name="Sam Reed")
    assert other == OTHER
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def app(sqlite: Engine, settings: Settings) -> FastAPI:
    return create_app(sqlite, settings, clock=lambda: NOW)


@pytest.fixture
def desk(mailroom: Mailroom) -> Desk:
    return Desk(mailroom, NOW)


def address(desk: Desk, trial: Trial, reference: str) -> str:
    return f"/cases/{reference}/{trial.path.format(item=desk.item(reference))}"


def the_letter(page: Page) -> dict[str, str]:
    """What the second page of a form sends, with what its template leaves to be written."""
    lines = page.value("text").replace("[Write here what", "We found what").splitlines()
    hidden = {each.get("name"): each.get("value") for each in page.tree.xpath("//main//input[@type='hidden']")}
    kept = "\n".join(line for line in lines if not line.strip().startswith("["))
    return {**hidden, "subject": page.value("subject"), "text": kept}


@every_form
def test_a_form_is_shown_says_what_is_missing_and_changes_the_case(trial: Trial, desk: Desk, alice: Visitor) -> None:
    reference = trial.ready(desk)
    path, before = address(desk, trial, reference), desk.changes(reference)

    shown = alice.page(path)
    token = {"csrf_token": shown.value("csrf_token")}
    if trial.asks:
        refused = alice.client.post(path, data={**token, "subject": "", "text": ""})
        assert refused.status_code == 422
        assert missing(refused.text)
    assert desk.changes(reference) == before

    sent = alice.client.post(path, data={**token, **trial.good}, follow_redirects=False)
    if sent.status_code == 200:
        assert desk.changes(reference) == before, "something was changed before the letter was sent"
        sent = alice.client.post(path, data=the_letter(Page(sent)), follow_redirects=False)
    assert sent.status_code == 303, html.document_fromstring(sent.text).text_content()
    assert (desk.changes(reference) > before) == trial.changes


def missing(source: str) -> list[str]:
    """The ids that the error summary leads to, each of which is on the page."""
    tree = html.document_fromstring(source)
    errors = tree.xpath("//*[@class='govuk-error-summary__body']//a/@href")
    assert tree.xpath("//main//*[contains(@class, 'govuk-error-message')]")
    assert set(errors) <= {f"#{id_}" for id_ in tree.xpath("//@id")}
    return list(errors)


def test_every_form_is_tried_here() -> None:
    assert sorted(trial.path for trial in TRIALS) == sorted(form.path for form in FORMS)


def test_every_move_has_a_form_but_those_of_triage() -> None:
    triage = {Move.CONFIRM, Move.SET_ASIDE, Move.SPLIT}
    with_form = {form.move for form in FORMS if form.move} | {Move.REFUSE_STAGE}
    assert with_form == set(Move) - triage, "next-stage is the form of both decisions about a stage"


def test_every_form_says_afterwards_what_was_done() -> None:
    assert {form.done for form in FORMS} <= set(DONE)


STATES: dict[str, Callable[[Desk], str]] = {
    "open": Desk.open,
    "with points": Desk.with_points,
    "consent wanted": Desk.consent_wanted,
    "answered": Desk.answered,
    "closed": Desk.closed,
    "with the Ombudsman": Desk.referred,
    "an enquiry": Desk.enquiry,
    "sealed": Desk.sealed,
}


SEEN = [(state, name) for state in STATES for name in ("alice", "charlie") if (state, name) != ("sealed", "charlie")]
"""Charlie sees no sealed case."""


@pytest.mark.parametrize(("state", "name"), SEEN)
def test_what_casework_allows_is_offered_and_nothing_else(state: str, name: str, desk: Desk, enter: Enter) -> None:
    reference = STATES[state](desk)
    page = enter(name).page(f"/cases/{reference}")

    offered = {form.move for form in listed() if f"/cases/{reference}/{form.path}" in page.links()}

    assert offered == allowed(desk, reference, 1 if name == "alice" else 3) & {form.move for form in listed()}


def listed() -> list[CaseForm]:
    return [form for form in FORMS if form.move and form.group is not Group.BESIDE]


def allowed(desk: Desk, reference: str, officer_id: int) -> set[Move | None]:
    with open_session(desk.mailroom.engine, read_only=True) as session:
        case = cases.find_case(session, desk.mailroom.case_id(reference))
        return set(cases.allowed_moves(session, case, officer_id=officer_id, settings=desk.mailroom.settings))


def test_the_next_step_stands_first_or_why_it_must_wait(desk: Desk, alice: Visitor) -> None:
    def first(reference: str) -> str:
        found = alice.page(f"/cases/{reference}").tree.xpath("//nav//*[contains(@class, 'moves__')][1]")
        return " ".join(found[0].text_content().split())

    assert first(desk.open(email="")) == "Record an acknowledgement"
    by_itself = desk.open()
    assert first(by_itself) == "Write the response"
    assert "The acknowledgement goes out by itself" in alice.page(f"/cases/{by_itself}").text
    acknowledged = desk.make(cases.respond, desk.open(), how="by letter")
    assert first(acknowledged) == "Close the case"
    assert first(desk.consent_wanted()) == "Record the consent"
    waiting = desk.with_points()
    alice.post(f"/cases/{waiting}/acknowledgement", how="by telephone")
    assert first(waiting) == "Give each point its outcome first; missing: 1, 2."


def test_a_form_that_the_case_does_not_allow_says_why(desk: Desk, alice: Visitor) -> None:
    answered = desk.answered()
    assert "was responded to already" in alice.page(f"/cases/{answered}/response", 422).text


def test_what_was_typed_is_kept_where_somebody_else_was_faster(desk: Desk, alice: Visitor) -> None:
    reference = desk.answered()
    page = alice.post(f"/cases/{reference}/response", 422, how="I told her all about it on Monday")

    assert "was responded to already" in page.text
    assert "I told her all about it on Monday" in page.text


def test_of_two_officers_the_second_looks_again_before_it_is_sent(desk: Desk, alice: Visitor, charlie: Visitor) -> None:
    reference = desk.open()
    seen = alice.page(f"/cases/{reference}/points/new").value("version")
    charlie.post(f"/cases/{reference}/points/new", text="The light is out")

    page = alice.post(f"/cases/{reference}/points/new", 409, text="Nobody calls back", version=seen)
    assert f"Charlie changed {reference} today at 10:00: Point 1 noted." in page.text
    assert page.value("text") == "Nobody calls back"
    page = alice.post(f"/cases/{reference}/points/new", text="Nobody calls back", version=page.value("version"))
    assert "The point is added." in page.text


@pytest.mark.parametrize(
    ("path", "answers", "field", "words"),
    [
        ("extension", {"step": "respond", "days": "many", "reason": "x"}, "days", "Enter a whole number"),
        ("extension", {"step": "respond", "days": "99", "reason": "x"}, "days", "Put it off by 1 to 10"),
        ("payments/new", {"kind": "compensation", "amount": "lots"}, "amount", "Enter an amount in pounds"),
        ("incident", {"on-day": "31", "on-month": "2", "on-year": "2026"}, "on-day", "Enter a real date"),
        ("assignment", {"officer": "999"}, "officer", "Choose one of the answers"),
        ("notes/new", {"note": "@Nobody look"}, "note", "nobody called @Nobody"),
        ("person/emails", {"email": "jo"}, "email", "such as name@example.org"),
        ("person/advocate", {"name": "Mina", "evidence": "a form"}, "email", "Add an address of the advocate"),
        ("person/advocate", {"email": "jo@example.org", "evidence": "a form"}, "email", "Nobody is their own"),
        ("links/new", {"reference": "AR-2026-999999", "kind": "related"}, "reference", "There is no case"),
    ],
)
def test_a_wrong_answer_is_named_beside_its_field_and_kept(
    path: str, answers: dict[str, str], field: str, words: str, desk: Desk, alice: Visitor
) -> None:
    page = alice.post(f"/cases/{desk.open()}/{path}", 422, **answers)

    problem = page.tree.xpath("//*[@class='govuk-error-summary__body']//a")[0]
    assert problem.get("href") == f"#{field}"
    assert words in problem.text
    for name, value in answers.items():
        if not page.tree.xpath(f"//input[@type='radio' and @name='{name}']"):
            assert page.value(name) == value


def test_a_correction_keeps_a_procedure_that_an_officer_chose(desk: Desk, alice: Visitor) -> None:
    reference = desk.open()
    alice.post(f"/cases/{reference}/procedure", procedure="adult-social-care", reason="it is about care")
    labels = {"type": "complaint", "category": "policy", "team": "highways", "exclusion": "none"}

    assert "Adult social care complaints" in alice.post(f"/cases/{reference}/correction", **labels).text
    page = alice.post(f"/cases/{reference}/correction", **{**labels, "type": "enquiry"})
    assert "Service requests and enquiries" in page.text
    assert "at first complaint" in page.text


def test_another_procedure_is_no_second_decision_about_the_message(desk: Desk, alice: Visitor) -> None:
    reference = desk.open()

    def decisions() -> int:
        with open_session(desk.mailroom.engine, read_only=True) as session:
            mine = select(Decision).join(Case, col(Case.id) == Decision.case_id).where(Case.reference == reference)
            return len(session.exec(mine).all())

    before = decisions()
    alice.post(f"/cases/{reference}/procedure", procedure="adult-social-care", reason="it is about care")
    assert decisions() == before


def test_the_dates_of_another_procedure_are_shown_before_it_is_chosen(desk: Desk, alice: Visitor) -> None:
    reference = desk.open()
    before = desk.changes(reference)
    page = alice.page(f"/cases/{reference}/procedure")

    assert "Then: acknowledge by Mon 9 Mar 2026, respond by Wed 1 Apr 2026." in page.text
    assert desk.changes(reference) == before


def test_a_sealed_case_leaves_the_sight_of_who_sealed_it(desk: Desk, alice: Visitor) -> None:
    reference = desk.open()
    page = alice.post(f"/cases/{reference}/sealing", reason="about a member of staff")

    assert f"{reference} is no longer among the cases that you see." in page.text
    alice.page(f"/cases/{reference}/closure", 404)


def test_who_only_looks_is_shown_no_form(desk: Desk, dora: Visitor, bob: Visitor) -> None:
    reference = desk.open()
    assert dora.page(f"/cases/{reference}").tree.xpath("//main//form | //nav[@aria-labelledby='moves']") == []
    dora.page(f"/cases/{reference}/closure", 403)
    dora.post(f"/cases/{reference}/closure", 403, **CLOSING)
    bob.page(f"/cases/{reference}/closure", 404)


def test_no_form_reaches_the_point_of_another_case(desk: Desk, alice: Visitor) -> None:
    point = desk.item(desk.with_points())
    reference = desk.with_points()

    for path in (f"points/{point}/outcome", "points/x/outcome", f"actions/{point}/done"):
        alice.page(f"/cases/{reference}/{path}", 422 if path.startswith("actions") else 404)


def test_a_case_that_awaits_confirmation_offers_little_and_refuses_with_the_reason(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    assert "only an open case can be closed" in alice.page(f"/cases/{reference}/closure", 422).text
    alice.post(f"/cases/{reference}/notes/new", note="Look at the other one first.")
    page = alice.page(f"/cases/{reference}")
    assert "Look at the other one first." in page.text
    assert f"/cases/{reference}/links/new" in page.links()
    assert f"/cases/{reference}/closure" not in page.links()


def test_who_has_copies_of_the_letters_is_said_beside_the_person(desk: Desk, alice: Visitor) -> None:
    reference = desk.open()
    agreed = {"name": "Mina Grant", "email": "mina@speakup.example", "evidence": "a signed form"}
    page = alice.post(f"/cases/{reference}/person/advocate", **agreed)
    assert "Mina Grant , the advocate, has a copy" in page.text
    assert "Copies of letters to Mina Grant" in alice.page(f"/cases/{reference}").text
    page = alice.post(f"/cases/{reference}/person/advocate/end", reason="she took it back")
    assert "Nobody else has copies of the letters about this case." in page.text
