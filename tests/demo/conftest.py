"""A demonstration's folder and free ports, and the demonstration as people run it: a process of its own."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.council import Ports, settings_for
from demo.folder import Folder, open_folder
from postroom.models.settings import Settings
from tests.servers.ports import free_port
from tests.waiting import wait_for


@pytest.fixture
def ports() -> Ports:
    return Ports(*(free_port() for _ in range(4)))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return open_folder(tmp_path / "demo")


@pytest.fixture
def demo_settings(settings: Settings, folder: Folder, ports: Ports) -> Settings:
    return settings_for(settings, folder, ports)


@dataclass
class Demonstration:
    """`python -m demo` in the background, with a message every twentieth of a second."""

    folder: Folder
    ports: Ports
    process: subprocess.Popen[str]

    def count(self, query: str) -> int:
        """The number that `query` of the demonstration's database answers; 0 before there are tables."""
        try:
            with closing(sqlite3.connect(f"file:{self.folder.database}?mode=ro", uri=True)) as database:
                return int(database.execute(query).fetchone()[0])
        except sqlite3.OperationalError:
            return 0

    def wait_until(self, query: str, least: int) -> None:
        wait_for(lambda: self.process.poll() is not None or self.count(query) >= least, query, 60)
        assert self.process.poll() is None

    def heard(self) -> list[str]:
        """The lines of the greeting."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C stops."):
                break
        return lines

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.ports.desk}", follow_redirects=True)

    def sign_in(self, browser: httpx.Client, account: str) -> None:
        """Sign in with the password that the demonstration keeps."""
        token = re.findall(r'name="csrf_token" value="([^"]+)"', browser.get("/sign-in").text)[0]
        password = self.folder.secret("desk-password", 16).read_text().strip()
        fields = {"csrf_token": token, "email": f"{account}@ardenshire.example", "password": password}
        assert browser.post("/sign-in", data=fields).url.path == "/"

    def stop(self, number: signal.Signals) -> str:
        """Send the signal, and return what was written to standard error once all has stopped well."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, errors
        with pytest.raises(ProcessLookupError):
            os.killpg(self.process.pid, 0)
        return errors


class Starter:
    """Starts demonstrations on the same folder and ports, one after the other."""

    def __init__(self, folder: Folder, ports: Ports) -> None:
        self._folder = folder
        self._ports = ports
        self._running: list[subprocess.Popen[str]] = []

    def __call__(self, **changed: Any) -> Demonstration:
        options = {"data": self._folder.path, "every": 0.05, **_as_options(self._ports), **changed}
        arguments = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
        process = subprocess.Popen(
            [sys.executable, "-m", "demo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._running.append(process)
        return Demonstration(self._folder, self._ports, process)

    def kill_all(self) -> None:
        for process in self._running:
            process.kill()
            process.communicate()


@pytest.fixture
def start(folder: Folder, ports: Ports) -> Iterator[Starter]:
    starter = Starter(folder, ports)
    yield starter
    starter.kill_all()


def _as_options(ports: Ports) -> dict[str, Any]:
    return {f"{name}_port": number for name, number in vars(ports).items()}
