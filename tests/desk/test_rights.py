"""Who may see and do what: Alice in customer relations; Bob, of a children's team; Charlie, of highways, who must not
see Bob's cases; Dora, the administrator."""

from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.casework.restricting import restrict
from postroom.desk import rights
from postroom.desk.cookies import FORM
from postroom.desk.officers import find_officer, join_team
from postroom.desk.queries.sight import find_visible
from postroom.desk.rights import CSRF_FIELD, NotSignedIn, Right, check
from postroom.desk.sessions import SignedIn
from postroom.models.database import open_session
from postroom.models.officer import Role, SealedView
from postroom.models.raw_message import FilingState, HeldBecause
from postroom.models.settings import Settings
from tests.desk.conftest import PEOPLE, Clock, Enter, Visitor, add_people, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom

CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")
HIGHWAYS = Labels("service_request", "highways", "fix_problem")
NOBODYS = Labels("complaint", "libraries", "communication")

SIGHT = {
    "awaiting, children": {"alice", "bob"},
    "awaiting, highways": {"alice", "charlie", "dora", "mary", "otto"},
    "awaiting, no suggestion": {"alice"},
    "awaiting, restricted to Charlie": {"charlie"},
    "open, children": {"bob"},
    "open, highways": {"alice", "charlie", "dora", "ivan", "mary", "otto"},
    "open, another team's": {"alice", "dora", "otto"},
    "open, restricted to Charlie": {"charlie"},
    "closed, children": {"bob"},
    "closed, highways": {"alice", "charlie", "dora", "ivan", "mary", "otto"},
}
"""Who sees which case: Otto, the auditor, is a member of the children's team and sees none of it all the same."""

EVERYBODY = frozenset(PEOPLE)
WHO_MAY = {
    Right.ANYBODY: EVERYBODY,
    Right.PAST_PASSWORD: EVERYBODY,
    Right.SIGNED_IN: EVERYBODY,
    Right.SEE_CASE: EVERYBODY,
    Right.WORK_ON_CASE: {"alice", "bob", "charlie", "ivan", "mary"},
    Right.WORK: {"alice", "bob", "charlie", "ivan", "mary"},
    Right.SEE_MAIL: {"alice", "dora", "otto"},
    Right.SORT_MAIL: {"alice", "dora"},
    Right.AUDIT: {"dora", "otto"},
    Right.ADMINISTER: {"dora"},
}
"""Whose role allows what, written down again beside `ROLES`, so that a slip in one of the two shows."""

NAMED_CASE = (Right.SEE_CASE, Right.WORK_ON_CASE)


@cache
def listed_rights() -> dict[tuple[str, str], Right]:
    """What stands in route_rights.txt."""
    found: dict[tuple[str, str], Right] = {}
    right = Right.ANYBODY
    for line in (Path(__file__).parent / "route_rights.txt").read_text().splitlines():
        if line.startswith("["):
            right = Right[line.strip("[]")]
        elif line and not line.startswith("#"):
            method, path = line.split()
            found[(method, path)] = right
    return found


def cases_of_all_kinds(mailroom: Mailroom, settings: Settings, now: datetime) -> dict[str, str]:
    alice = officer_id("alice")
    references = {
        "awaiting, children": mailroom.case(now, CHILDREN_COMPLAINT),
        "awaiting, highways": mailroom.case(now, HIGHWAYS_REQUEST),
        "awaiting, no suggestion": mailroom.case(now),
        "awaiting, restricted to Charlie": mailroom.case(now, HIGHWAYS_REQUEST),
        "open, children": mailroom.confirmed(now, CHILDREN, alice),
        "open, highways": mailroom.confirmed(now, HIGHWAYS, alice),
        "open, another team's": mailroom.confirmed(now, NOBODYS, alice),
        "open, restricted to Charlie": mailroom.confirmed(now, NOBODYS, alice),
        "closed, children": mailroom.confirmed(now, CHILDREN, alice),
        "closed, highways": mailroom.confirmed(now, HIGHWAYS, alice),
    }
    with open_session(mailroom.engine) as session:
        for kind, reference in references.items():
            if "restricted" in kind:
                restrict(
                    session,
                    mailroom.case_id(reference),
                    ["charlie@ardenshire.example"],
                    reason="about a colleague",
                    officer_id=alice,
                    settings=settings,
                    now=now,
                )
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
        return find_visible(engine, reference, visitor_called(name), settings) is not None

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
    assert "may see" in charlie.page(f"/find?words={sealed}").text


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


def test_a_sealed_case_that_is_shown_in_answer_to_a_form_was_looked_at_too(
    mailroom: Mailroom, bob: Visitor, now: datetime, sqlite: Engine
) -> None:
    reference = mailroom.confirmed(now, CHILDREN, officer_id("alice"), text="He is left alone overnight.")

    assert "left alone" in bob.post(f"/cases/{reference}/reading", 422).text
    with open_session(sqlite) as session:
        views = session.exec(select(SealedView)).all()
    assert [(view.case_id, view.officer_id) for view in views] == [(mailroom.case_id(reference), officer_id("bob"))]


def test_nobody_learns_by_undoing_whether_there_is_a_case(mailroom: Mailroom, charlie: Visitor, now: datetime) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))

    there, not_there = (charlie.post("/undo", 422, reference=each).text for each in (sealed, "AR-2026-999999"))
    assert there == not_there


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


def test_every_route_is_listed_with_its_right(app: FastAPI) -> None:
    found = {
        (method, route.path) for route in app.routes if isinstance(route, APIRoute) for method in route.methods or ()
    }
    others = {getattr(route, "path", "") for route in app.routes if not isinstance(route, APIRoute)}

    assert found == set(app.state.rights)
    assert others == {"/static", "/api/v1"}
    assert app.state.rights == listed_rights()


def visitor_called(name: str, waits_for: str = "") -> SignedIn:
    role, teams = PEOPLE[name]
    return SignedIn(officer_id(name), name, role, frozenset(teams), "the form's token", "", waits_for)


def asked(
    app: FastAPI, visitor: SignedIn, method: str, path: str, reference: str = "", csrf: str = "the form's token"
) -> int:
    """What the guard of a route says to somebody: 200, 303 to the door, 403 or 404."""
    scope = {
        "type": "http",
        "app": app,
        "method": method,
        "path": path,
        "scheme": "http",
        "server": ("desk", 80),
        "query_string": b"",
        "headers": [(b"cookie", f"{FORM}=door".encode())],
        "path_params": {"reference": reference} if "{reference}" in path else {},
        "route": next(route for route in app.routes if getattr(route, "path", "") == path),
    }
    given = "door" if listed_rights()[(method, path)] is Right.ANYBODY else csrf
    try:
        check(Request(scope), app.state.surroundings, {CSRF_FIELD: given}, visitor)
    except NotSignedIn:
        return 303
    except HTTPException as refused:
        return refused.status_code
    return 200


KINDS = (
    "awaiting, highways",
    "open, highways",
    "open, another team's",
    "open, children",
    "open, restricted to Charlie",
)


def test_every_route_answers_each_role_for_each_kind_of_case_as_it_should(
    app: FastAPI, mailroom: Mailroom, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each case is looked up in the database once for each person: 4,000 look-ups would say the same."""
    references = cases_of_all_kinds(mailroom, settings, now)
    seen = cache(lambda reference, visitor: find_visible(mailroom.engine, reference, visitor, settings))
    monkeypatch.setattr(rights, "find_visible", lambda _, reference, visitor, __: seen(reference, visitor))
    wrong = []
    for name in PEOPLE:
        visitor = visitor_called(name)
        for (method, path), right in listed_rights().items():
            for kind in KINDS if right in NAMED_CASE else [""]:
                hidden = kind and name not in SIGHT[kind]
                expected = 404 if hidden else 200 if name in WHO_MAY[right] else 403
                if asked(app, visitor, method, path, references.get(kind, "")) != expected:
                    wrong.append((name, method, path, kind, expected))
    assert wrong == []


def test_who_owes_the_second_factor_passes_no_guard_but_that_of_its_own_pages(app: FastAPI) -> None:
    for (method, path), right in listed_rights().items():
        open_ = right in (Right.ANYBODY, Right.PAST_PASSWORD)
        assert asked(app, visitor_called("dora", "code"), method, path) == (200 if open_ else 303), path


def test_a_form_with_another_token_passes_no_guard(app: FastAPI) -> None:
    for (method, path), right in listed_rights().items():
        if method == "POST" and right is not Right.ANYBODY:
            assert asked(app, visitor_called("dora"), method, path, csrf="forged") == 403, path


def test_a_path_that_names_a_case_needs_a_right_to_that_case(app: FastAPI) -> None:
    for (method, path), right in app.state.rights.items():
        if path.startswith("/cases/"):
            assert right in (NAMED_CASE if method == "GET" else [Right.WORK_ON_CASE]), path


def test_a_route_that_the_table_forgot_is_closed(app: FastAPI) -> None:
    app.add_api_route("/forgotten", lambda: "open", methods=["GET"])

    assert TestClient(app).get("/forgotten").status_code == 403


def test_every_closed_route_sends_strangers_to_the_door(app: FastAPI) -> None:
    client = TestClient(app, follow_redirects=False)
    for (method, path), right in app.state.rights.items():
        if right is not Right.ANYBODY:
            answer = client.request(method, path.replace("{", "").replace("}", ""))
            assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), path


def test_every_role_is_somebodys_in_these_tests() -> None:
    assert {role for role, _ in PEOPLE.values()} == set(Role)


def test_a_membership_counts_from_its_first_day_to_its_last(
    mailroom: Mailroom, settings: Settings, enter: Enter, clock: Clock, sqlite: Engine, now: datetime
) -> None:
    reference = mailroom.confirmed(now, NOBODYS, officer_id("alice"))
    with open_session(sqlite) as session:
        charlie = find_officer(session, officer_id("charlie"))
        days = {"from_on": date(2026, 3, 5), "until_on": date(2026, 3, 6)}
        join_team(session, charlie, settings, team="libraries", by=officer_id("dora"), now=now, **days)
        session.commit()

    seen = []
    for _ in range(4):
        seen.append(enter("charlie").client.get(f"/cases/{reference}").status_code)
        clock.forward(days=1)
    assert seen == [404, 200, 200, 404]


def test_an_auditor_reads_the_mail_and_the_record_and_has_no_button(
    mailroom: Mailroom, enter: Enter, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    mailroom.raw(now, subject="Cheap watches", state=FilingState.HELD, held_because=HeldBecause.LIKELY_MACHINE)
    otto = enter("otto")

    for path in ("/holding-pen", "/outbox", "/machine-mail", "/record", "/record/sealed", f"/cases/{reference}"):
        assert otto.page(path).tree.xpath("//main//form[@method='post']") == [], path
    assert "Cheap watches" in otto.page("/holding-pen").text
    assert "/record" in otto.page("/").links()
    assert "/admin" not in otto.page("/").links()


def test_looks_at_sealed_and_restricted_cases_stand_in_the_record(
    mailroom: Mailroom, settings: Settings, charlie: Visitor, dora: Visitor, now: datetime
) -> None:
    reference = cases_of_all_kinds(mailroom, settings, now)["open, restricted to Charlie"]
    charlie.page(f"/cases/{reference}")

    looks = dora.page("/record/sealed").text
    assert f"{reference} Restricted Charlie" in looks
