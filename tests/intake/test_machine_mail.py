"""What sent a mail, and whether it may be answered."""

import pytest

from postroom.intake.machine_mail import LOOP_HEADER, RULES, judge
from postroom.intake.parse import parse
from tests.intake.mails import bounce, mail, multipart

OWN = {"feedback@ardenshire.example", "compliments@ardenshire.example"}


def verdict_on(content: bytes, *, null_sender: bool = False) -> tuple[str, bool]:
    verdict = judge(parse(content), own_addresses=OWN, null_sender=null_sender)
    assert bool(verdict.why_not) is not verdict.may_answer
    return str(verdict.machine), verdict.may_answer


@pytest.mark.parametrize(
    ("machine", "headers"),
    [
        ("loop", {LOOP_HEADER.replace("-", "_"): "ardenshire.example"}),
        ("auto_reply", {"Auto_Submitted": "auto-replied"}),
        ("auto_reply", {"Auto_Submitted": "Auto-Generated (by a rule); owner-email=a@b.example"}),
        ("auto_reply", {"Auto_Submitted": "auto-notified"}),
        ("auto_reply", {"Precedence": "auto_reply"}),
        ("auto_reply", {"X_Autoreply": "yes"}),
        ("auto_reply", {"X_Autorespond": "away"}),
        ("auto_reply", {"X_FC_MachineGenerated": "true"}),
        ("auto_reply", {"X_POST_MessageClass": "9; Autoresponder"}),
        ("auto_reply", {"Subject": "Automatic reply: The bins"}),
        ("auto_reply", {"Subject": "Out of Office: The bins"}),
        ("auto_reply", {"Subject": "Out of Office AutoReply: The bins"}),
        ("auto_reply", {"Subject": "Ateb awtomatig: Y biniau"}),
        ("list", {"List_Id": "<news.parish.example>"}),
        ("list", {"List_Unsubscribe": "<https://news.example/off>"}),
        ("list", {"Precedence": "list"}),
        ("bulk", {"Precedence": "Bulk"}),
        ("bulk", {"Precedence": "junk"}),
        ("bounce", {"From": "Mail Delivery Subsystem <MAILER-DAEMON@mx.home.example>"}),
        ("bounce", {"X_Failed_Recipients": "pat@home.example"}),
        ("bounce", {"From": "postmaster@home.example", "Subject": "Undeliverable: We have your message"}),
    ],
)
def test_mail_from_a_machine_is_not_answered(machine: str, headers: dict[str, str]) -> None:
    assert verdict_on(mail(**headers)) == (machine, False)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Auto_Submitted": "no"},
        {"Auto_Submitted": "No (a person)"},
        {"X_Autoreply": "no"},
        {"Precedence": "normal"},
        {"X_Auto_Response_Suppress": "DR, RN, NRN"},
        {"Subject": "Your Out of Office opening hours are wrong"},
        {"Subject": "Re: Automatic reply: your complaint"},
        {"Subject": "Delivery failed, where is my new bin?"},
        {"From": "Norma Reply <noreplytobins@home.example>"},
    ],
)
def test_mail_from_a_person_may_be_answered(headers: dict[str, str]) -> None:
    assert verdict_on(mail(**headers)) == ("none", True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Auto_Response_Suppress": "All"},
        {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
        {"Return_Path": "<>"},
        {"From": None},
        {"From": "nobody usable"},
        {"From": "feedback@ardenshire.example"},
        {"From": "Feedback+ar-2026-000001.x@Ardenshire.example"},
        {"From": "postmaster@home.example"},
        {"From": "no-reply@forms.example"},
        {"From": "donotreply@forms.example"},
        {"From": "web.no_reply@forms.example"},
    ],
)
def test_what_a_person_may_have_written_keeps_its_case_but_gets_no_letter(headers: dict[str, str | None]) -> None:
    assert verdict_on(mail(**headers)) == ("none", False)


def test_an_envelope_without_a_sender_gets_no_letter() -> None:
    assert verdict_on(mail(), null_sender=True) == ("none", False)


def test_a_delivery_notification_is_a_bounce_though_it_says_auto_replied() -> None:
    assert verdict_on(bounce("x@ardenshire.example")) == ("bounce", False)


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("disposition-notification", "message/disposition-notification"),
        ("feedback-report", "message/feedback-report"),
    ],
)
def test_receipts_and_abuse_reports_are_receipts(kind: str, part: str) -> None:
    assert verdict_on(multipart(f"report; report-type={kind}; boundary=edge", "\nx", f"Content-Type: {part}\n\nA: b"))[
        0
    ] == ("receipt")


def test_each_rule_names_its_source() -> None:
    assert all(rule.source and rule.why_not for rule in RULES)
