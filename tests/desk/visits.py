"""Every page of the desk in every state that it has: who opens it, or sends it which form."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.desk.every_state import Council
from tests.desk.test_forms import TRIALS


@dataclass(frozen=True)
class Visit:
    """`name` opens `address`, or sends `form` there. The name is that of an officer; "half" is Alice before her code,
    "resident" follows a case, and who has no name is not signed in."""

    name: str
    address: str
    status: int = 200
    form: Mapping[str, str] | None = None


def opens(name: str, *addresses: str) -> list[Visit]:
    return [Visit(name, address) for address in addresses]


LISTS = [
    *opens("bob", "/", "/cases/{sealed}", "/cases/{at_risk}"),
    *opens("charlie", "/", "/cases/{near}"),
    *opens("alice", "/", "/?page=2", "/?team=highways&unsure=yes", "/next", "/new-messages", "/several", "/find"),
    *opens("alice", "/my-work", "/open-cases?due=late&officer=nobody"),
    *opens("alice", "/open-cases", "/open-cases?page=2", "/closed-cases", "/find?words=pothole", "/find?words=nowhere"),
    *opens("alice", "/performance", "/campaigns", "/campaigns/{campaign}", "/cases/{full}", "/cases/{two_matters}"),
    *opens("alice", "/holding-pen", "/holding-pen?kind=doubtful_sender", "/holding-pen/duplicates", "/machine-mail"),
    *opens("alice", "/outbox", "/outbox/{mail}"),
    *opens("otto", "/", "/cases/{open}", "/cases/{near}", "/holding-pen", "/outbox", "/record", "/record/sealed"),
]

CASES = [
    *opens("alice", *(f"/cases/{{{state}}}" for state in ("open", "overdue", "acknowledged", "extended", "consent"))),
    *opens(
        "alice", *(f"/cases/{{{state}}}" for state in ("second_stage", "ombudsman", "enquiry", "full", "responded"))
    ),
    *opens("alice", *(f"/cases/{{{state}}}" for state in ("refused", "decided", "closed", "withdrawn", "merged"))),
    *opens("alice", *(f"/cases/{{{state}}}" for state in ("with_merged", "own_sealed", "restricted"))),
    *opens("alice", "/cases/{full}/person", "/cases/{full}/letters/{letter}"),
    *opens("alice", *(f"/cases/{{{state}}}" for state in ("no_suggestion", "at_risk", "unsure", "near", "late"))),
    *opens("alice", *(f"/cases/{{{state}}}" for state in ("formatted", "blind", "petition", "two_matters"))),
    *opens("alice", "/cases/{drafted}", "/cases/{drafted}/letters/new/response"),
]

PEOPLE = [
    *opens("dora", "/admin", "/admin/officers", "/admin/officers/new", "/admin/officers/2", "/admin/rights"),
    *opens("dora", "/admin/teams"),
    *opens("dora", "/admin/officers/2/details", "/admin/officers/2/teams", "/admin/mailboxes", "/admin/letters"),
    *opens("dora", "/admin/letters/response", "/admin/models", "/admin/calendar", "/admin/configuration"),
    *opens("dora", "/admin/webhooks", "/admin/tokens", "/admin/tokens/{token}/end"),
    *opens("dora", "/account", "/account/password", "/second-factor"),
    *opens("half", "/sign-in/code"),
    *opens("", "/sign-in", "/sign-in?done=signed-out", "/forgotten-password", "/new-password?token={link}", "/follow"),
    *opens("resident", "/follow/case", "/follow/case?sent=true"),
]

LABELS = {"type": "service_request", "category": "fix_problem", "team": "highways", "exclusion": "none"}

REFUSED = [
    Visit("alice", "/cases/{unsure}/labels", 409, {"version": "0", "then": "next"}),
    Visit("alice", "/cases/{unsure}/labels", 422, {"version": "1", "type": ""}),
    Visit("alice", "/cases/{near}/labels", 200, {**LABELS, "version": "1", "then": "preview"}),
    Visit("alice", "/cases/{near}/aside", 422, {}),
    Visit("alice", "/cases/{near}/joining", 422, {}),
    Visit("alice", "/cases/{near}/split", 422, {}),
    Visit("alice", "/cases/{two_matters}/matters", 422, {}),
    Visit("alice", "/cases/{open}/reading", 422, {}),
    Visit("alice", "/cases/{full}/messages/{further}/move", 422, {}),
    Visit("alice", "/several", 422, {}),
    Visit("alice", "/views", 422, {}),
    Visit("alice", "/undo", 422, {}),
    Visit("alice", "/holding-pen/several", 422, {}),
    Visit("alice", "/holding-pen/{held}/attach", 422, {"reference": "{long}"}),
    Visit("alice", "/account/password", 422, {}),
    Visit("alice", "/second-factor", 422, {}),
    Visit("alice", "/second-factor", 200, {"code": "{code}"}),
    Visit("alice", "/account"),
    Visit("alice", "/account/second-factor/removal", 422, {}),
    Visit("dora", "/admin/officers/new", 422, {}),
    Visit("dora", "/admin/officers/2/details", 422, {}),
    Visit("dora", "/admin/officers/2/teams", 422, {}),
    Visit("dora", "/admin/officers/4/lock", 422, {}),
    Visit("half", "/sign-in/code", 422, {}),
    Visit("", "/sign-in", 422, {}),
    Visit("", "/forgotten-password", 200, {}),
    Visit("", "/new-password", 422, {"token": "{link}"}),
    Visit("", "/follow", 422, {}),
    Visit("", "/follow", 200, {"reference": "{open}"}),
    Visit("", "/follow/code", 422, {"reference": "{open}"}),
    Visit("resident", "/follow/case", 422, {}),
]

FAILURES = [
    Visit("alice", "/cases/AR-2026-999999", 404),
    Visit("alice", "/campaigns/many", 422),
    Visit("alice", "/breaks", 500),
    Visit("alice", "/is-busy", 503),
    Visit("alice", "/cases/{full}/messages/{further}/0", 403),
    Visit("alice", "/cases/{full}/messages/{further}/original", 403),
    Visit("bob", "/outbox", 403),
    Visit("dora", "/cases/{full}/messages/{further}/0"),
    Visit("", "/new-password?token=used", 410),
    Visit("", "/sign-in/provider", 404),
    Visit("", "/sign-in/provider/back?error=denied", 422),
]

EMPTY = [
    *opens("alice", "/", "/?team=highways", "/new-messages", "/open-cases", "/closed-cases", "/several", "/campaigns"),
    *opens("alice", "/my-work", "/performance", "/holding-pen", "/holding-pen/duplicates", "/machine-mail", "/outbox"),
    *opens("dora", "/admin/mailboxes", "/admin/models", "/record", "/record/sealed"),
    *opens("dora", "/admin/webhooks", "/admin/tokens"),
]
"""What is opened where nothing has come yet."""

NO_PAGE = {
    ("GET", "/health"): "one word for machines",
    ("GET", "/pulse"): "one number for a script",
    ("GET", "/mail/{raw_message_id}/original"): "a file",
    ("GET", "/cases/{reference}/messages/{message_id}/formatted"): "a frame of the case's page, in which nothing runs",
    ("POST", "/cases/{reference}/presence"): "an answer for a script",
}
LEADS_ON = frozenset(
    {
        *("/account/sessions", "/sign-out", "/follow/end", "/views/{view_id}/removal", "/outbox/{mail_id}/again"),
        *(f"/holding-pen/{{raw_message_id}}/{move}" for move in ("machine", "new-case", "release", "spam")),
        *(
            f"/admin/officers/{{officer_id}}/{move}"
            for move in ("password-link", "second-factor", "sessions", "unlock")
        ),
        *("/admin/officers/{officer_id}/teams/{member_id}/end", "/admin/models/{version}/rollback"),
        *("/admin/webhooks/again", "/admin/tokens/{token_id}/end"),
    }
)
"""Forms of one button, without a field that could be left empty: they lead to a page that is visited."""


def forms_shown(council: Council) -> list[Visit]:
    return [Visit("alice", council.forms[trial.path]) for trial in TRIALS]


def forms_refused(council: Council) -> list[Visit]:
    """Each form of a case with nothing filled in; those that ask nothing as they are."""
    return [
        Visit("alice", council.forms[trial.path], *((422, {"subject": "", "text": ""}) if trial.asks else ()))
        for trial in TRIALS
    ]
