"""IMAP: a backlog in Dovecot drained to stored rows a second, against a bare imapclient that fetches the same mailbox.

Both fetch from one server in turn, so that what else the machine does meets both; the poller commits to a
new database each time, and compares the folder with it as after every login. Needs Dovecot.
Run as: python -m benchmarks.imap_backlog
"""

import argparse
import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from benchmarks.measuring import council, folder_of_work, fsync_milliseconds, mail
from postroom.intake.imap_fetch import BATCH
from postroom.intake.poller import MailboxPoller
from postroom.models.database import open_engine
from postroom.processes import utc_now
from tests.servers.dovecot import dovecot_server
from tests.servers.imap_server import FOLDER, PASSWORD_VARIABLE, ImapServer

LINE = "The street light outside our house has been out since Monday, and nobody answers."


def bare(server: ImapServer) -> float:
    """Seconds that imapclient takes for the same mailbox in the same batches, and keeps nothing."""
    with server.client() as client:
        begin = time.perf_counter()
        client.select_folder(FOLDER, readonly=True)
        uids = client.search()
        for first in range(0, len(uids), BATCH):
            client.fetch(uids[first : first + BATCH], ["BODY.PEEK[]"])
        return time.perf_counter() - begin


def drained(server: ImapServer, folder: Path, messages: int) -> float:
    """Seconds from a poller without a connection to the last message committed."""
    with TemporaryDirectory(dir=folder) as name:
        settings = council(Path(name))
        engine = open_engine(settings.database_url)
        poller = MailboxPoller(engine, settings, server.mailbox(), utc_now)
        begin = time.perf_counter()
        while poller.process_one():
            pass
        seconds = time.perf_counter() - begin
        poller.close()
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM raw_message")).scalar_one() == messages
        engine.dispose()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--kilobytes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    body = "\n".join([LINE] * (options.kilobytes * 1000 // len(LINE)))
    with dovecot_server() as server, folder_of_work() as folder:
        os.environ[PASSWORD_VARIABLE] = server.password
        server.deliver(*(mail(number, f"{number}\n{body}") for number in range(options.messages)))
        bare(server)  # Dovecot builds its index at the first look
        print(f"{options.messages} mails of {options.kilobytes} KB in Dovecot")
        print("round  imapclient/s  poller/s  ratio  fsync ms")
        ratios = []
        for round_ in range(1, options.rounds + 1):
            fsync = fsync_milliseconds(folder)
            without, stored = bare(server), drained(server, folder, options.messages)
            ratios.append(without / stored)
            rates = options.messages / without, options.messages / stored
            print(f"{round_:5}  {rates[0]:12.0f}  {rates[1]:8.0f}  {ratios[-1]:5.2f}  {fsync:8.2f}")
        print(f"median ratio {statistics.median(ratios):.2f}: stored and durable, against fetched and thrown away")


if __name__ == "__main__":
    main()
