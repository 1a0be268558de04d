"""Whether a sender is who they say, found out by ourselves: SPF, DKIM and DMARC (RFC 7489), by DNS."""

from collections.abc import Sequence

from postroom.intake.authentication import Authentication, Finding, Sender, judge
from postroom.intake.dmarc import RELAXED, STRICT, Policy, organisational_domain, read_policy
from postroom.intake.dns_questions import Dns
from postroom.intake.envelope_sender import check_envelope
from postroom.intake.headers import read_headers
from postroom.intake.limits import Limits
from postroom.intake.signatures import check_signatures
from postroom.models.failures import Unreachable
from postroom.models.raw_message import RawMessage

SPF_UNKNOWN = "SPF not known"
NO_SIGNATURE = "no DKIM signature of the sender's domain"


def verify(
    raw: RawMessage, sender_email: str, dns: Dns, *, by_gateway: Sequence[Finding] = (), may_ask_spf: bool = True
) -> Authentication:
    """Whether `sender_email` is the sender's own address. May wait for DNS, as long as `dns` allows.

    `by_gateway` is what the gateway found of SPF; `may_ask_spf`: the network address is that of the sender's server and
    not of a gateway of ours. A DNS that does not answer leaves it open and is never a pass. Works on any bytes.
    """
    headers, _ = read_headers(raw.content, Limits())
    if len(headers.all("from")) != 1:
        return Authentication(Sender.FAIL, ("not exactly one From header",))
    domain = sender_email.rpartition("@")[2].rstrip(".").lower()
    spf = [finding for finding in by_gateway if finding.method == "spf"]
    if not spf and may_ask_spf and raw.client_address:
        asked = check_envelope(raw.client_address, raw.client_name or "", raw.envelope_sender, dns)
        spf = [asked] if asked else []
    dkim = check_signatures(raw.content, domain, dns)
    policy, dmarc = _policy(domain, dns)
    own = [finding for finding in dkim + spf if policy.aligned(finding.method, finding.domain, domain)]
    if dmarc.result == "":
        dmarc = Finding("dmarc", _dmarc(own, bool(spf)), domain, policy.wish)
    about_policy = [dmarc] if dmarc.result else []
    words = [
        *(finding.words for finding in about_policy),
        *([finding.words for finding in dkim] or [NO_SIGNATURE]),
        *([finding.words for finding in spf] or [SPF_UNKNOWN]),
    ]
    return Authentication(judge([*about_policy, *dkim, *spf], domain, policy), tuple(words))


def _policy(domain: str, dns: Dns) -> tuple[Policy, Finding]:
    """What the sender's domain, or its organisation, publishes, and DMARC's result where that is clear already.

    While the policy can't be had, nobody but the domain itself speaks for it.
    """
    organisation = organisational_domain(domain)
    try:
        for name in dict.fromkeys((domain, organisation)):
            records = [text.decode("utf-8", "replace") for text in dns.texts(f"_dmarc.{name}")] if name else []
            policy = read_policy(records, below=name != domain)
            if policy is not None:
                return policy, Finding("dmarc", "", domain)
    except Unreachable:
        return STRICT, Finding("dmarc", "temperror", domain)
    return RELAXED, Finding("dmarc", "none", domain)


def _dmarc(own: Sequence[Finding], spf_is_known: bool) -> str:
    """DMARC's result from what is aligned (RFC 7489 6.6.2); nothing where too little is known for one."""
    results = {finding.result for finding in own}
    if "pass" in results:
        return "pass"
    if "temperror" in results:
        return "temperror"
    return "fail" if spf_is_known else ""
