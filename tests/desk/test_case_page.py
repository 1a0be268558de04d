"""What a case's page shows."""

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases, joining
from postroom.casework.labels import Labels
from postroom.models.case import LinkKind
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.outgoing_mail import MailState, OutgoingMail
from tests.desk.casework import Desk
from tests.desk.conftest import Visitor, officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

COMPLAINT = Labels("complaint", "highways", "service_standards")
SCRIPT = "<script>alert('x')</script>"


def test_nothing_from_a_message_becomes_markup(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    evidence = [{"text": SCRIPT, "supports": SCRIPT}, {"text": "pothole", "supports": "highways"}]
    reference = mailroom.case(
        now,
        {**HIGHWAYS_REQUEST, "evidence": evidence},
        name=SCRIPT,
        email=f"{SCRIPT}@example.org",
        subject=SCRIPT,
        text=f"A pothole {SCRIPT}",
        quoted=f"> {SCRIPT}",
        attachment=(f"{SCRIPT}.html", b"x"),
        defects=(SCRIPT,),
    )
    letter = mailroom.letter(now, reference, text=SCRIPT, error=SCRIPT, state=MailState.DEAD)

    for path in ("/", f"/cases/{reference}", f"/cases/{reference}/letters/{letter}", "/outbox"):
        page = alice.page(path)
        assert SCRIPT not in page.source
        assert page.tree.xpath("//script[not(@src)]") == []
        if path != "/outbox":
            assert SCRIPT in page.text


def test_words_that_spoke_for_a_label_are_marked(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST, text="The pothole is deep.")

    marks = alice.page(f"/cases/{reference}").tree.xpath("//article//mark")
    assert [(mark.text, mark.get("title")) for mark in marks] == [("pothole", "Speaks for: Service request")]


def test_the_quoted_rest_is_folded_away_and_not_lost(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, text="It is still there.", quoted="> Thank you for writing.")

    message = alice.page(f"/cases/{reference}").tree.xpath("//article")[0]
    folded = " ".join(message.xpath(".//details//text()"))
    assert "> Thank you for writing." in folded
    assert "It is still there." not in folded
    assert "It is still there." in message.text_content()


def test_the_form_holds_what_is_suggested(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    page = alice.page(f"/cases/{mailroom.case(now, {**HIGHWAYS_REQUEST, 'at_risk': True})}")

    assert [page.value(name) for name in ("type", "category", "team", "exclusion")] == [
        "service_request",
        "fix_problem",
        "highways",
        "none",
    ]
    assert page.tree.xpath("//input[@name='at_risk']/@checked")
    assert "Very sure, 97%" in page.text


def test_without_a_suggestion_nothing_is_chosen(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    page = alice.page(f"/cases/{mailroom.case(now)}")

    assert "No suggestion yet" in page.text
    assert [page.value(name) for name in ("type", "category", "team")] == ["", "", ""]


def test_every_label_of_the_configuration_can_be_chosen(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    page = alice.page(f"/cases/{mailroom.case(now, HIGHWAYS_REQUEST)}")
    settings = mailroom.settings

    def choices(name: str) -> set[str]:
        return set(page.tree.xpath(f"//select[@name='{name}']//option/@value"))

    assert choices("type") == set(settings.feedback_types)
    assert choices("category") == {"none", *(c for all_ in settings.categories.values() for c in all_)}
    assert choices("team") == set(settings.teams)
    assert choices("exclusion") == set(settings.exclusions)


def test_a_letter_is_shown_as_its_reader_sees_it(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"))
    letter = mailroom.letter(now, reference, text="Dear Jo,\n\nwe have your complaint – and answer by 18 March.")
    other = mailroom.letter(now)

    page = alice.page(f"/cases/{reference}/letters/{letter}")
    assert page.h1 == f"We have your message {reference}"
    assert "we have your complaint – and answer" in page.text
    assert "Sent today at 10:00" in page.text
    alice.page(f"/cases/{reference}/letters/{other}", 404)


def test_a_letter_is_read_where_it_stands_among_what_happened(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"))
    mailroom.letter(now, reference, text="Dear Jo,\n\nwe have your complaint – and answer by 18 March.")
    with open_session(mailroom.engine) as session:
        by = {"settings": mailroom.settings, "now": now}
        cases.acknowledge(session, mailroom.case_id(reference), actor="delivery", how="letter acknowledge", **by)
        session.commit()

    page = alice.page(f"/cases/{reference}")
    (words,) = page.tree.xpath("//*[@class='sent__words']/text()")
    assert words == "Dear Jo,\n\nwe have your complaint – and answer by 18 March."
    assert "letter acknowledge" not in page.text, "what only our programs call it"


def test_deadlines_show_their_working_and_history_its_people(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    page = alice.page(f"/cases/{mailroom.confirmed(now, COMPLAINT, officer_id('alice'))}")

    assert "Corporate complaints, Stage 1" in page.text
    assert "received Wed 4 Mar 2026; day 1 Thu 5 Mar 2026; day 5 Wed 11 Mar 2026 (not counted: weekend)" in page.text
    assert "Alice Confirmed as complaint" in page.text


def test_a_machines_mail_on_a_case_is_called_so(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"))
    bounce: Message = mailroom.message(now + timedelta(hours=1), subject="Undeliverable", machine="bounce")
    with open_session(sqlite) as session:
        session.add(bounce)
        cases.add_message(session, mailroom.case_id(reference), bounce, rule="bounce address", now=now)
        session.commit()

    words = alice.page(f"/cases/{reference}").text
    assert "From a machine: bounce." in words
    assert "Is on this case because: bounce address." in words


def test_all_that_happened_stands_in_one_line_of_time(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    desk = Desk(mailroom, now)
    reference = desk.open(text="The light is out.")
    mailroom.letter(now - timedelta(minutes=30), reference)
    desk.make(cases.add_note, reference, "Rang the contractor.")
    further = mailroom.message(now, text="It flickers again.")
    with open_session(mailroom.engine) as session:
        session.add(further)
        cases.add_message(session, mailroom.case_id(reference), further, rule="references", now=now)
        session.commit()

    entries = alice.page(f"/cases/{reference}").tree.xpath("//ol[@class='timeline']/li")
    kinds = [entry.get("class").rpartition("--")[2] for entry in entries]
    assert kinds == ["message", "change", "note", "letter", "message"]
    assert "Alice noted today at 09:00" in " ".join(entries[2].text_content().split())
    assert "Rang the contractor." in entries[2].text_content()


def test_who_reads_a_note_that_names_them_has_seen_it(mailroom: Mailroom, charlie: Visitor, now: datetime) -> None:
    desk = Desk(mailroom, now)
    reference = desk.open()

    charlie.post(f"/cases/{reference}/notes/new", note="@charlie and @Alice: look at jo@example.org, please")

    def unseen(name: str) -> int:
        with open_session(mailroom.engine, read_only=True) as session:
            return len(cases.mentions_of(session, officer_id(name)))

    assert (unseen("alice"), unseen("charlie")) == (1, 0), "he saw his on the page that followed"


def test_what_is_next_stands_above_the_timeline_too_for_a_phone(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = Desk(mailroom, now).drafted()

    jump = alice.page(f"/cases/{reference}").tree.xpath("//p[contains(@class, 'case-jump')]")[0]
    assert " ".join(jump.text_content().split()) == "Write the response (draft) What else to do"
    assert jump.xpath("a/@href") == [f"/cases/{reference}/letters/new/response", "#moves"]


def test_points_people_documents_and_links_stand_beside_the_timeline(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime
) -> None:
    desk = Desk(mailroom, now)
    reference = desk.with_points()
    own = desk.open(subject="Light out", attachment=("photo.jpg", b"x"))
    sealed = desk.sealed()
    for other in (own, sealed):
        with open_session(mailroom.engine) as session:
            first, second = (cases.find_case(session, mailroom.case_id(each)) for each in (reference, other))
            joining.tie(session, first, second, LinkKind.FOLLOWS, officer_id=1, now=now)
            session.commit()

    page = charlie.page(f"/cases/{reference}")
    assert "1. Point 1 of the complaint Not answered yet" in page.text
    assert f"Follows {own} Light out open" in page.text
    assert sealed not in page.links(f"/cases/{sealed}")
    assert "Repeat contact 2 cases in a year" in page.text, "the sealed one is not counted for who does not see it"
    assert "photo.jpg" in charlie.page(f"/cases/{own}").text
    assert f"/cases/{sealed}" in alice.page(f"/cases/{reference}").links()
    assert f"Followed by {reference}" in charlie.page(f"/cases/{own}").text


def test_the_person_has_a_page_with_their_other_cases(
    mailroom: Mailroom, alice: Visitor, dora: Visitor, now: datetime
) -> None:
    desk = Desk(mailroom, now)
    reference = desk.contact_restricted()
    other = desk.open(subject="Light out")
    sealed = desk.sealed()

    page = alice.page(f"/cases/{reference}/person")
    assert page.h1 == "Jo Park"
    assert "Restricted by letter" in page.text
    assert "looked at again on Tue 1 Sep 2026" in page.text
    assert f"/cases/{other}" in page.links()
    assert f"/cases/{sealed}" not in page.links(), "its words would be told without the look being recorded"
    assert "Contact is restricted: by letter" in alice.page(f"/cases/{reference}").text
    assert dora.page(f"/cases/{reference}/person").links(f"/cases/{reference}/person") == []


def test_what_is_due_next_is_said_in_kind_words(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.confirmed(now - timedelta(days=6), COMPLAINT, officer_id("alice"))

    page = alice.page(f"/cases/{reference}")
    assert "Acknowledge due tomorrow Thu 5 Mar 2026 How this date was counted received Thu 26 Feb 2026;" in page.text


def test_a_response_is_written_point_by_point_looked_at_and_sent(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    desk = Desk(mailroom, now)
    reference = desk.with_points()
    for point in (1, 2):
        desk.make(cases.answer_element, reference, point, outcome="upheld", answer=f"You are right about {point}.")
    path = f"/cases/{reference}/letters/new/response"

    page = alice.post(path, outcome="upheld", **{"remedies-apology": "yes"})
    text = page.value("text")
    assert "# 2. Point 2 of the complaint\n\nYou are right about 2." in text
    assert "- apology" in text
    kept = {"outcome": "upheld", "remedies-apology": "yes", "subject": "Our answer", "version": page.value("version")}
    page = alice.post(path, **kept, text=f"{text}\n<b>Truly</b>", then="preview")
    assert [each.text for each in page.tree.xpath("//section//h3")][:2] == [
        "1. Point 1 of the complaint",
        "2. Point 2 of the complaint",
    ]
    assert "<b>Truly</b>" in page.text
    page = alice.post(path, 422, **kept, text="We are sorry.")
    assert "The letter must" in page.text
    assert page.value("text") == "We are sorry."
    page = alice.post(path, **kept, text=text)
    assert "the letter is on its way" in page.text

    with open_session(mailroom.engine) as session:
        case = cases.find_case(session, mailroom.case_id(reference))
        mail = session.exec(select(OutgoingMail)).one()
    assert (case.responded_at, mail.subject, mail.recipient) == (now, "Our answer", "jo@example.org")


def test_nothing_of_a_letter_that_was_only_looked_at_stays(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    desk = Desk(mailroom, now)
    reference = desk.open()
    before = desk.changes(reference)

    page = alice.post(f"/cases/{reference}/letters/new/response", outcome="upheld")
    assert "Before it can be sent:" in page.text
    assert "square brackets" in page.text
    assert desk.changes(reference) == before


def test_a_letter_on_paper_is_saved_as_it_was_printed(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"))
    letter = mailroom.letter(now, reference)
    with open_session(mailroom.engine) as session:
        mail = session.get_one(OutgoingMail, letter)
        session.add(
            mail.sqlmodel_update({"by_post": True, "content": b"%PDF-1.7 \x00\xff", "recipient": "1 Mill Lane"})
        )
        session.commit()
    answer = alice.client.get(f"/cases/{reference}/letters/{letter}")
    assert answer.content == b"%PDF-1.7 \x00\xff"
    assert answer.headers["content-type"] == "application/pdf"
    assert f'filename="{reference}-{letter}.pdf"' in answer.headers["content-disposition"]
