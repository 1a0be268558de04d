"""What every benchmark measures beside its own: the time of an fsync, memory, and a council to work for."""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from postroom.models.database import open_engine
from postroom.models.settings import Settings, load_settings
from postroom.models.upgrading import upgrade

ROOT = Path(__file__).parent.parent
FEEDBACK = "feedback@ardenshire.example"
_WRITES = 100
_PAGE = b"\0" * 4096


def fsync_milliseconds(folder: Path) -> float:
    """The median time of an fsync after an append of one page, in `folder`. It differs by 30 times within an hour on
    the same disk, so each rate of what is durable states it."""
    file = folder / "fsync"
    times = []
    with file.open("wb") as growing:
        for _ in range(_WRITES):
            growing.write(_PAGE)
            growing.flush()
            begin = time.perf_counter()
            os.fsync(growing.fileno())
            times.append(time.perf_counter() - begin)
    file.unlink()
    return statistics.median(times) * 1000


def peak_megabytes(process_id: int | str = "self") -> float:
    """The most memory that a process has had so far (resident set, Linux), in millions of bytes."""
    return _kilobytes(process_id, "VmHWM") * 1024 / 1e6


def peak_megabytes_of_children() -> float:
    """The same for the processes that this one's main thread started and that still run, added up."""
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    return sum(map(peak_megabytes, children))


def _kilobytes(process_id: int | str, name: str) -> int:
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(f"Linux tells no {name} of process {process_id}")


@contextmanager
def folder_of_work() -> Iterator[Path]:
    """A folder on the disk that is measured: POSTROOM_BENCHMARK_FOLDER, or where temporary files are."""
    with TemporaryDirectory(prefix="postroom-benchmark-", dir=os.environ.get("POSTROOM_BENCHMARK_FOLDER")) as name:
        yield Path(name)


def council(folder: Path) -> Settings:
    """The model council with an empty SQLite database in `folder`."""
    os.environ.setdefault("POSTROOM_SECRET", "a secret that only benchmarks know")
    settings = load_settings(ROOT / "config.yaml")
    url = f"sqlite:///{folder / 'postroom.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return settings.model_copy(update={"database": settings.database.model_copy(update={"url": url})})


def mail(number: int, text: str, sender: str = "") -> bytes:
    """A plain mail from a resident of its own."""
    sender = sender or f"resident-{number}@home.example"
    body = "\r\n".join(text.splitlines())
    return (
        f"From: Resident {number} <{sender}>\r\nTo: {FEEDBACK}\r\nSubject: Message {number}\r\n"
        f"Date: Wed, 4 Mar 2026 09:30:00 +0000\r\nMessage-ID: <{number}@home.example>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        f"\r\n{body}\r\n"
    ).encode()
