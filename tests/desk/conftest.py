"""A desk with people of opposite rights, and a fixture that checks every page that any test opens."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import html5lib
import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from lxml import html
from sqlalchemy import Engine

from postroom.desk.app import create_app
from postroom.desk.cookies import SESSION
from postroom.desk.officers import add_officer
from postroom.desk.sessions import begin_session
from postroom.models.database import open_engine, open_session
from postroom.models.officer import Role
from postroom.models.settings import Settings, load_settings
from postroom.models.upgrading import upgrade
from tests.conftest import CONFIG, put_in_place
from tests.desk.mailroom import Mailroom
from tests.servers.browser import browser

__all__ = ["browser"]

PASSWORD = "correct horse battery staple"

PEOPLE: dict[str, tuple[Role, tuple[str, ...]]] = {
    "alice": (Role.CUSTOMER_RELATIONS, ("customer-relations",)),
    "bob": (Role.OFFICER, ("childrens-nuneaton",)),
    "charlie": (Role.OFFICER, ("highways",)),
    "dora": (Role.ADMINISTRATOR, ()),
    "ivan": (Role.INVESTIGATOR, ("highways",)),
    "mary": (Role.MANAGER, ("highways",)),
    "otto": (Role.AUDITOR, ("childrens-nuneaton",)),
}


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The model council, read once: nothing in it changes."""
    return load_settings(CONFIG)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Path:
    """A database with all tables and people, to be copied: passwords take their time to hash."""
    path = tmp_path_factory.mktemp("desk") / "founded.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    add_people(engine, settings, datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    engine.dispose()
    return path


@pytest.fixture
def sqlite(founded: Path, lasting_engine: Callable[[str], Engine]) -> Engine:
    """A database of its own with Alice, who sorts for everybody; Bob, of a children's team; Charlie, of highways;
    Dora, the administrator; Ivan, who investigates for highways; Mary, its manager; and Otto, the auditor."""
    return put_in_place(lasting_engine(f"sqlite:///{founded.parent / 'used.db'}"), founded)


@pytest.fixture
def mailroom(sqlite: Engine, settings: Settings) -> Mailroom:
    return Mailroom(sqlite, settings)


def add_people(engine: Engine, settings: Settings, now: datetime) -> None:
    with open_session(engine) as session:
        for name, (role, teams) in PEOPLE.items():
            add_officer(
                session,
                settings,
                email=f"{name}@ardenshire.example",
                name=name.capitalize(),
                role=role,
                password=PASSWORD,
                now=now,
                teams=teams,
            )
        session.commit()


def officer_id(name: str) -> int:
    """Officers are numbered in the order of `PEOPLE`."""
    return list(PEOPLE).index(name) + 1


class Page:
    """A page that was fetched, checked as every page is: one h1 with which the title begins, valid HTML, unique ids,
    a label for each field."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.url = response.url
        self.source = response.text
        html5lib.HTMLParser(strict=True).parse(response.text)
        self.tree: Any = html.document_fromstring(response.text)
        self._check_headings()
        self._check_ids()
        self._check_labels()
        self._check_for_inline_code()

    @property
    def text(self) -> str:
        """The words of the page's main part."""
        return " ".join(" ".join(self.tree.xpath("//main//text()")).split())

    @property
    def h1(self) -> str:
        return " ".join(self.tree.xpath("//h1")[0].text_content().split())

    def links(self, path: str = "") -> list[str]:
        return [link for link in self.tree.xpath("//a/@href") if link.startswith(path)]

    def value(self, name: str) -> str:
        """What a field of the page's main part holds."""
        field = self.tree.xpath(f"//main//*[@name='{name}']")[0]
        return str(field.value or "") if field.tag != "input" else str(field.get("value", ""))

    def _check_headings(self) -> None:
        assert len(self.tree.xpath("//h1")) == 1
        assert " ".join(self.tree.xpath("//title")[0].text_content().split()).startswith(self.h1)

    def _check_ids(self) -> None:
        ids = self.tree.xpath("//@id")
        assert sorted(ids) == sorted(set(ids))
        for target in self.tree.xpath("//@aria-labelledby | //@aria-describedby | //label/@for"):
            assert set(target.split()) <= set(ids)

    def _check_labels(self) -> None:
        labelled = set(self.tree.xpath("//label/@for"))
        fields = self.tree.xpath("//main//input[not(@type='hidden')] | //main//select | //main//textarea")
        assert [field for field in fields if field.get("id") not in labelled] == []

    def _check_for_inline_code(self) -> None:
        assert self.tree.xpath("//script[not(@src)] | //style | //*[@style]") == []
        assert list(self.tree.xpath("//@*[starts-with(name(), 'on')]")) == []


class Visitor:
    """Somebody at the desk with their own browser; every page that they open is checked."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def page(self, path: str, status: int = 200) -> Page:
        """Open a page."""
        page = Page(self.client.get(path))
        assert page.status == status, page.text
        return page

    def post(self, path: str, status: int = 200, /, **fields: str) -> Page:
        """Send a form with the token that this visitor's pages carry, and open the page that it leads to."""
        page = Page(self.client.post(path, data={"csrf_token": self.token(), **fields}))
        assert page.status == status, page.text
        return page

    def token(self) -> str:
        """The token of this visitor's forms."""
        return str(Page(self.client.get("/")).tree.xpath("//input[@name='csrf_token']/@value")[0])

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> Page:
        """Fill in the form and open the page that it leads to."""
        given = {"email": f"{name}@ardenshire.example", "password": password, "csrf_token": self.token(), **fields}
        return Page(self.client.post("/sign-in", data=given))


Enter = Callable[..., Visitor]


@pytest.fixture
def app(sqlite: Engine, settings: Settings, clock: Clock) -> FastAPI:
    return create_app(sqlite, settings, clock=clock)


@pytest.fixture
def anybody(app: FastAPI) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(TestClient(app, raise_server_exceptions=False))


@pytest.fixture
def enter(app: FastAPI, sqlite: Engine, settings: Settings, clock: Clock) -> Enter:
    """Somebody who is signed in, with their own browser: `enter("alice")`."""

    def enter(name: str) -> Visitor:
        with open_session(sqlite) as session:
            token = begin_session(session, officer_id(name), settings=settings.desk, now=clock.now)
            session.commit()
        client = TestClient(app, raise_server_exceptions=False)
        client.cookies.set(SESSION, token)
        return Visitor(client)

    return enter


@pytest.fixture
def alice(enter: Enter) -> Visitor:
    return enter("alice")


@pytest.fixture
def bob(enter: Enter) -> Visitor:
    return enter("bob")


@pytest.fixture
def charlie(enter: Enter) -> Visitor:
    return enter("charlie")


@pytest.fixture
def dora(enter: Enter) -> Visitor:
    return enter("dora")
