"""Adding people to the desk."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.desk.officers import add_officer, has_administrator, let_in_again
from postroom.desk.passwords import password_fits
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.officer import Officer, Role, TeamMember
from postroom.models.settings import Settings

ERIN: dict[str, Any] = {
    "email": " Erin@Ardenshire.example ",
    "name": "Erin",
    "role": Role.MANAGER,
    "password": "twelve chars",
    "teams": ["waste", "libraries", "waste"],
}


def test_an_officer_is_kept_with_teams_and_a_hash_of_the_password(
    sqlite: Engine, settings: Settings, now: datetime
) -> None:
    with open_session(sqlite) as session:
        erin = add_officer(session, settings, now=now, **ERIN)
        teams = session.exec(select(TeamMember.team).where(TeamMember.officer_id == erin.id)).all()

    assert erin.email == "erin@ardenshire.example"
    assert erin.password_hash.startswith("$argon2id$")
    assert password_fits(erin.password_hash, "twelve chars")
    assert not password_fits(erin.password_hash, "twelve char")
    assert sorted(teams) == ["libraries", "waste"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"password": "eleven char"}, "12 to 256 characters"),
        ({"password": "x" * 257}, "12 to 256 characters"),
        ({"email": "erin"}, "Give an email address"),
        ({"email": "alice@ardenshire.example"}, "already"),
        ({"name": " "}, "name"),
        ({"teams": ["no-such-team"]}, "no-such-team"),
    ],
)
def test_what_is_wrong_with_an_officer_is_said(
    change: dict[str, Any], problem: str, sqlite: Engine, settings: Settings, now: datetime
) -> None:
    with open_session(sqlite) as session, pytest.raises(ImpossibleMove, match=problem):
        add_officer(session, settings, now=now, **{**ERIN, **change})


def test_an_administrator_who_left_is_none(sqlite: Engine) -> None:
    with open_session(sqlite) as session:
        assert has_administrator(session)
        dora = session.exec(select(Officer).where(Officer.name == "Dora")).one()
        dora.active = False
        session.flush()
        assert not has_administrator(session)


def test_who_can_not_get_in_is_let_in_from_outside_the_desk(sqlite: Engine, settings: Settings, now: datetime) -> None:
    given: dict[str, Any] = {"password": "a lamp in the window", "forget_factor": True, "now": now}
    with open_session(sqlite) as session:
        dora = session.exec(select(Officer).where(Officer.name == "Dora")).one()
        dora.active, dora.failed_sign_ins, dora.totp_secret, dora.totp_since = False, 5, "lost", now
        session.flush()
        let_in_again(session, settings, email="Dora@ardenshire.example", **given)
        assert password_fits(dora.password_hash, "a lamp in the window")
        assert (dora.active, dora.failed_sign_ins, dora.totp_secret, dora.totp_since) == (True, 0, "", None)
        with pytest.raises(NotFound, match="no officer"):
            let_in_again(session, settings, email="nobody@ardenshire.example", **given)
