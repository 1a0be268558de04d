"""Fuzzes the reading of mail with atheris, beginning from the odd mails in tests/mail.

    python -m venv .fuzz && .fuzz/bin/pip install atheris lxml
    .fuzz/bin/python -m fuzz.parse_mail found tests/mail -dict=fuzz/mail.dict -max_len=20000 -timeout=5

What breaks a property below, or takes longer than the timeout, is written to a file named crash-… or timeout-…; keep
it, made small, as a mail in tests/mail.
"""

import hashlib
import sys

import atheris

with atheris.instrument_imports(include=["postroom"]):
    from postroom.intake.parse import attachment_content, parse


def check(content: bytes) -> None:
    """What holds for any bytes. Raises where it does not."""
    parsed = parse(content)
    texts = [parsed.subject, parsed.text, parsed.new_text, parsed.html or "", parsed.message_id, *parsed.defects]
    texts += [
        text for box in (parsed.sender, *parsed.to, *parsed.cc, *parsed.reply_to) for text in (box.name, box.email)
    ]
    texts += [text for found in parsed.attachments for text in (found.name, found.content_type)]
    for text in texts:
        text.encode()
        assert "\x00" not in text
    assert parsed == parse(content)
    for position, found in enumerate(parsed.attachments[:5]):
        data = attachment_content(content, position)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (found.size, found.digest)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
