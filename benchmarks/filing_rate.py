"""Filing: messages a second from a Dovecot mailbox to a case with a suggestion, on one core.

The mails are those of the seed corpus, sent by residents of their own. The three steps run one after the other on one
core, as they would share it, and the rate of all is that of their times together. Without Dovecot the messages are
brought in directly and the first step says so. Run as: python -m benchmarks.filing_rate
"""

import argparse
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import Engine, text

from benchmarks.measuring import council, folder_of_work, fsync_milliseconds, mail
from postroom.intake import filing
from postroom.intake.poller import MailboxPoller
from postroom.intake.receive import EMAIL, Delivery, receive
from postroom.models.database import open_engine
from postroom.models.settings import Settings
from postroom.processes import utc_now
from postroom.triage import worker as suggesting
from postroom.triage.corpus import seed
from postroom.triage.model_store import folder_of
from postroom.triage.suggesting import Suggester
from tests.servers import dovecot
from tests.servers.imap_server import PASSWORD_VARIABLE, ImapServer

AIM = 200
BATCH = 50


def mails(messages: int) -> list[bytes]:
    """Mails of the seed corpus, over and over, each with a number so that none is a copy of another."""
    texts = [example.text.body for example in seed()]
    return [mail(number, f"{body}\n\nNumber {number}") for number, body in enumerate(islice(cycle(texts), messages))]


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def drained(server: ImapServer, settings: Settings, engine: Engine, messages: int) -> None:
    os.environ[PASSWORD_VARIABLE] = server.password
    poller = MailboxPoller(engine, settings, server.mailbox(), utc_now)
    while count(engine, "raw_message") < messages:
        poller.process_one()
    poller.close()


def brought_in(contents: list[bytes], engine: Engine) -> None:
    for begin in range(0, len(contents), BATCH):
        batch = enumerate(contents[begin : begin + BATCH], begin)
        receive(engine, [Delivery("imap:none", str(number), EMAIL, content) for number, content in batch], utc_now())


def until_idle(step: Callable[[], bool]) -> None:
    while step():
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1000)
    options = parser.parse_args()
    contents = mails(options.messages)
    has_dovecot = dovecot.is_installed()
    running: AbstractContextManager[ImapServer | None] = dovecot.dovecot_server() if has_dovecot else nullcontext()
    with running as server, folder_of_work() as folder:
        if server is not None:
            server.deliver(*contents)
        measure(contents, server, folder)


def measure(contents: list[bytes], server: ImapServer | None, folder: Path) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    settings = council(folder)
    engine = open_engine(settings.database_url)
    suggester = Suggester.load(folder_of(settings), settings)
    fetch = (
        (lambda: drained(server, settings, engine, len(contents)))
        if server is not None
        else (lambda: brought_in(contents, engine))
    )
    steps: list[tuple[str, Callable[[], None]]] = [
        ("stored (from Dovecot)" if server is not None else "stored (no Dovecot here)", fetch),
        ("filed", lambda: until_idle(lambda: filing.process_one(engine, settings, utc_now()))),
        ("suggested", lambda: until_idle(lambda: suggesting.process_one(engine, settings, suggester, utc_now()))),
    ]
    print(f"{len(contents)} mails of {sum(map(len, contents)) // len(contents)} bytes on average, one core")
    print("step                         /s   ms each  cpu ms each  fsync ms")
    whole = 0.0
    for name, step in steps:
        fsync = fsync_milliseconds(folder)
        begin, cpu = time.perf_counter(), time.process_time()
        step()
        seconds, worked = time.perf_counter() - begin, time.process_time() - cpu
        whole += seconds
        each = 1000 / len(contents)
        print(f"{name:24}  {len(contents) / seconds:7.0f}  {seconds * each:8.2f}  {worked * each:11.2f}  {fsync:8.2f}")
    print(f"{'all':24}  {len(contents) / whole:7.0f}  {whole * 1000 / len(contents):8.2f}  (aim: {AIM} a second)")
    assert count(engine, "feedback_case") == count(engine, "suggestion") == len(contents)
    engine.dispose()


if __name__ == "__main__":
    main()
