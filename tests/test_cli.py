"""The commands as people and programs use them."""

import json
import signal
import smtplib
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from postroom.models.settings import load_settings
from tests.commands import postroom, running
from tests.conftest import CONFIG
from tests.journeys.council import PASSWORD, Council, found_council
from tests.servers.ports import free_port, wait_until_listening
from tests.waiting import wait_for

MAIL = (
    b"From: Pat Smith <pat@home.example>\r\nTo: feedback@ardenshire.example\r\nSubject: Pothole\r\n"
    b"Message-ID: <one@home.example>\r\n\r\nThere is a pothole on Mill Lane.\r\n"
)


@pytest.fixture
def council(tmp_path: Path) -> Iterator[Council]:
    founded = found_council(tmp_path, database_url="sqlite:///postroom.db", outgoing_port=free_port(), mailbox=None)
    yield founded
    founded.engine.dispose()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration without a database."""
    content = yaml.safe_load(CONFIG.read_text())
    content["outgoing"]["letters"] = str(CONFIG.parent / "letters")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def status(council: Council) -> dict[str, object]:
    answer = postroom("status", "--json", "--config", str(council.config))
    assert answer.returncode == 0, answer.stderr
    counted: dict[str, object] = json.loads(answer.stdout)
    return counted


def test_init_makes_the_database_and_the_first_administrator_once(config: Path) -> None:
    arguments = ("init", "--email", "root@ardenshire.example", "--name", "Root", "--config", str(config))
    first = postroom(*arguments, environment={"POSTROOM_PASSWORD": PASSWORD})
    assert first.returncode == 0, first.stderr
    assert "root@ardenshire.example can sign in" in first.stdout
    second = postroom(*arguments, environment={"POSTROOM_PASSWORD": PASSWORD})
    assert "There is an administrator already" in second.stdout


def test_a_short_password_is_refused_and_no_administrator_made(config: Path) -> None:
    arguments = ("init", "--email", "root@ardenshire.example", "--name", "Root", "--config", str(config))
    answer = postroom(*arguments, environment={"POSTROOM_PASSWORD": "short"})
    assert answer.returncode == 1
    assert "12" in answer.stderr
    assert "can sign in" in postroom(*arguments, environment={"POSTROOM_PASSWORD": PASSWORD}).stdout


def test_running_without_a_database_says_what_to_do(config: Path) -> None:
    answer = postroom("run", "--config", str(config))
    assert answer.returncode == 1
    assert "postroom init" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_check_config_says_that_nothing_is_wrong(config: Path) -> None:
    answer = postroom("check-config", "--config", str(config))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "nothing wrong" in answer.stdout


def test_check_config_names_a_missing_letter_and_a_missing_secret(config: Path, tmp_path: Path) -> None:
    content = yaml.safe_load(config.read_text())
    content["procedures"]["corporate"]["acknowledgement"] = "no-such-letter"
    content["signing_key"] = {"file": str(tmp_path / "no-key")}
    config.write_text(yaml.safe_dump(content))
    answer = postroom("check-config", "--config", str(config))
    assert answer.returncode == 1
    assert "no-such-letter" in answer.stderr
    assert "no-key" in answer.stderr


def test_a_port_in_use_names_the_setting(council: Council) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", council.settings.desk.port))
        taken.listen()
        answer = postroom("desk", "--config", str(council.config))
    assert answer.returncode == 1
    assert "desk.port" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_run_serves_the_desk_takes_mail_in_and_stops_cleanly(council: Council) -> None:
    with running("run", "--config", str(council.config)) as process:
        url = f"{council.settings.desk.public_url}/health"
        wait_for(lambda: _answers(url), "the desk", 60)
        receiver = council.settings.intake.smtp
        wait_until_listening(receiver.port)
        with smtplib.SMTP(receiver.host, receiver.port, timeout=10) as client:
            client.sendmail("pat@home.example", ["feedback@ardenshire.example"], MAIL)
        wait_for(lambda: status(council)["cases"] == {"awaiting": 1, "open": 0, "closed": 0}, "the case")
        process.send_signal(signal.SIGINT)
        output, log = process.communicate(timeout=30)
    assert process.returncode == 0, log
    assert "Traceback" not in log
    assert "Stopping." in output


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def test_import_takes_old_mail_in_once(council: Council, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "one.eml").write_bytes(MAIL)
    (folder / "two.eml").write_bytes(MAIL.replace(b"one@", b"two@"))
    first = postroom("import", str(folder), "--config", str(council.config))
    assert (first.returncode, first.stdout) == (0, "2 messages stored, 0 known already, 0 not readable.\n")
    again = postroom("import", str(folder), "--config", str(council.config))
    assert again.stdout == "0 messages stored, 2 known already, 0 not readable.\n"
    assert status(council)["raw_messages"] == {"waiting": 2, "on_case": 0, "machine": 0, "duplicate": 0, "held": 0}


def test_status_counts_everything(council: Council) -> None:
    counted = status(council)
    assert set(counted) == {
        "at",
        "raw_messages",
        "cases",
        "outbox",
        "holding_pen",
        "mailboxes",
        "oldest_unprocessed_seconds",
    }
    assert counted["outbox"] == {"waiting": 0, "sent": 0, "dead": 0, "withdrawn": 0}
    assert "Holding pen   0" in postroom("status", "--config", str(council.config)).stdout


def test_parse_prints_a_line_for_each_file_and_goes_on_after_one_that_can_not_be_read(tmp_path: Path) -> None:
    mail = tmp_path / "one.eml"
    mail.write_bytes(MAIL)
    answer = postroom("parse", str(mail), str(tmp_path / "missing.eml"), str(mail), "--config", str(CONFIG))
    assert answer.returncode == 0
    first, missing, last = (json.loads(line) for line in answer.stdout.splitlines())
    assert set(first) == set(
        "file subject from to cc date message_id text new_text html".split()
        + "machine may_answer why_not attachments defects".split()
    )
    assert (first["from"], first["subject"]) == ({"name": "Pat Smith", "email": "pat@home.example"}, "Pothole")
    assert set(missing) == {"file", "error"}
    assert last == first


def test_suggest_prints_a_line_for_each_message_and_goes_on_after_a_bad_one() -> None:
    lines = ['{"id": "a", "body": "There is a pothole on Mill Lane in Rugby, please could you fill it."}', "nonsense"]
    answer = postroom("suggest", "--config", str(CONFIG), stdin="\n".join(lines) + "\n")
    assert answer.returncode == 0, answer.stderr
    good, bad = (json.loads(line) for line in answer.stdout.splitlines())
    assert set(good) == {"id", "type", "category", "team", "exclusion", "at_risk", "evidence", "model"}
    settings = load_settings(CONFIG)
    assert good["type"]["label"] in settings.feedback_types
    assert {label for label, _ in good["team"]["alternatives"]} <= set(settings.teams)
    assert sum(probability for _, probability in good["type"]["alternatives"]) == pytest.approx(1, abs=0.01)
    assert isinstance(good["at_risk"]["label"], bool)
    assert "error" in bad


def test_verify_history_finds_nothing_in_a_new_database(council: Council) -> None:
    answer = postroom("verify-history", "--config", str(council.config))
    assert (answer.returncode, answer.stdout) == (0, "Every history holds together.\n")
