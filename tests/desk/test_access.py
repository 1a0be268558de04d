"""Nobody is kept from any page in any of its states: axe-core, screens of every width, the browser's own complaints."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page
from starlette.routing import Match

import postroom.desk
from postroom.desk.app import create_app
from postroom.desk.cookies import FOLLOW, SESSION
from postroom.desk.rights import Right
from postroom.desk.sessions import CODE, begin_session
from postroom.models.database import open_engine, open_session
from postroom.models.failures import Temporary
from postroom.models.settings import Settings
from tests.desk import visits
from tests.desk.casework import Desk, with_all_steps
from tests.desk.conftest import officer_id
from tests.desk.every_state import Council, found
from tests.desk.mailroom import Mailroom
from tests.desk.test_follow import Resident
from tests.desk.test_forms import TRIALS
from tests.desk.visits import Visit
from tests.servers.axe import faults
from tests.servers.desk import serve

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
NARROW, MIDDLE, WIDE = 320, 768, 1280
"""A telephone, which is a wide screen at a zoom of 400%; a tablet; a wide screen."""

walks = pytest.mark.timeout(300)  # many pages, on a machine that may do much else

SEND = """
([address, fields]) => {
    const form = document.createElement('form')
    form.action = address
    form.method = 'post'
    for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement('input')
        field.name = name
        field.value = value
        form.append(field)
    }
    document.body.append(form)
    form.submit()
}
"""
UNFOLD = "document.querySelectorAll('details').forEach(each => { each.open = true })"
TOKEN = "document.querySelector('input[name=csrf_token]')?.value"
FOCUS_NOT_SEEN = """
() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(each => {
    if (!each.checkVisibility({visibilityProperty: true}) || each.disabled || each.tabIndex < 0) return false
    each.focus()
    const seen = [each, each.nextElementSibling].some(one => one && [null, '::before'].some(part => {
        const style = getComputedStyle(one, part)
        return style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2
    }))
    return !seen || document.activeElement != each
}).map(each => each.outerHTML.slice(0, 120))
"""
"""An outline stays where the system's own colours are forced on a page; shadows and grounds do not."""


@dataclass
class Walk:
    """One browser that everybody uses, one after the other."""

    page: Page
    url: str
    council: Council
    sessions: dict[str, dict[str, str]]
    wrong: list[str] = field(default_factory=list)
    who: str | None = None

    def go(self, visits: list[Visit], *widths: int) -> list[str]:
        """What is wrong on these pages, with all that is folded away unfolded. axe looks at each of the `widths`."""
        self.who = None  # the browser may have been another walk's
        self.page.on("console", self._hear)
        for visit in visits:
            before = len(self.wrong)
            self._visit(visit, widths)
            self.wrong[before:] = [f"{visit.name} {visit.address}: {each}" for each in self.wrong[before:]]
        self.page.remove_listener("console", self._hear)
        found, self.wrong = self.wrong, []
        return found

    def _visit(self, visit: Visit, widths: tuple[int, ...]) -> None:
        self._become(visit.name)
        status = self._open(visit)
        if status != visit.status:
            self.wrong.append(f"answers {status}: {self.page.locator('main').inner_text()[:200]}")
        self.page.evaluate(UNFOLD)
        for width in (NARROW, MIDDLE, WIDE):
            self.page.set_viewport_size({"width": width, "height": 800})
            if self.page.evaluate("document.documentElement.scrollWidth") > width:
                self.wrong.append(f"scrolls sideways at {width}")
            if width in widths:
                self.wrong += faults(self.page)
        self.wrong += [f"no focus is seen on {each}" for each in self.page.evaluate(FOCUS_NOT_SEEN)]

    def _open(self, visit: Visit) -> int:
        address = self.url + self.council.address(visit.address)
        if visit.form is None:
            answer = self.page.goto(address)
        else:
            if not self.page.evaluate(TOKEN):
                self._go_home()
            fields = {name: self.council.address(value) for name, value in visit.form.items()}
            fields["csrf_token"] = self.page.evaluate(TOKEN)
            with self.page.expect_navigation() as going:
                self.page.evaluate(SEND, [address, fields])
            answer = going.value
        assert answer is not None
        return answer.status

    def _become(self, name: str) -> None:
        if name == self.who:
            return
        self.who = name
        self.page.context.clear_cookies()
        cookies = self.sessions.get(name, {})
        self.page.context.add_cookies([{"name": each, "value": cookies[each], "url": self.url} for each in cookies])
        self._go_home()

    def _go_home(self) -> None:
        """To a page with a form of theirs, of which the token is."""
        self.page.goto(
            self.url + {"": "/follow", "half": "/sign-in/code", "resident": "/follow/case"}.get(self.who or "", "/")
        )

    def _hear(self, message: Any) -> None:
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.wrong.append(message.text)


def app_over(council: Council) -> FastAPI:
    """The desk, with two addresses that fail."""
    app = create_app(council.mailroom.engine, council.mailroom.settings, clock=lambda: NOW)

    def breaks() -> None:
        raise RuntimeError("broken on purpose")

    def is_busy() -> None:
        raise Temporary("busy on purpose")

    for path, view in (("/breaks", breaks), ("/is-busy", is_busy)):
        app.add_api_route(path, view)
        app.state.rights[("GET", path)] = Right.SIGNED_IN
    return app


def sessions_of(council: Council, app: FastAPI) -> dict[str, dict[str, str]]:
    """Everybody's cookies."""
    settings, found = council.mailroom.settings, dict[str, dict[str, str]]()
    with open_session(council.mailroom.engine) as session:
        for name in ("alice", "bob", "charlie", "dora", "otto"):
            token = begin_session(session, officer_id(name), settings=settings.desk, now=NOW)
            found[name] = {SESSION: token}
        half = begin_session(session, officer_id("alice"), settings=settings.desk, now=NOW, waits_for=CODE)
        found["half"] = {SESSION: half}
        session.commit()
    if council.names:
        resident = Resident(app, council.mailroom.engine)
        resident.follow(str(council.names["open"]))
        found["resident"] = {FOLLOW: resident.client.cookies[FOLLOW]}
    return found


@pytest.fixture(scope="module")
def mailroom(founded: Path, tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[Mailroom]:
    engine = open_engine(f"sqlite:///{shutil.copy(founded, tmp_path_factory.mktemp('access') / 'postroom.db')}")
    yield Mailroom(engine, with_all_steps(settings))
    engine.dispose()


@pytest.fixture(scope="module")
def council(mailroom: Mailroom) -> Iterator[Council]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTROOM_SECRET", "a secret that only the tests know")
        yield found(mailroom, NOW)


@pytest.fixture(scope="module")
def app(council: Council) -> FastAPI:
    return app_over(council)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def walk(page: Page, app: FastAPI, council: Council) -> Iterator[Walk]:
    with serve(app) as url:
        yield Walk(page, url, council, sessions_of(council, app))


WALKS: dict[str, tuple[list[Visit], *tuple[int, ...]]] = {
    "lists": (visits.LISTS, NARROW, WIDE),
    "cases": (visits.CASES, NARROW),
    "people": (visits.PEOPLE, NARROW, WIDE),
    "refused forms": (visits.REFUSED, NARROW),
    "failures": (visits.FAILURES, WIDE),
}
"""Which pages, and at which widths axe looks at them: once where a page is another one in another state. On all of them
nothing may scroll sideways, every focus is seen, and the browser complains of nothing."""


def test_every_page_of_the_desk_is_visited_here(app: FastAPI, council: Council) -> None:
    """A new page without a visit fails this, and a new form without one that finds nothing in it."""
    every = [
        *chain(*(walk[0] for walk in WALKS.values())),
        *visits.forms_shown(council),
        *visits.forms_refused(council),
    ]
    seen = {route_of(app, council, visit) for visit in every} | set(visits.NO_PAGE)
    routes = {
        (method, route.path) for route in app.routes if isinstance(route, APIRoute) for method in route.methods or ()
    }
    without_question = {("POST", f"/cases/{{reference}}/{trial.path}") for trial in TRIALS if not trial.asks}
    assert routes - seen == {("POST", path) for path in visits.LEADS_ON} | without_question


def route_of(app: FastAPI, council: Council, visit: Visit) -> tuple[str, str]:
    method, path = "GET" if visit.form is None else "POST", council.address(visit.address).partition("?")[0]
    scope = {"type": "http", "method": method, "path": path}
    return method, next(r.path for r in app.routes if isinstance(r, APIRoute) and r.matches(scope)[0] is Match.FULL)


@pytest.mark.browser
@walks
@pytest.mark.parametrize("kind", WALKS)
def test_nothing_keeps_anybody_from(kind: str, walk: Walk) -> None:
    assert walk.go(*WALKS[kind]) == []


@pytest.mark.browser
@walks
def test_nothing_keeps_anybody_from_the_forms_of_a_case(walk: Walk) -> None:
    assert walk.go(visits.forms_shown(walk.council)) == []


@pytest.mark.browser
@walks
def test_nothing_keeps_anybody_from_what_a_form_says_is_missing(walk: Walk) -> None:
    assert walk.go(visits.forms_refused(walk.council), WIDE) == []


@pytest.mark.browser
@walks
def test_nothing_keeps_anybody_from_a_desk_to_which_nothing_has_come(
    page: Page, founded: Path, settings: Settings, tmp_path: Path
) -> None:
    engine = open_engine(f"sqlite:///{shutil.copy(founded, tmp_path / 'empty.db')}")
    empty = Council(Desk(Mailroom(engine, settings), NOW), {}, {})
    app = app_over(empty)
    with serve(app) as url:
        assert Walk(page, url, empty, sessions_of(empty, app)).go(visits.EMPTY, WIDE) == []
    engine.dispose()


SEEN = {
    "words that spoke for a suggestion": (
        *("/cases/{near}", ".message__text"),
        "each => each.querySelector('mark').replaceWith('pothole')",
    ),
    "a bar": ("/performance", ".desk-bar__cell", "each => each.querySelector('.desk-bar__part').remove()"),
    "which filter is set": (
        "/",
        ".chips",
        "each => each.querySelector('[aria-current]').removeAttribute('aria-current')",
    ),
    "what has the focus": ("/", ".queue__row", "each => each.querySelector('a').focus()"),
}
"""What is shown by more than words: where, and how it would be gone or come."""


@pytest.mark.browser
@pytest.mark.parametrize("what", SEEN)
def test_whatever_colours_somebody_needs_they_see(what: str, walk: Walk) -> None:
    address, selector, change = SEEN[what]
    walk.go([Visit("alice", address)], WIDE)
    place = walk.page.locator(selector).first

    def looks() -> list[bytes]:
        found = []
        for wish in (
            {"contrast": "more"},
            {"forced_colors": "active"},
            {"forced_colors": "active", "color_scheme": "dark"},
        ):
            walk.page.emulate_media(**wish)  # type: ignore[arg-type]
            found.append(place.screenshot())
            walk.page.emulate_media(contrast="no-preference", forced_colors="none", color_scheme="light")
        return found

    before = looks()
    place.evaluate(change)
    assert [one != other for one, other in zip(before, looks(), strict=True)] == [True, True, True]


def test_nothing_moves_by_itself() -> None:
    """So there is nothing to stop for those who ask for less motion."""
    styles = (Path(postroom.desk.__file__).parent / "static/desk.css").read_text()
    assert re.findall(r"(?:transition|animation|scroll-behavior)[a-z-]*:", styles) == []
