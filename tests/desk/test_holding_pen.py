"""The holding pen: sorted by the kind of reason, each message with its actions, and nobody sees too much."""

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework.labels import Labels
from postroom.desk.queries.holding_pen import duplicates, held, held_kinds, original_aside
from postroom.desk.queries.mail import from_machines
from postroom.desk.sessions import SignedIn
from postroom.desk.wording import HELD_BECAUSE
from postroom.intake.filing import process_one
from postroom.intake.receive import EMAIL, Delivery, receive
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Role, SealedView
from postroom.models.raw_message import Filing, FilingState, HeldBecause
from postroom.models.settings import Settings
from tests.desk.conftest import Visitor, add_people, officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")
HIGHWAYS = Labels("service_request", "highways", "fix_problem")
ALICE = SignedIn(officer_id("alice"), "Alice", Role.CUSTOMER_RELATIONS, frozenset({"customer-relations"}), "", "")
DORA = SignedIn(officer_id("dora"), "Dora", Role.ADMINISTRATOR, frozenset(), "", "")


def state_of(mailroom: Mailroom, raw_message_id: int) -> str:
    with open_session(mailroom.engine) as session:
        return session.get_one(Filing, raw_message_id).state


def test_a_held_message_says_why_and_becomes_a_case_of_its_own(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    raw_id = mailroom.raw(now, state=FilingState.HELD, reason="It looks like two messages.", subject="Bins & bears")
    pen = alice.page("/holding-pen")
    assert "Bins & bears Jo Park <jo@example.org>" in pen.text
    assert "Why it is held: It looks like two messages." in pen.text

    page = alice.post(f"/holding-pen/{raw_id}/new-case")

    assert "The message is the new case AR-2026-000001" in page.text
    assert state_of(mailroom, raw_id) == FilingState.ON_CASE
    assert "Bins & bears" in alice.page("/cases/AR-2026-000001").text


def test_a_held_message_is_put_on_the_case_that_an_officer_names(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    raw_id = mailroom.raw(
        now,
        sender="Daughter <d@example.org>",
        text="I write for my father.",
        state=FilingState.HELD,
        proposed_case_id=mailroom.case_id(reference),
    )
    assert f"It may belong to {reference} : Pothole on Mill Lane , from Jo Park." in alice.page("/holding-pen").text

    page = alice.post(f"/holding-pen/{raw_id}/attach", reference=f" {reference.lower()} ")

    assert f"The message is now on {reference}." in page.text
    assert "I write for my father." in alice.page(f"/cases/{reference}").text


def test_a_held_message_is_marked_as_machine_mail(mailroom: Mailroom, dora: Visitor, now: datetime) -> None:
    raw_id = mailroom.raw(now, state=FilingState.HELD)

    dora.post(f"/holding-pen/{raw_id}/machine")

    assert state_of(mailroom, raw_id) == FilingState.MACHINE


def test_a_message_goes_on_no_case_that_the_officer_may_not_see(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    raw_id = mailroom.raw(now, state=FilingState.HELD)

    for reference in (sealed, "AR-2026-999999", ""):
        page = alice.post(f"/holding-pen/{raw_id}/attach", 422, reference=reference)
        assert "There is no case" in page.text
    assert state_of(mailroom, raw_id) == FilingState.HELD


def test_what_may_belong_to_a_sealed_case_is_filed_by_customer_relations_alone(
    mailroom: Mailroom, alice: Visitor, dora: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    raw_id = mailroom.raw(
        now, text="About my grandson", state=FilingState.HELD, proposed_case_id=mailroom.case_id(sealed)
    )

    pen = dora.page("/holding-pen")
    assert "grandson" not in pen.source
    assert sealed not in pen.source
    dora.post(f"/holding-pen/{raw_id}/new-case", 422)
    dora.post(f"/holding-pen/{raw_id}/machine", 422)
    assert state_of(mailroom, raw_id) == FilingState.HELD

    alice.post(f"/holding-pen/{raw_id}/attach", reference=sealed)
    assert state_of(mailroom, raw_id) == FilingState.ON_CASE


def test_a_message_that_somebody_filed_meanwhile_is_not_filed_again(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    raw_id = mailroom.raw(now, state=FilingState.HELD)
    alice.post(f"/holding-pen/{raw_id}/new-case")

    page = alice.post(f"/holding-pen/{raw_id}/new-case", 422)

    assert "not in the holding pen any more" in page.text


def put_held(mailroom: Mailroom, now: datetime, kind: HeldBecause, subject: str, **more: int) -> int:
    return mailroom.raw(now, state=FilingState.HELD, subject=subject, held_because=kind, **more)  # type: ignore[arg-type]


def put_duplicate(mailroom: Mailroom, now: datetime, first: int) -> int:
    return mailroom.raw(now, state=FilingState.DUPLICATE, subject="Again", duplicate_of_id=first)


def raw_id_of(mailroom: Mailroom, reference: str) -> int:
    with open_session(mailroom.engine) as session:
        return session.exec(select(Message.raw_message_id).where(Message.case_id == mailroom.case_id(reference))).one()


def looks(mailroom: Mailroom) -> list[tuple[int, int]]:
    with open_session(mailroom.engine) as session:
        return [(look.case_id, look.officer_id) for look in session.exec(select(SealedView))]


def test_every_kind_of_reason_has_words() -> None:
    assert set(HELD_BECAUSE) == set(HeldBecause)


def test_held_messages_are_sorted_by_kind_and_what_is_likely_rubbish_comes_last(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    put_held(mailroom, now - timedelta(days=9), HeldBecause.LIKELY_MACHINE, "Cheap watches")
    put_held(mailroom, now - timedelta(days=1), HeldBecause.TOO_LARGE, "Forty photos")
    put_held(mailroom, now, HeldBecause.DOUBTFUL_SENDER, "From a stranger")
    put_held(mailroom, now - timedelta(days=2), HeldBecause.DOUBTFUL_SENDER, "From another stranger")

    page = alice.page("/holding-pen")

    assert [title.text_content().strip() for title in page.tree.xpath("//h2 | //h3")] == [
        "Doubtful sender 2", "From another stranger", "From a stranger",
        "Too large 1", "Forty photos",
        "Likely machine mail or spam 1", "Cheap watches",
    ]  # fmt: skip
    assert "All 4 Doubtful sender 2 Too large 1 Likely machine mail or spam 1" in page.text
    only = alice.page("/holding-pen?kind=too_large")
    assert [title.text_content() for title in only.tree.xpath("//h3")] == ["Forty photos"]
    alice.page("/holding-pen?kind=nonsense", 422)


def test_a_long_list_of_one_kind_keeps_to_it_from_page_to_page(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    for number in range(26):
        put_held(mailroom, now, HeldBecause.EMPTY, f"Nothing {number}")
    assert "/holding-pen?kind=empty&page=2" in alice.page("/holding-pen?kind=empty").links()


def test_the_proposed_case_is_one_click_away_and_shows_no_more_than_the_officer_may_see(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"), subject="My grandson")
    raw_id = mailroom.raw(now, state=FilingState.HELD, proposed_case_id=mailroom.case_id(sealed))

    page = alice.page("/holding-pen")
    assert f"It may belong to {sealed} , which you may not open." in page.text
    assert "grandson" not in page.source
    (button,) = page.tree.xpath("//button[@name='reference']")
    alice.post(button.get("formaction"), **{"reference": button.get("value")})

    assert state_of(mailroom, raw_id) == FilingState.ON_CASE


def test_spam_is_kept_with_the_machine_mail_with_who_said_so(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    raw_id = put_held(mailroom, now, HeldBecause.UNREADABLE, "Cheap watches")

    assert "is marked as spam" in alice.post(f"/holding-pen/{raw_id}/spam").text

    page = alice.page("/machine-mail")
    assert "Cheap watches" in page.text
    assert "An officer marked it as spam. (Alice)" in page.text
    assert f"/mail/{raw_id}/original" in page.links()


def test_a_released_message_waits_to_be_filed(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    raw_id = put_held(mailroom, now, HeldBecause.FAILED, "Odd")
    assert "is filed again now" in alice.post(f"/holding-pen/{raw_id}/release").text
    assert state_of(mailroom, raw_id) == FilingState.WAITING


def test_a_part_is_not_filed_but_fetched_again(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    raw_id = put_held(mailroom, now, HeldBecause.INCOMPLETE, "Headers")
    pen = alice.page("/holding-pen").text
    assert "Fetch all of it again" in pen
    assert "Try to file it again" not in pen
    page = alice.post(f"/holding-pen/{raw_id}/release").text
    assert "fetched at the mailbox's next poll" in page
    assert "An officer asked for all of it" in page
    assert state_of(mailroom, raw_id) == FilingState.HELD


def test_what_filing_doubts_stands_under_its_kind(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    engine = mailroom.engine
    head = b"From: Jo Park <jo@example.org>\r\nSubject: Re: Your complaint\r\n\r\n"
    away = head + b"I am out of the office until Monday 9 March.\r\n"
    noise = head + b"@#$%^&*()_+=-~|" * 20
    receive(engine, [Delivery("smtp", str(n), EMAIL, mail) for n, mail in enumerate((away, noise))], now)
    while process_one(engine, mailroom.settings, now):
        pass
    assert [kind for kind, _ in held_kinds(engine).items()] == [HeldBecause.UNREADABLE, HeldBecause.LIKELY_MACHINE]
    pen = alice.page("/holding-pen").text
    assert "it says that somebody is away, and it says when they are back" in pen
    assert pen.index("Its words can't be made out") < pen.index("A machine may have sent it")


def test_several_are_decided_about_at_once(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    first, second, third = (put_held(mailroom, now, HeldBecause.EMPTY, f"Empty {n}") for n in range(3))
    page = alice.page("/holding-pen")
    names = page.tree.xpath("//input[@type='checkbox' and @form='several-empty']/@name")
    assert names == [f"message-{id_}" for id_ in (first, second, third)]

    page = alice.post("/holding-pen/several", **{names[0]: "yes", names[2]: "yes", "decision": "spam"})

    assert "Messages marked as spam: 2." in page.text
    assert [state_of(mailroom, id_) for id_ in (first, second, third)] == ["machine", "held", "machine"]
    assert "at least one" in alice.post("/holding-pen/several", 422, decision="spam").text
    assert "at least one" in alice.post("/holding-pen/several", 422, **{names[1]: "yes", "decision": "burn"}).text


def test_of_several_those_that_can_not_be_done_stay_and_say_why(
    mailroom: Mailroom, dora: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    theirs = mailroom.raw(now, state=FilingState.HELD, proposed_case_id=mailroom.case_id(sealed))
    plain = put_held(mailroom, now, HeldBecause.OTHER, "Plain")

    page = dora.post(
        "/holding-pen/several", 422, **{f"message-{theirs}": "yes", f"message-{plain}": "yes", "decision": "machine"}
    )

    assert "1 of 2 were done. That message may belong to a sealed case" in page.text
    assert (state_of(mailroom, theirs), state_of(mailroom, plain)) == ("held", "machine")


def test_a_decision_without_the_form_s_token_is_refused(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    raw_id = put_held(mailroom, now, HeldBecause.OTHER, "Plain")
    alice.post("/holding-pen/several", 403, csrf_token="forged", decision="spam", **{f"message-{raw_id}": "yes"})
    assert state_of(mailroom, raw_id) == FilingState.HELD


def test_the_original_is_always_to_be_had(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    raw_id = put_held(mailroom, now, HeldBecause.FAILED, "Bins & bears")
    answer = alice.client.get(f"/mail/{raw_id}/original")
    assert b"Subject: Bins & bears" in answer.content
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert looks(mailroom) == []


def test_who_saves_what_may_be_about_a_sealed_case_is_recorded_there(
    mailroom: Mailroom, alice: Visitor, dora: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    raw_id = mailroom.raw(now, state=FilingState.HELD, proposed_case_id=mailroom.case_id(sealed))

    dora.page(f"/mail/{raw_id}/original", 404)
    assert looks(mailroom) == []
    assert alice.client.get(f"/mail/{raw_id}/original").status_code == 200
    assert looks(mailroom) == [(mailroom.case_id(sealed), officer_id("alice"))]


def test_a_message_on_a_case_is_had_from_its_case_alone(
    mailroom: Mailroom, alice: Visitor, bob: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"), text="About my grandson")
    raw_id = raw_id_of(mailroom, sealed)
    alice.page(f"/mail/{raw_id}/original", 404)
    alice.page(f"/cases/{sealed}/messages/1/original", 404)
    (link,) = [link for link in bob.page(f"/cases/{sealed}").links() if link.endswith("/original")]
    assert b"grandson" in bob.client.get(link).content


def test_duplicates_say_what_they_are_duplicates_of(
    mailroom: Mailroom, alice: Visitor, dora: Visitor, now: datetime
) -> None:
    plain = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"), subject="Pothole")
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"), subject="My grandson")
    copy = put_duplicate(mailroom, now, raw_id_of(mailroom, plain))
    hidden = put_duplicate(mailroom, now, raw_id_of(mailroom, sealed))

    page = alice.page("/holding-pen/duplicates")

    assert f"The same message as the one received today at 10:00, which is on {plain}" in page.text
    assert f"/cases/{plain}" in page.links()
    assert "A copy of a message on a case that you may not see" in page.text
    assert sealed not in page.source
    assert "grandson" not in page.source
    assert alice.client.get(f"/mail/{copy}/original").status_code == 200
    for visitor in (alice, dora):
        visitor.page(f"/mail/{hidden}/original", 404)


def test_officers_without_the_right_sort_no_mail(mailroom: Mailroom, charlie: Visitor, now: datetime) -> None:
    raw_id = put_held(mailroom, now, HeldBecause.OTHER, "Plain")
    for path in ("/holding-pen", "/holding-pen/duplicates", f"/mail/{raw_id}/original"):
        charlie.page(path, 403)
    charlie.post("/holding-pen/several", 403, decision="spam", **{f"message-{raw_id}": "yes"})


def test_the_holding_pen_is_the_same_on_both_databases(engine: Engine, settings: Settings, now: datetime) -> None:
    mailroom = Mailroom(engine, settings)
    add_people(engine, settings, now)
    awaiting = mailroom.case(now, HIGHWAYS_REQUEST, subject="Pothole")
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    odd = mailroom.raw(now, state=FilingState.HELD, subject="Odd", proposed_case_id=mailroom.case_id(awaiting))
    odder = mailroom.raw(now, state=FilingState.HELD, subject="Odder", proposed_case_id=mailroom.case_id(sealed))
    put_held(mailroom, now, HeldBecause.EMPTY, "Oddest")
    copies = [put_duplicate(mailroom, now, first) for first in (odder, raw_id_of(mailroom, awaiting))]
    machine = mailroom.raw(now, state=FilingState.MACHINE, subject="Unread", reason="An officer marked it as spam.")

    def shown(visitor: SignedIn) -> list[tuple[str, str, bool]]:
        rows = held(engine, visitor, settings, 1).rows
        return [(row.subject, row.proposed.subject if row.proposed else "", row.withheld) for row in rows]

    assert shown(DORA) == [("Odd", "Pothole", False), ("", "", True), ("Oddest", "", False)]
    assert shown(ALICE) == [("Odd", "Pothole", False), ("Odder", "", False), ("Oddest", "", False)]
    assert held_kinds(engine) == {HeldBecause.OTHER: 2, HeldBecause.EMPTY: 1}
    assert [(row.reference, row.state, row.hidden) for row in duplicates(engine, DORA, settings, 1).rows] == [
        (awaiting, "on_case", False),
        ("", "held", True),
    ]
    assert [row.hidden for row in duplicates(engine, ALICE, settings, 1).rows] == [False, False]
    assert [(row.subject, row.why_not) for row in from_machines(engine, DORA, settings, 1).rows] == [
        ("Unread", "An officer marked it as spam.")
    ]

    def readable(visitor: SignedIn) -> list[bool]:
        return [original_aside(engine, id_, visitor, settings) is not None for id_ in (odd, odder, *copies, machine)]

    assert readable(DORA) == [True, False, False, True, True]
    assert readable(ALICE) == [True, True, True, True, True]
