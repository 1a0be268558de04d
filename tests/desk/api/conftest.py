from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from postroom.desk.api.app import PATH
from postroom.desk.api.tokens import add_token
from postroom.models.database import open_session
from postroom.models.interface import Scope
from tests.desk.conftest import Clock


class Program:
    """Another program with a token."""

    def __init__(self, app: FastAPI, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = TestClient(app, raise_server_exceptions=False, headers=headers)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(f"{PATH}{path}", params=query)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.client.post(f"{PATH}{path}", json=body)


Programs = Callable[..., Program]


@pytest.fixture
def program(app: FastAPI, sqlite: Engine, clock: Clock) -> Programs:
    """A program that acts for an officer: `program("alice", Scope.CASES)`; with every scope where none is named."""

    def make(officer: str = "alice", *scopes: Scope) -> Program:
        with open_session(sqlite) as session:
            name = f"{officer} {' '.join(scopes)}"
            token = add_token(session, name, f"{officer}@ardenshire.example", scopes or list(Scope), now=clock.now)
            session.commit()
        return Program(app, token)

    return make
