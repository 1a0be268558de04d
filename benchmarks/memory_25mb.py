"""Memory: what a mail of 25 MB takes of the process that receives it, and of the one that files it.

Filing has a process beside it that parses. Each process's peak resident set is read from Linux; beside it stands that
after a mail of a few lines, so that what the libraries take can be told from what the mail takes.
Run as: python -m benchmarks.memory_25mb
"""

import base64
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.measuring import council, folder_of_work, mail, peak_megabytes, peak_megabytes_of_children
from benchmarks.smtp_rate import send, serve_postroom
from postroom.intake import filing
from postroom.intake.receive import EMAIL, Delivery, receive
from postroom.models.database import open_engine
from postroom.processes import utc_now

SIZE = 25_000_000
AIM = 150


def large_mail() -> bytes:
    """A mail of 25 MB with two photographs, which is what makes mails large."""
    lines = SIZE // 2 // 78
    photo = base64.encodebytes(os.urandom(lines * 57)).replace(b"\n", b"\r\n")
    part = b"--edge\r\nContent-Type: image/jpeg; name=p.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" + photo
    top = (
        b"From: Pat <pat@home.example>\r\nTo: feedback@ardenshire.example\r\nSubject: Photographs\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="edge"\r\n\r\n'
        b"--edge\r\nContent-Type: text/plain\r\n\r\nSee the hole in our street.\r\n"
    )
    return top + part + b"\r\n" + part + b"\r\n--edge--\r\n"


def received(content: bytes) -> float:
    """Peak of the receiver's process for one mail by SMTP."""
    with folder_of_work() as folder:
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=serve_postroom, args=(folder, theirs))
        server.start()
        port = ours.recv()
        send(port, 1, content)
        peak = peak_megabytes(server.pid or 0)
        ours.send("stop")
        server.join(30)
    return peak


def _file(folder: Path, report: Connection) -> None:
    settings = council(folder)
    engine = open_engine(settings.database_url)
    while filing.process_one(engine, settings, utc_now()):
        pass
    report.send((peak_megabytes(), peak_megabytes_of_children()))


def filed(content: bytes) -> tuple[float, float]:
    """Peaks of a process that files one mail, and of the one beside it that parses what is not small."""
    with folder_of_work() as folder:
        engine = open_engine(council(folder).database_url)
        receive(engine, [Delivery("imap:none", "1", EMAIL, content)], utc_now())
        engine.dispose()
        ours, theirs = multiprocessing.Pipe()
        worker = multiprocessing.get_context("spawn").Process(target=_file, args=(folder, theirs))
        worker.start()
        peaks: tuple[float, float] = ours.recv()
        worker.join(30)
    return peaks


def main() -> None:
    large, small = large_mail(), mail(1, "The bins again.")
    peaks = {content: (received(content), *filed(content)) for content in (small, large)}
    print(f"peak megabytes     small mail   {len(large) / 1e6:.0f} MB mail   aim")
    for place, name in enumerate(("received", "filed", "parsed, beside it")):
        print(f"{name:17}  {peaks[small][place]:11.0f}  {peaks[large][place]:11.0f}   {AIM:4}")


if __name__ == "__main__":
    main()
