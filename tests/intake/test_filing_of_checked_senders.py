"""A sender that nothing vouches for joins no case without an officer."""

import smtplib
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.intake import smtp_receiver
from postroom.intake.filing import process_one
from postroom.models.case import Case, Event
from postroom.models.database import open_session
from postroom.models.raw_message import FilingState, HeldBecause
from postroom.models.settings import Authentication, Settings
from tests.intake.conftest import Post, stored
from tests.intake.mails import FEEDBACK, PAT, mail
from tests.servers.name_server import NameServer, name_server

GATEWAY = "mx.ardenshire.example"
HOME = "11.0.0.7"
"""Where home.example sends from."""
ANSWER = {"Subject": "Re: The bins", "Message_ID": "<bins-2@home.example>", "In_Reply_To": "<bins-1@home.example>"}


@pytest.fixture
def case(post: Post, engine: Engine) -> Case:
    """Pat's case about the bins."""
    post.file(mail())
    with open_session(engine) as session:
        return session.exec(select(Case)).one()


def events(post: Post) -> list[str]:
    with open_session(post.engine) as session:
        return [event.kind for event in session.exec(select(Event))]


def checking(settings: Settings, **wanted: object) -> Settings:
    """The same council, which has senders checked."""
    authentication = Authentication.model_validate(wanted)
    intake = settings.intake.model_copy(update={"authentication": authentication})
    return settings.model_copy(update={"intake": intake})


class TestByTheGateway:
    @pytest.fixture
    def checked(self, post: Post, case: Case) -> Post:
        """The same council, which has its gateway check senders from now on."""
        post.settings = checking(post.settings, authserv_id=GATEWAY)
        return post

    def test_a_sender_that_the_gateway_vouches_for_joins_the_case(self, checked: Post, case: Case) -> None:
        results = f"{GATEWAY}; dmarc=pass header.from=home.example"
        message = checked.message(checked.file(mail("Still there.", **ANSWER, Authentication_Results=results)))
        assert (message.case_id, message.authentication) == (case.id, "pass")
        assert message.authentication_details == ["DMARC pass for home.example"]

    @pytest.mark.parametrize(
        ("results", "found"),
        [
            (None, "none"),
            ("mx.evil.example; dmarc=pass header.from=home.example", "none"),
            (f"{GATEWAY}; dmarc=fail header.from=home.example", "fail"),
            (f"{GATEWAY}; none", "none"),
        ],
    )
    def test_any_other_is_held_though_the_address_is_known(
        self, checked: Post, case: Case, results: str | None, found: str
    ) -> None:
        filing = checked.file(mail("Still there.", **ANSWER, Authentication_Results=results))
        assert (filing.state, filing.held_because) == (FilingState.HELD, HeldBecause.DOUBTFUL_SENDER)
        message = checked.message(filing)
        assert (filing.proposed_case_id, message.case_id, message.authentication) == (case.id, None, found)
        assert events(checked) == ["opened"]

    def test_a_new_matter_of_somebody_else_opens_a_case_that_gets_no_letter(self, checked: Post) -> None:
        results = f"{GATEWAY}; dmarc=fail header.from=home.example"
        new = mail("A pothole.", Subject="Hole", Message_ID="<hole@home.example>", Authentication_Results=results)
        filing = checked.file(new)
        assert (filing.state, checked.message(filing).may_answer) == (FilingState.ON_CASE, False)

    def test_where_nobody_looks_a_known_address_is_enough(self, post: Post, case: Case) -> None:
        message = post.message(post.file(mail("Still there.", **ANSWER)))
        assert (message.case_id, message.authentication) == (case.id, "unknown")


class TestByOurselves:
    @pytest.fixture
    def names(self) -> Iterator[NameServer]:
        with name_server() as server:
            server.text("home.example", f"v=spf1 ip4:{HOME} -all")
            server.text("_dmarc.home.example", "v=DMARC1; p=reject")
            yield server

    @pytest.fixture
    def checked(self, post: Post, case: Case, names: NameServer) -> Post:
        post.settings = checking(post.settings, verify=True, nameserver=names.setting)
        return post

    def test_the_envelope_of_the_senders_domain_vouches_for_them(self, checked: Post, case: Case) -> None:
        filing = checked.file(mail("Still there.", **ANSWER), "smtp", envelope_sender=PAT, client_address=HOME)
        message = checked.message(filing)
        assert (message.case_id, message.authentication) == (case.id, "pass")
        assert message.authentication_details == [
            "DMARC pass for home.example",
            "no DKIM signature of the sender's domain",
            "SPF pass for home.example",
        ]

    def test_one_of_another_server_is_held(self, checked: Post, case: Case) -> None:
        filing = checked.file(mail("Still there.", **ANSWER), "smtp", envelope_sender=PAT, client_address="11.0.0.66")
        assert (filing.held_because, filing.proposed_case_id) == (HeldBecause.DOUBTFUL_SENDER, case.id)
        assert checked.message(filing).authentication == "fail"
        assert events(checked) == ["opened"]

    def test_by_imap_the_gateways_word_on_spf_is_enough(self, checked: Post, case: Case) -> None:
        checked.settings = checking(checked.settings, verify=True, authserv_id=GATEWAY)
        results = f"{GATEWAY}; spf=pass smtp.mailfrom=home.example"
        message = checked.message(checked.file(mail("Still there.", **ANSWER, Authentication_Results=results)))
        assert (message.case_id, message.authentication) == (case.id, "pass")

    def test_behind_a_gateway_the_network_address_says_nothing(self, checked: Post, names: NameServer) -> None:
        checked.settings = checking(checked.settings, verify=True, authserv_id=GATEWAY, nameserver=names.setting)
        filing = checked.file(mail("Still there.", **ANSWER), "smtp", envelope_sender=PAT, client_address=HOME)
        assert filing.held_because == HeldBecause.DOUBTFUL_SENDER
        assert checked.message(filing).authentication == "none"

    def test_while_dns_does_not_answer_what_names_a_case_waits_and_is_asked_about_again(
        self, checked: Post, case: Case, names: NameServer
    ) -> None:
        names.failing.add("home.example")
        filing = checked.file(mail("Still there.", **ANSWER), "smtp", envelope_sender=PAT, client_address=HOME)
        assert (filing.state, filing.not_before) == (FilingState.WAITING, checked.now + timedelta(seconds=10))
        names.failing.clear()
        assert process_one(checked.engine, checked.settings, checked.now + timedelta(seconds=10))
        assert checked.message(checked.filing(filing.raw_message_id)).case_id == case.id

    def test_where_dns_never_answers_an_officer_is_asked(self, checked: Post, case: Case, names: NameServer) -> None:
        names.failing.add("home.example")
        number = checked.bring(mail("Still there.", **ANSWER), "smtp", envelope_sender=PAT, client_address=HOME)
        now = checked.now
        for _ in range(checked.settings.intake.attempts):
            assert process_one(checked.engine, checked.settings, now)
            now += timedelta(hours=1)
        filing = checked.filing(number)
        assert (filing.held_because, filing.proposed_case_id) == (HeldBecause.DOUBTFUL_SENDER, case.id)
        assert checked.message(filing).authentication == "temperror"

    def test_what_names_no_case_does_not_wait_for_dns(self, checked: Post, names: NameServer) -> None:
        names.failing.add("home.example")
        new = mail("A pothole.", Subject="Hole", Message_ID="<hole@home.example>")
        filing = checked.file(new, "smtp", envelope_sender=PAT, client_address=HOME)
        assert (filing.state, checked.message(filing).authentication) == (FilingState.ON_CASE, "temperror")


def test_the_receiver_keeps_who_brought_a_message(settings: Settings, sqlite: Engine, post: Post) -> None:
    smtp = settings.intake.smtp.model_copy(update={"port": 0})
    intake = settings.intake.model_copy(update={"smtp": smtp})
    receiver = smtp_receiver.start(settings.model_copy(update={"intake": intake}), sqlite, lambda: post.now)
    with smtplib.SMTP("127.0.0.1", receiver.port, local_hostname="mx.home.example", timeout=10) as client:
        client.sendmail(PAT, [FEEDBACK], mail())
    receiver.stop()
    (raw,) = stored(sqlite)
    assert (raw.client_address, raw.client_name, raw.envelope_sender) == ("127.0.0.1", "mx.home.example", PAT)


def test_what_asks_dns_is_not_loaded_where_nobody_asks() -> None:
    """It takes a tenth of a second, at each start of each process."""
    loaded = "import sys, postroom.cli, postroom.processes, postroom.desk.app; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout.split()
    assert not {"dkim", "spf", "dns.resolver", "publicsuffixlist"} & set(modules)
