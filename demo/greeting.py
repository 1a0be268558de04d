"""What the demonstration prints at its start."""

from collections.abc import Iterable
from pathlib import Path

from demo.council import COLLEAGUES
from postroom.models.settings import Settings

_PASTE = (
    'python3 -c "import smtplib, email.utils as u; '
    "smtplib.SMTP('{host}', {port}).sendmail('sam@reed.example', ['{to}'], "
    "'From: Sam Reed <sam@reed.example>\\nTo: {to}\\nDate: %s\\nMessage-ID: %s\\nSubject: Flooded underpass\\n\\n"
    "The underpass by the station in Rugby is flooded, and there is no way round with a pushchair. "
    "Please could somebody clear the drain?\\n' % (u.formatdate(), u.make_msgid(domain='reed.example')))\""
)


def greeting(settings: Settings, folder: Path, password: str, still_to_come: int) -> str:
    """The desk's address, who can sign in, and a line that sends a message by SMTP."""
    return "\n".join(
        [
            f"Postroom for {settings.council.name}: a demonstration. Its data are in {folder}.",
            "",
            f"  Desk        {settings.desk.public_url}",
            *_sign_ins(settings),
            f"  Password    {password}",
            "",
            f"{still_to_come} messages are on their way. What Postroom sends is on the desk under Sent mail (demo):",
            "letters about what you confirm come a minute later, for till then you can undo it.",
            "To send one yourself, paste this line into another terminal:",
            "",
            paste_line(settings),
            "",
            "Ctrl-C stops. 'make run' continues with the same data, 'make demo-reset' forgets them.",
            "",
        ]
    )


def paste_line(settings: Settings) -> str:
    """A line for a shell that sends a new message by SMTP each time."""
    smtp, to = settings.intake.smtp, settings.council.addresses.feedback
    return _PASTE.format(host=smtp.host, port=smtp.port, to=to)


def _sign_ins(settings: Settings) -> Iterable[str]:
    emails = [colleague.email(settings) for colleague in COLLEAGUES]
    width = max(map(len, emails))
    for email, colleague in zip(emails, COLLEAGUES, strict=True):
        title = "Sign in as" if colleague is COLLEAGUES[0] else ""
        yield f"  {title:<12}{email:<{width}}  {colleague.about}"
