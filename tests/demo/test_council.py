"""The council that is played: nothing of it reaches beyond the demonstration."""

import re
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from demo.council import COLLEAGUES, Ports, add_colleagues, check_ports, settings_for
from demo.folder import Folder
from demo.greeting import greeting
from postroom.desk.passwords import password_fits
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError
from postroom.models.officer import Officer, TeamMember
from postroom.models.settings import Settings, load_settings
from postroom.processes import listen
from tests.conftest import CONFIG

PASSWORD = "a password for these tests"


def test_real_data_and_real_mail_servers_are_left_out(
    monkeypatch: pytest.MonkeyPatch, folder: Folder, ports: Ports
) -> None:
    monkeypatch.setenv("POSTROOM_DATABASE__URL", "postgresql://postroom@real.example/postroom")
    monkeypatch.setenv("POSTROOM_OUTGOING__SMTP__HOST", "mail.real.example")
    monkeypatch.setenv("POSTROOM_OUTGOING__FOLDER", "real")
    monkeypatch.setenv(
        "POSTROOM_INTAKE__MAILBOXES", '[{"name":"r","host":"r.example","user":"r","password":{"env":"R"}}]'
    )
    monkeypatch.setenv("POSTROOM_DESK__URL", "https://desk.real.example")
    monkeypatch.setenv("POSTROOM_SECRET", "a real key, real and long")
    settings = settings_for(load_settings(CONFIG), folder, ports)
    assert settings.database_url == f"sqlite:///{folder.database}"
    assert [(box.host, box.port) for box in settings.intake.mailboxes] == [("127.0.0.1", ports.imap)]
    assert (settings.outgoing.smtp.host, settings.outgoing.smtp.port) == ("127.0.0.1", ports.sink)
    assert settings.outgoing.folder is None
    assert settings.desk.public_url == f"http://127.0.0.1:{ports.desk}"
    assert settings.signing_key.read() == folder.secret("signing-key", 64).read_text().strip()


def test_ports_that_are_not_given_are_those_of_the_configuration(settings: Settings, folder: Folder) -> None:
    played = settings_for(settings, folder, Ports(None, None, 8143, 8026))
    assert (played.desk.port, played.intake.smtp.port) == (settings.desk.port, settings.intake.smtp.port)


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("desk", "desk.port (or --desk-port)"),
        ("smtp", "intake.smtp.port (or --smtp-port)"),
        ("imap", "--imap-port"),
        ("sink", "--sink-port"),
    ],
)
def test_a_port_in_use_is_an_error_that_names_its_setting(
    demo_settings: Settings, ports: Ports, name: str, setting: str
) -> None:
    with listen("127.0.0.1", getattr(ports, name), ""), pytest.raises(ConfigurationError, match=re.escape(setting)):
        check_ports(demo_settings)


def test_free_ports_are_left_free(demo_settings: Settings) -> None:
    check_ports(demo_settings)
    check_ports(demo_settings)


def test_colleagues_are_added_once_and_keep_their_password(
    sqlite: Engine, demo_settings: Settings, now: datetime
) -> None:
    add_colleagues(sqlite, demo_settings, PASSWORD, now)
    add_colleagues(sqlite, demo_settings, "another password, too late", now)
    with open_session(sqlite) as session:
        officers = session.exec(select(Officer)).all()
        teams = set(session.exec(select(TeamMember.team)))
    assert len(officers) == len(COLLEAGUES)
    assert all(password_fits(officer.password_hash, PASSWORD) for officer in officers)
    assert {"highways", "libraries", "childrens-rugby"} <= teams


def test_the_greeting_says_how_everybody_signs_in(demo_settings: Settings, folder: Folder) -> None:
    said = greeting(demo_settings, folder.path, PASSWORD, 60)
    assert demo_settings.desk.public_url in said
    assert PASSWORD in said
    assert all(colleague.email(demo_settings) in said for colleague in COLLEAGUES)
