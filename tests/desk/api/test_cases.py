"""The API by hand: what it answers, and to whom it does not."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, select
from sqlmodel import col

from postroom.casework.labels import Labels
from postroom.desk.api.app import PATH, create_api
from postroom.desk.api.tokens import revoke_token
from postroom.models.database import open_session
from postroom.models.interface import Scope
from postroom.models.officer import Officer, SealedView
from tests.desk.api.conftest import Program, Programs
from tests.desk.conftest import officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

HIGHWAYS = Labels("complaint", "highways", "service_standards")
CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")


def test_a_program_reads_a_case_with_its_deadlines(program: Programs, mailroom: Mailroom, now: datetime) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    case = program().get(f"/cases/{reference}").json()
    assert (case["reference"], case["type"], case["team"]) == (reference, "complaint", "highways")
    assert [each["due_on"] for each in case["deadlines"] if each["step"] == "acknowledge"] == ["2026-03-11"]


def test_lists_go_on_where_they_stopped(program: Programs, mailroom: Mailroom, now: datetime) -> None:
    references = [mailroom.case(now) for _ in range(3)]
    asking = program()
    first = asking.get("/cases", limit=2).json()
    rest = asking.get("/cases", limit=2, after=first["next"]).json()
    assert [case["reference"] for case in (*first["cases"], *rest["cases"])] == references
    assert rest["next"] is None


def test_lists_are_narrowed(program: Programs, mailroom: Mailroom, now: datetime) -> None:
    mailroom.case(now)
    confirmed = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    asking = program()
    for query in ({"status": "open"}, {"team": "highways"}, {"type": "complaint"}):
        assert [case["reference"] for case in asking.get("/cases", **query).json()["cases"]] == [confirmed]
    assert asking.get("/cases", received_from="2026-03-05").json()["cases"] == []
    assert len(asking.get("/cases", received_from="2026-03-04").json()["cases"]) == 2


def test_a_program_sees_what_its_officer_sees_and_no_more(
    program: Programs, mailroom: Mailroom, sqlite: Engine, now: datetime
) -> None:
    reference = mailroom.confirmed(now, CHILDREN, officer_id("alice"), subject="About Robin")
    for stranger in (program("alice"), program("charlie"), program("dora")):
        assert stranger.get("/cases").json()["cases"] == []
        for page in ("", "/history", "/messages", "/suggestion"):
            assert stranger.get(f"/cases/{reference}{page}").status_code == 404
    team = program("bob")
    assert [case["subject"] for case in team.get("/cases").json()["cases"]] == [""]
    assert team.get(f"/cases/{reference}").json()["subject"] == "About Robin"
    with open_session(sqlite, read_only=True) as session:
        assert list(session.execute(select(col(SealedView.officer_id))).scalars()) == [officer_id("bob")]


def test_messages_are_read_with_their_own_scope(program: Programs, mailroom: Mailroom, now: datetime) -> None:
    reference = mailroom.case(now, text="There is a pothole.")
    assert program("alice", Scope.CASES).get(f"/cases/{reference}/messages").status_code == 403
    [message] = program("alice", Scope.MESSAGES).get(f"/cases/{reference}/messages").json()
    assert (message["sender_email"], message["text"].strip()) == ("jo@example.org", "There is a pothole.")


def test_a_suggestion_is_told_unless_it_is_kept_back(program: Programs, mailroom: Mailroom, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    asking = program()
    assert asking.get(f"/cases/{reference}/suggestion").json()["team"] == "highways"
    assert asking.get(f"/cases/{mailroom.case(now)}/suggestion").status_code == 404


def test_a_decision_is_one_of_the_tokens_officer(program: Programs, mailroom: Mailroom, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    asking = program()
    decided = asking.post(
        f"/cases/{reference}/decision", version=1, type="complaint", team="highways", category="service_standards"
    )
    assert (decided.status_code, decided.json()["status"]) == (200, "open")
    history = asking.get(f"/cases/{reference}/history").json()
    assert (history[-1]["kind"], history[-1]["actor"]) == ("confirmed", f"officer:{officer_id('alice')}")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"version": 7, "type": "complaint", "team": "highways", "category": "service_standards"}, 409),
        ({"version": 1, "type": "nonsense", "team": "highways"}, 409),
        ({"version": 1, "type": "complaint", "team": "highways", "also": 1}, 422),
        ({"version": "1", "type": "complaint", "team": "highways"}, 422),
        ({}, 422),
    ],
)
def test_a_decision_that_can_not_be_changes_nothing(
    program: Programs, mailroom: Mailroom, now: datetime, body: dict[str, object], status: int
) -> None:
    reference = mailroom.case(now)
    asking = program()
    answer = asking.post(f"/cases/{reference}/decision", **body)
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True)
    assert asking.get(f"/cases/{reference}").json()["status"] == "awaiting"


def test_an_officer_who_only_looks_decides_nothing_by_a_program(
    program: Programs, mailroom: Mailroom, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    body = {"version": 1, "type": "complaint", "team": "highways", "category": "service_standards"}
    assert program("dora").post(f"/cases/{reference}/decision", **body).status_code == 403


def test_reports_count_what_the_officer_may_see(program: Programs, mailroom: Mailroom, now: datetime) -> None:
    mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    march = {"first": "2026-03-01", "last": "2026-03-31"}
    asking = program("alice")
    assert asking.get("/reports/performance", **march).json()["flow"] == {"received": 1, "closed": 0}
    assert program("bob").get("/reports/performance", **march).json()["flow"]["received"] == 0
    assert [each["team"] for each in program("charlie").get("/reports/workload").json()["teams"]] == ["highways"]
    turned = asking.get("/reports/performance", first="2026-03-31", last="2026-03-01").json()
    assert turned["flow"]["received"] == 0


def test_no_operation_answers_without_a_token_that_holds(
    app: FastAPI, program: Programs, sqlite: Engine, now: datetime
) -> None:
    revoked, left = program("alice", Scope.CASES), program("charlie")
    with open_session(sqlite) as session:
        revoke_token(session, "alice cases", now=now)
        charlie = session.get_one(Officer, officer_id("charlie"))
        charlie.active = False
        session.add(charlie)
        session.commit()
    description = create_api(app.state.surroundings).openapi()
    operations = [(method, path) for path, found in description["paths"].items() for method in found]
    assert len(operations) == 8
    for method, path in operations:
        for asking in (revoked, left, Program(app, ""), Program(app, "postroom_wrong")):
            answer = asking.client.request(method, PATH + path.replace("{reference}", "AR-2026-000001"))
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path


def test_a_stranger_can_not_fill_the_memory(app: FastAPI) -> None:
    sent = 0

    def without_end() -> Iterator[bytes]:
        nonlocal sent
        while sent < 10_000_000:
            sent += 10_000
            yield b" " * 10_000

    headers = {"content-type": "application/json"}
    answer = Program(app, "").client.post(
        f"{PATH}/cases/AR-2026-000001/decision", content=without_end(), headers=headers
    )
    assert (answer.status_code, answer.json()) == (413, {"detail": "Send 64,000 bytes at most."})
