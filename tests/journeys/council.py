"""A council of its own for a journey: a configuration file on free ports, a database, and people on the desk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine

from postroom.desk.officers import add_officer
from postroom.models.database import open_engine, open_session
from postroom.models.officer import Role
from postroom.models.settings import Settings, load_settings
from postroom.models.upgrading import upgrade
from postroom.processes import utc_now
from tests.conftest import CONFIG
from tests.servers.ports import free_port

PASSWORD = "a long enough password"


@dataclass(frozen=True)
class Council:
    """What a journey needs to know of it."""

    config: Path
    settings: Settings
    engine: Engine


def found_council(
    folder: Path,
    *,
    database_url: str,
    outgoing_port: int,
    mailbox: dict[str, Any] | None,
    domain: str = "ardenshire.example",
) -> Council:
    """The model council on free ports, with its database and people, in `folder`; its mail is at `domain`."""
    content = yaml.safe_load(CONFIG.read_text().replace("ardenshire.example", domain))
    content["database"]["url"] = database_url
    content["workers"] = {"lease_seconds": 2}
    content["intake"]["smtp"]["port"] = free_port()
    content["intake"]["mailboxes"] = [mailbox] if mailbox else []
    content["outgoing"]["smtp"]["port"] = outgoing_port
    content["outgoing"]["acknowledgement_minutes"] = 0
    content["outgoing"]["letters"] = str(CONFIG.parent / "letters")
    content["outgoing"]["mails_per_domain_and_minute"] = 10_000  # every resident of the tests is at one domain
    content["desk"]["port"] = free_port()
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(content))
    settings = load_settings(config)
    engine = open_engine(settings.database_url)
    upgrade(engine)
    _hire(engine, settings)
    return Council(config, settings, engine)


def _hire(engine: Engine, settings: Settings) -> None:
    people = [
        ("alice@ardenshire.example", "Alice Officer", Role.CUSTOMER_RELATIONS, ["customer-relations"]),
        ("mary@ardenshire.example", "Mary Manager", Role.MANAGER, ["highways"]),
    ]
    with open_session(engine) as session:
        for email, name, role, teams in people:
            add_officer(
                session,
                settings,
                email=email,
                name=name,
                role=role,
                password=PASSWORD,
                teams=teams,
                now=utc_now(),
            )
        session.commit()
