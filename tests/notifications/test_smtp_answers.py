import pytest

from postroom.notifications.smtp_answers import Verdict, judge


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (550, "5.1.1 No such person here", Verdict.REFUSED),
        (550, "No such person here", Verdict.REFUSED),
        (554, "5.7.1 Rejected as spam", Verdict.REFUSED),
        (553, "", Verdict.REFUSED),
        (450, "4.2.0 Greylisted", Verdict.LATER),
        (451, "Try again later", Verdict.LATER),
        (452, "4.3.1 Insufficient system storage", Verdict.LATER),
        (452, "5.2.2 Mailbox full", Verdict.LATER),
        (552, "5.2.2 Mailbox full", Verdict.LATER),
        (552, "Message exceeds storage", Verdict.LATER),
        (552, "5.3.4 Message too big for system", Verdict.REFUSED),
        (550, "4.7.1 Please try again", Verdict.LATER),
        (450, "5.1.1 No such person here", Verdict.LATER),
        (550, "5.1.1forged", Verdict.REFUSED),
        (421, "4.3.2 Shutting down", Verdict.OUTAGE),
        (454, "4.7.0 Temporary authentication failure", Verdict.OUTAGE),
        (530, "5.7.0 Must issue a STARTTLS command first", Verdict.OUTAGE),
        (535, "5.7.8 Authentication credentials invalid", Verdict.OUTAGE),
        (250, "OK where it should not be", Verdict.LATER),
        (999, "What is this", Verdict.LATER),
    ],
)
def test_a_refusal_means_what_its_codes_say_and_the_gentler_where_they_disagree(
    code: int, text: str, verdict: Verdict
) -> None:
    assert judge(code, text) == verdict
