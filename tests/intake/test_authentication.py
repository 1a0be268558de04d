"""Whether a sender is who they say, by the gateway's word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.intake.authentication import Authentication, Sender, by_gateway, findings_in, headers_of_gateway
from tests.intake.mails import PAT

GATEWAY = "mx.ardenshire.example"
GOOD = ("authentication-results", f"{GATEWAY}; dmarc=pass header.from=home.example")
BAD = ("authentication-results", f"{GATEWAY}; dmarc=fail header.from=home.example")
ANOTHERS = ("authentication-results", "mx.evil.example; dmarc=pass header.from=home.example")
AT_GATEWAY = ("received", f"from mail.home.example (mail.home.example [11.0.0.7]) by {GATEWAY} with ESMTPS id 7; Wed")
BY_SENDER = ("received", "from laptop by mail.home.example with ESMTPSA id 1; Wed")
INTO_MAILBOX = ("received", f"from {GATEWAY} by store.ardenshire.example with LMTP id 9; Wed")


def found(*headers: str, sender: str = PAT) -> Sender:
    return by_gateway(findings_in(headers), sender).sender


def read(*headers: tuple[str, str]) -> Sender:
    return by_gateway(findings_in(headers_of_gateway(headers, GATEWAY)), PAT).sender


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass (p=reject) header.from=home.example", Sender.PASS),
        ("dmarc=fail (p=none) header.from=home.example; spf=pass smtp.mailfrom=pat@home.example", Sender.FAIL),
        ("dkim=pass header.d=home.example", Sender.PASS),
        ("dkim=pass header.d=mail.home.example", Sender.PASS),
        ('dkim=pass (2048-bit; key) header.i="@home.example"', Sender.PASS),
        ("spf=pass smtp.mailfrom=pat.smith@home.example", Sender.PASS),
        ("spf=pass smtp.mailfrom=bounces@newsletter.example", Sender.NONE),
        ("dkim=pass header.d=evil.example", Sender.NONE),
        ("dkim=pass header.d=example", Sender.NONE),
        ("dmarc=none header.from=home.example; dkim=pass header.d=home.example", Sender.PASS),
        ("dmarc=pass header.from=evil.example", Sender.FAIL),
        ("spf=fail smtp.mailfrom=pat@home.example", Sender.FAIL),
        ("spf=softfail smtp.mailfrom=pat@home.example", Sender.NONE),
        ("dkim=temperror header.d=home.example", Sender.NONE),
        ("dkim=fail header.d=home.example; spf=pass smtp.mailfrom=home.example", Sender.PASS),
        ("iprev=pass policy.iprev=192.0.2.1", Sender.NONE),
        ('x="dmarc=pass header.from=home.example"', Sender.NONE),
        ("none (dmarc=pass header.from=home.example)", Sender.NONE),
        ("none", Sender.NONE),
    ],
)
def test_the_gateways_findings_are_judged_by_the_senders_own_domain(results: str, expected: Sender) -> None:
    assert found(f"{GATEWAY} 1; {results}") == expected


class TestWhichHeadersAreTheGateways:
    @pytest.mark.parametrize(
        "value",
        [
            "mx.evil.example; dmarc=pass header.from=home.example",
            f"{GATEWAY}.evil.example; dmarc=pass header.from=home.example",
            f"({GATEWAY}) x; dmarc=pass header.from=home.example",
            f'"{GATEWAY}"x; dmarc=pass header.from=home.example',
            "dmarc=pass header.from=home.example",
        ],
    )
    def test_one_under_another_name_is_not(self, value: str) -> None:
        assert headers_of_gateway([("authentication-results", value), AT_GATEWAY], GATEWAY) == ()

    def test_several_above_the_hop_into_the_gateway_are(self) -> None:
        """As with OpenDKIM, OpenDMARC and an SPF policy service, each of which writes its own."""
        spf = ("authentication-results", f"{GATEWAY}; spf=pass smtp.mailfrom=home.example")
        dkim = ("authentication-results", f"{GATEWAY}; dkim=fail header.d=home.example")
        assert read(dkim, spf, AT_GATEWAY, BY_SENDER) == Sender.PASS
        assert read(GOOD, BAD, AT_GATEWAY, BY_SENDER) == Sender.FAIL

    def test_the_delivery_into_a_mailbox_by_lmtp_does_not_hide_them(self) -> None:
        assert read(INTO_MAILBOX, ("authentication-results", f"{GATEWAY}; spf=none"), GOOD, AT_GATEWAY) == Sender.PASS

    def test_another_server_s_above_the_same_hop_is_passed_over(self) -> None:
        assert read(ANOTHERS, GOOD, AT_GATEWAY) == Sender.PASS

    def test_a_forged_one_below_the_hop_is_not(self) -> None:
        nothing = ("authentication-results", f"{GATEWAY}; none")
        assert read(nothing, AT_GATEWAY, GOOD, BY_SENDER) == Sender.NONE
        assert read(BAD, AT_GATEWAY, GOOD) == Sender.FAIL
        assert read(ANOTHERS, AT_GATEWAY, GOOD) == Sender.NONE

    def test_a_forged_one_under_a_gateway_that_writes_below_its_hop_is_not(self) -> None:
        """Such a gateway can't be told from what came with the mail, so its topmost alone counts."""
        assert read(AT_GATEWAY, BAD, GOOD) == Sender.FAIL
        assert read(AT_GATEWAY, ("authentication-results", f"{GATEWAY}; none"), GOOD, BY_SENDER) == Sender.NONE
        assert read(AT_GATEWAY, GOOD, BY_SENDER) == Sender.PASS

    def test_a_forged_hop_helps_nobody(self) -> None:
        forged_hop = ("received", f"from {GATEWAY} by {GATEWAY} with LMTP id 1; Wed")
        nothing = ("authentication-results", f"{GATEWAY}; none")
        assert read(nothing, AT_GATEWAY, forged_hop, GOOD, forged_hop) == Sender.NONE
        assert read(AT_GATEWAY, nothing, forged_hop, GOOD, AT_GATEWAY) == Sender.NONE

    @pytest.mark.parametrize(
        "says",
        [
            "from x by y with LMTP (evil [11.0.0.9]) by {gateway} with ESMTP id 7; Wed",
            'from evil (evil [11.0.0.9]) by {gateway} with SMTP (envelope-from <"a) by x with LMTP "@evil.ex>); Wed',
            'from evil by {gateway} with SMTP id 7 for <"with LMTP"@x>; Wed',
        ],
    )
    def test_a_sender_who_greets_as_if_by_lmtp_is_still_outside(self, says: str) -> None:
        hop = ("received", says.format(gateway=GATEWAY))
        assert read(hop, ("authentication-results", f"{GATEWAY}; none"), GOOD, BY_SENDER) == Sender.NONE

    def test_a_mail_that_came_no_way_is_read_by_its_topmost(self) -> None:
        assert read(BAD, GOOD) == Sender.FAIL
        assert read(ANOTHERS, GOOD) == Sender.NONE


def test_what_was_found_is_told_in_words() -> None:
    header = f"{GATEWAY}; dmarc=pass header.from=home.example; spf=none smtp.mailfrom=pat@home.example"
    assert by_gateway(findings_in([header]), PAT) == Authentication(
        Sender.PASS, ("DMARC pass for home.example", "SPF none for home.example")
    )


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_read_and_proves_nothing_by_itself(text: str, hop: str) -> None:
    headers = [("received", hop), ("authentication-results", f"{GATEWAY}; {text}")]
    sender = by_gateway(findings_in(headers_of_gateway(headers, GATEWAY)), PAT).sender
    assert sender != Sender.PASS or "home.example" in text.lower()
