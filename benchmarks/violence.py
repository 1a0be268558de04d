"""Violence: the long form of tests/violence. Thousands of messages come in by SMTP and IMAP while the receiver, the
poller and the worker are killed with SIGKILL at random moments; afterwards each accepted message must be there once, on
one case, with one letter, and nothing else. Run as: python -m benchmarks.violence [--messages 3000] [--kills 60]
"""

import argparse
import os
import sys
import time
from contextlib import AbstractContextManager, nullcontext

from benchmarks.measuring import folder_of_work, fsync_milliseconds
from tests.journeys.council import found_council
from tests.servers import dovecot
from tests.servers.imap_server import PASSWORD_VARIABLE, ImapServer
from tests.servers.smtp_sink import smtp_sink
from tests.violence.aftermath import damage
from tests.violence.storm import Force, Storm


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill everything while mail comes in, and see what is left.")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=60, help="of each process")
    parser.add_argument("--seconds", type=float, default=240, help="in which the messages come, more or less")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", default="", help="an empty PostgreSQL; otherwise SQLite")
    options = parser.parse_args()
    os.environ.setdefault("POSTROOM_SECRET", "a secret that only benchmarks know")
    has_dovecot = dovecot.is_installed()
    running: AbstractContextManager[ImapServer | None] = dovecot.dovecot_server() if has_dovecot else nullcontext()
    with running as imap, smtp_sink() as sink, folder_of_work() as folder:
        if imap is not None:
            os.environ[PASSWORD_VARIABLE] = imap.password
        council = found_council(
            folder,
            database_url=options.database or f"sqlite:///{folder / 'postroom.db'}",
            outgoing_port=sink.port,
            mailbox=imap.mailbox_settings() | {"deadline_seconds": 2} if imap is not None else None,
        )
        force = Force(options.messages, options.seconds, options.kills, options.seed)
        storm = Storm(council, imap, force, folder / "errors.log")
        print(f"seed {options.seed}, fsync {fsync_milliseconds(folder):.2f} ms")
        begin = time.monotonic()
        storm.rage(patience=options.seconds * 10)
        found = damage(storm, sink.received)
        twice = len(sink.received) - len({(mail.recipient, mail.content) for mail in sink.received})
        print(
            f"{options.messages} messages, {dict(storm.kills)} kills, {time.monotonic() - begin:.0f} s, "
            f"{len(sink.received)} letters handed over, {twice} of them a second time"
        )
        print("\n".join(found) or "Everything is there once, and nothing else.")
        council.engine.dispose()
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
