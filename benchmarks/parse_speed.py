"""Parsing alone: plain mails a second against the standard library, odd mails a second, and memory for 25 MB.

The baseline reads the same plain mails of 4 KB with `email`'s fastest policy (compat32): five headers and the decoded
body, without addresses, dates, reply text or attachments. Run as: python -m benchmarks.parse_speed
"""

import email
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.measuring import ROOT
from postroom.intake.parse import parse

AIMS = "aims: plain mail within 3 times of the baseline; 25 MB in under 150 MB"
ROUNDS = 7
SECONDS = 0.5
_WORDS = "Nobody has emptied the bins in our street, and this is the third week of it."
_MEMORY = """
import resource
from postroom.intake.parse import parse
head = b"Content-Type: application/pdf\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\n"
content = head + (b"QUJD" * 19 + b"\\r\\n") * 336_000
parse(b"")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
parse(content)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6)
"""


def plain_mail(number: int) -> bytes:
    """A mail of 4 KB as people write them; each another."""
    lines = [
        "Received: from mx.home.example (mx.home.example [192.0.2.1]) by mail.ardenshire.example; "
        "Wed, 4 Mar 2026 09:30:01 +0000",
        f"From: Pat Smith <pat.smith.{number}@home.example>",
        "To: feedback@ardenshire.example",
        f"Subject: The bins in street {number}",
        "Date: Wed, 4 Mar 2026 09:30:00 +0000",
        f"Message-ID: <bins-{number}@home.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        *(_WORDS if line % 6 else "" for line in range(52)),
    ]
    return "\r\n".join(lines).encode()


def read_by_standard_library(content: bytes) -> None:
    message = email.message_from_bytes(content)
    for name in ("from", "to", "subject", "date", "message-id"):
        message[name]
    message.get_payload(decode=True)


def rate(read: Callable[[bytes], object], mails: Sequence[bytes]) -> float:
    """Mails a second, on the processor's time of this process."""
    begin, count = time.process_time(), 0
    while time.process_time() - begin < SECONDS:
        for mail in mails:
            read(mail)
        count += len(mails)
    return count / (time.process_time() - begin)


def main() -> None:
    mails = [plain_mail(number) for number in range(100)]
    rounds = [(rate(read_by_standard_library, mails), rate(parse, mails)) for _ in range(ROUNDS)]
    baseline, ours = (statistics.median(each) for each in zip(*rounds, strict=True))
    times = statistics.median(standard / parsing for standard, parsing in rounds)
    print(AIMS)
    print(f"plain mails of {len(mails[0]):,} bytes, {ROUNDS} rounds, medians")
    print(f"  standard library  {baseline:8,.0f} a second")
    print(f"  parse             {ours:8,.0f} a second: it takes {times:.2f} times as long")
    odd = [file.read_bytes() for file in sorted((ROOT / "tests" / "mail").rglob("*.eml"))]
    print(f"odd mails ({len(odd)})    {rate(parse, odd):8,.0f} a second")
    run = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True, cwd=ROOT)
    print(f"a mail of 26 MB     {float(run.stdout):8,.0f} MB more memory")


if __name__ == "__main__":
    main()
