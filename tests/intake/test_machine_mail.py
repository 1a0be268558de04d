"""What sent a mail, and whether it may be answered."""

import pytest

from postroom.intake.machine_mail import LOOP_HEADER, RULES, judge
from postroom.intake.parse import parse
from tests.intake.mails import PAT, bounce, mail, multipart

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
        ("auto_reply", {"Subject": "Automatic reply"}),
        ("auto_reply", {"Subject": "Fuera de la oficina: The bins", "Precedence": "bulk"}),
        ("auto_reply", {"X_Bluebottle_Request": "1234"}),
        ("auto_reply", {"X_Launchpad_Message_Rationale": "Assignee"}),
        ("list", {"List_Id": "<news.parish.example>"}),
        ("list", {"List_Unsubscribe": "<https://news.example/off>"}),
        ("list", {"Precedence": "list"}),
        ("bulk", {"Precedence": "Bulk"}),
        ("bulk", {"Precedence": "junk"}),
        ("bounce", {"From": "Mail Delivery Subsystem <MAILER-DAEMON@mx.home.example>"}),
        ("bounce", {"From": "MAILER-DAEMON"}),
        (
            "bounce",
            {
                "From": "Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.example>",
                "Subject": "Undeliverable: Bins",
            },
        ),
        ("bounce", {"From": "Mail Delivery Subsystem <>"}),
        ("bounce", {"From": "Mail Delivery System <mail.delivery.system@home.example>", "Subject": "Undelivered mail"}),
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
        {"Subject": "Automated response to my complaint is no answer"},
        {"Subject": "Accepted: but nobody came"},
        {"Subject": "Read: my complaint of 3 March"},
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


@pytest.mark.parametrize(
    ("machine", "headers"),
    [
        # Gmail's vacation responder, Sieve (RFC 5230), Zimbra, cPanel's autoresponder, each in full.
        ("auto_reply", {"Auto_Submitted": "auto-replied", "Precedence": "bulk", "X_Autoreply": "yes"}),
        ("auto_reply", {"Auto_Submitted": "auto-replied (vacation)"}),
        ("auto_reply", {"Auto_Submitted": "auto-replied (zimbra; vacation)", "Precedence": "bulk"}),
        ("auto_reply", {"X_Autorespond": "The bins", "X_Precedence": "auto_reply", "X_Loop": "pat@home.example"}),
        ("auto_reply", {"Preference": "auto_reply"}),
        ("auto_reply", {"X_Auto_Response": "yes"}),
        ("auto_reply", {"X_Autogenerated": "Reply"}),
        ("auto_reply", {"X_MS_Exchange_Generated_Message_Source": "Mailbox Rules Agent"}),
        ("auto_reply", {"X_MS_Exchange_Inbox_Rules_Loop": PAT, "Subject": "Automatic reply: Your letter"}),
        ("auto_reply", {"X_JIRA_FingerPrint": "0123abcd"}),
        ("auto_reply", {"X_Zendesk_From_Account_Id": "1"}),
        ("auto_reply", {"X_OTRS_Loop": "yes"}),
        ("auto_reply", {"X_RT_Loop_Prevention": "housing.example"}),
        ("auto_reply", {"X_ServiceNow_Generated": "true"}),
        ("auto_reply", {"X_Cron_Env": "<SHELL=/bin/sh>"}),
        ("auto_reply", {"X_BoxTrapper": "a1b2c3"}),
        ("auto_reply", {"Subject": "Your email requires verification verify#LTDVl7zM4bGLDSs0pBVEbPEW9"}),
        ("auto_reply", {"Reply_To": "pat-confirm-1046796840.21404.a1b2c3@home.example", "Subject": "Please confirm"}),
        ("auto_reply", {"Subject": "AUTO: Pat Smith is out of the office (returning 12/03/2026)"}),
        ("auto_reply", {"Subject": "[Auto-Reply] The bins"}),
        ("auto_reply", {"Subject": "Réponse automatique : les poubelles"}),
        ("auto_reply", {"Subject": "Automatische Antwort: Die Tonnen"}),
        ("list", {"X_BeenThere": "news@parish.example", "X_Mailman_Version": "2.1.39"}),
        ("list", {"X_List_Administrivia": "yes"}),
        ("list", {"Mailing_List": "contact news-help@parish.example; run by ezmlm"}),
        ("bounce", {"X_MS_Exchange_Message_Is_Ndr": ""}),
        ("bounce", {"Content_Class": "urn:content-classes:dsn"}),
        ("bounce", {"From": "postmaster@home.example", "Subject": "Warning: message 1abc-2 delayed 24 hours"}),
        ("receipt", {"Content_Class": "urn:content-classes:mdn"}),
        ("bulk", {"Subject": "Report domain: ardenshire.example Submitter: mail.example Report-ID: <1@mail.example>"}),
        ("loop", {"X_Loop": "feedback+archive@ardenshire.example"}),
    ],
)
def test_each_form_of_a_known_machine_is_told(machine: str, headers: dict[str, str]) -> None:
    assert verdict_on(mail(**headers)) == (machine, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"Feedback_ID": "i3dc14a2b:Fastmail"},
        {"Feedback_ID": "100:user:proton", "X_Mailer": "ProtonMail"},
        {"Disposition_Notification_To": PAT},
        {"X_OTRS_Loop": "no"},
        {"Subject": "Read: my complaint of last week"},
        {"Subject": "Not read: nobody opens my letters"},
        {"Subject": "Please confirm your message"},
        {"Subject": "Auto repair garage makes noise at night"},
        {"Subject": "AUTO: why is Mr Brown always out of the office"},
        {"Subject": "Mrs Jones is out of the office whenever I ring"},
        {"Subject": "Your email requires verification of my address"},
        {"Subject": "Undeliverable: your letters to my late mother"},
        {"From": "Ann Roote <roote@home.example>"},
        {"From": "B. Ounce <bounce@home.example>"},
    ],
)
def test_words_that_machines_use_too_make_no_machine_of_a_person(headers: dict[str, str]) -> None:
    assert verdict_on(mail(**headers)) == ("none", True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_MS_Exchange_Inbox_Rules_Loop": "councillor@ardenshire.example"},
        {"X_Autogenerated": "Forward"},
        {"X_Loop": "councillor@town.example"},
        {"From": "owner-news@parish.example"},
        {"From": "news-request@parish.example"},
        {"From": "listserv@parish.example"},
    ],
)
def test_what_a_rule_sent_on_or_a_role_sent_keeps_its_case_but_gets_no_letter(headers: dict[str, str]) -> None:
    assert verdict_on(mail(**headers)) == ("none", False)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "Read: We have your message",
            "Your message\n\n   To: Pat\n   Subject: x\n\nwas read on Wed, 4 Mar 2026 10:00.",
        ),
        ("Not read: We have your message", "Your message\n\nTo: Pat\n\nwas deleted without being read on 4 March."),
        ("Return Receipt (displayed) - We have your message", "This is a Return Receipt for the mail that you sent to"),
    ],
)
def test_a_read_receipt_in_plain_text_is_told_by_subject_and_text_together(subject: str, text: str) -> None:
    assert verdict_on(mail(text + " x", Subject=subject)) == ("receipt", False)
    assert verdict_on(mail(text + " x")) == ("none", True)


def test_the_fixed_sentence_of_dominos_agent_is_an_automatic_answer() -> None:
    away = (
        "I will be out of the office starting  02/03/2026 and will not return until  09/03/2026.\n\nI will answer then."
    )
    assert verdict_on(mail(away, Subject="Pat Smith is out of the office.")) == ("auto_reply", False)
    assert verdict_on(mail("I will be out of the office, so ring me at home.")) == ("none", True)


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
