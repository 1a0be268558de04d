"""Who may see and do what: Alice in customer relations; Bob, of a children's team; Charlie, of highways, who must not
see Bob's cases; Dora, the administrator."""

from datetime import datetime

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.desk.queries.sight import find_visible
from postroom.desk.rights import Right
from postroom.desk.sessions import SignedIn
from postroom.models.database import open_session
from postroom.models.officer import Role, SealedView
from postroom.models.settings import Settings
from tests.desk.conftest import PEOPLE, Visitor, add_people, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom

CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")
HIGHWAYS = Labels("service_request", "highways", "fix_problem")
NOBODYS = Labels("complaint", "libraries", "communication")

SIGHT = {
    "awaiting, children": {"alice", "bob"},
    "awaiting, highways": {"alice", "charlie", "dora"},
    "awaiting, no suggestion": {"alice"},
    "open, children": {"bob"},
    "open, highways": {"alice", "charlie", "dora"},
    "open, another team's": {"alice", "dora"},
    "closed, children": {"bob"},
    "closed, highways": {"alice", "charlie", "dora"},
}


def cases_of_all_kinds(mailroom: Mailroom, settings: Settings, now: datetime) -> dict[str, str]:
    alice = officer_id("alice")
    references = {
        "awaiting, children": mailroom.case(now, CHILDREN_COMPLAINT),
        "awaiting, highways": mailroom.case(now, HIGHWAYS_REQUEST),
        "awaiting, no suggestion": mailroom.case(now),
        "open, children": mailroom.confirmed(now, CHILDREN, alice),
        "open, highways": mailroom.confirmed(now, HIGHWAYS, alice),
        "open, another team's": mailroom.confirmed(now, NOBODYS, alice),
        "closed, children": mailroom.confirmed(now, CHILDREN, alice),
        "closed, highways": mailroom.confirmed(now, HIGHWAYS, alice),
    }
    with open_session(mailroom.engine) as session:
        for kind, reference in references.items():
            if kind.startswith("closed"):
                cases.withdraw(
                    session, mailroom.case_id(reference), reason="done", officer_id=alice, settings=settings, now=now
                )
        session.commit()
    return references


def test_each_case_is_seen_by_those_who_may_and_nobody_else(engine: Engine, settings: Settings, now: datetime) -> None:
    add_people(engine, settings, now)
    references = cases_of_all_kinds(Mailroom(engine, settings), settings, now)

    def sees(name: str, reference: str) -> bool:
        role, teams = PEOPLE[name]
        visitor = SignedIn(officer_id(name), name, role, frozenset(teams), "", "")
        return find_visible(engine, reference, visitor, settings) is not None

    found = {kind: {name for name in PEOPLE if sees(name, reference)} for kind, reference in references.items()}
    assert found == SIGHT


def test_a_case_that_somebody_may_not_see_does_not_exist_for_them(
    mailroom: Mailroom, charlie: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"), subject="About my grandson")
    letter = mailroom.letter(now, sealed)

    missing = charlie.page("/cases/AR-2026-999999", 404)
    for path in (f"/cases/{sealed}", f"/cases/{sealed}/letters/{letter}", f"/cases/{sealed}/messages/1/0"):
        assert charlie.page(path, 404).text == missing.text
    assert charlie.post(f"/cases/{sealed}/closure", 404, reason="mine now").text == missing.text
    assert "grandson" not in charlie.page("/open-cases").source
    assert "may see" in charlie.page(f"/find?reference={sealed}", 404).text


def test_every_look_at_a_sealed_case_is_recorded(
    mailroom: Mailroom, alice: Visitor, bob: Visitor, charlie: Visitor, sqlite: Engine, now: datetime
) -> None:
    awaiting = mailroom.case(now, CHILDREN_COMPLAINT)
    confirmed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    letter = mailroom.letter(now, confirmed)
    plain = mailroom.case(now, HIGHWAYS_REQUEST)

    alice.page(f"/cases/{awaiting}")
    bob.page(f"/cases/{confirmed}")
    bob.page(f"/cases/{confirmed}/letters/{letter}")
    alice.page(f"/cases/{plain}")
    charlie.page(f"/cases/{confirmed}", 404)

    with open_session(sqlite) as session:
        views = session.exec(select(SealedView).order_by("id")).all()
    assert [(view.case_id, view.officer_id, view.at) for view in views] == [
        (mailroom.case_id(awaiting), officer_id("alice"), now),
        (mailroom.case_id(confirmed), officer_id("bob"), now),
        (mailroom.case_id(confirmed), officer_id("bob"), now),
    ]


def test_lists_do_not_show_the_words_of_a_sealed_case(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    mailroom.case(now, CHILDREN_COMPLAINT, text="He is left alone overnight.")

    queue = alice.page("/")
    assert "Sealed" in queue.text
    assert "left alone" not in queue.source


def test_an_administrator_sees_cases_and_changes_none(mailroom: Mailroom, dora: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)

    assert dora.page(f"/cases/{reference}").tree.xpath("//main//form") == []
    dora.post(f"/cases/{reference}/labels", 403, type="complaint")


@pytest.mark.parametrize("path", ["/holding-pen", "/machine-mail", "/outbox"])
def test_only_those_who_sort_the_mail_see_it(
    path: str, alice: Visitor, bob: Visitor, charlie: Visitor, dora: Visitor
) -> None:
    for sorter in (alice, dora):
        assert path in sorter.page(path).links()
    for officer in (bob, charlie):
        assert path not in officer.page("/").links()
        officer.page(path, 403)


def test_every_route_has_one_right(app: FastAPI) -> None:
    found = {
        (method, route.path) for route in app.routes if isinstance(route, APIRoute) for method in route.methods or ()
    }
    others = {getattr(route, "path", "") for route in app.routes if not isinstance(route, APIRoute)}

    assert found == set(app.state.rights)
    assert others == {"/static"}


def test_what_anybody_may_open_is_only_the_door(app: FastAPI) -> None:
    anybodys = {route for route, right in app.state.rights.items() if right is Right.ANYBODY}
    assert anybodys == {("GET", "/health"), ("GET", "/sign-in"), ("POST", "/sign-in")}


def test_a_path_that_names_a_case_needs_a_right_to_that_case(app: FastAPI) -> None:
    for (method, path), right in app.state.rights.items():
        if path.startswith("/cases/"):
            assert right is (Right.SEE_CASE if method == "GET" else Right.WORK_ON_CASE), path


def test_a_route_that_the_table_forgot_is_closed(app: FastAPI) -> None:
    app.add_api_route("/forgotten", lambda: "open", methods=["GET"])

    assert TestClient(app).get("/forgotten").status_code == 403


def test_every_closed_route_sends_strangers_to_the_door(app: FastAPI) -> None:
    client = TestClient(app, follow_redirects=False)
    for (method, path), right in app.state.rights.items():
        if right is not Right.ANYBODY:
            answer = client.request(method, path.replace("{", "").replace("}", ""))
            assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), path


def test_the_roles_of_the_people_in_these_tests_are_all_there_are_but_managers() -> None:
    assert {role for role, _ in PEOPLE.values()} == set(Role) - {Role.MANAGER}
