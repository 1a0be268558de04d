"""Mail handed to the council's mail server by SMTP, each on a connection of its own."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from postroom.models.failures import Permanent, PostroomError, Temporary, Unanswered, Unreachable
from postroom.models.oauth import Tokens
from postroom.models.settings import Settings
from postroom.models.wire import Wire
from postroom.notifications.envelopes import Mail, one_line
from postroom.notifications.smtp_answers import Verdict, judge

_FAMILIES = {Verdict.REFUSED: Permanent, Verdict.LATER: Temporary, Verdict.OUTAGE: Unreachable}


class SmtpTransport:
    """The certificate of the server is verified wherever there is TLS."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._smtp = settings.outgoing.smtp
        self._ca_file = settings.path(self._smtp.ca_file) if self._smtp.ca_file else None
        oauth = self._smtp.oauth
        self._tokens = Tokens(oauth, Wire(), self._smtp.timeout_seconds, clock) if oauth else None

    def send(self, mail: Mail) -> None:
        server = self._connected()
        try:
            self._hand_over(server, mail)
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"The mail server went away: {one_line(str(error))}") from error
        finally:
            with suppress(smtplib.SMTPException, OSError):  # the mail is theirs by now, or refused
                server.quit()
            server.close()

    def _hand_over(self, server: smtplib.SMTP, mail: Mail) -> None:
        for code, text in (server.mail(mail.envelope_sender), server.rcpt(mail.recipient)):
            if code not in (250, 251):
                raise smtplib.SMTPResponseException(code, text)
        try:
            code, text = server.data(mail.content)
        except smtplib.SMTPDataError:
            raise
        except (smtplib.SMTPException, OSError) as error:
            raise Unanswered(f"The mail server did not say that it took the mail: {one_line(str(error))}") from error
        if code != 250:
            raise smtplib.SMTPDataError(code, text)

    def _connected(self) -> smtplib.SMTP:
        """A connection, signed in. What goes wrong here is the fault of no mail."""
        server: smtplib.SMTP | None = None
        try:
            server = self._open()
            self._sign_in(server)
            server.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError, PostroomError) as error:
            if server is not None:
                server.close()
            place = f"{self._smtp.host}:{self._smtp.port}"
            raise Unreachable(f"The mail server {place} can't be used: {one_line(str(error))}") from error
        return server

    def _open(self) -> smtplib.SMTP:
        smtp = self._smtp
        if smtp.tls:
            return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=smtp.timeout_seconds, context=self._trust())
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=smtp.timeout_seconds)
        if smtp.starttls:
            try:
                server.starttls(context=self._trust())
            except (smtplib.SMTPException, OSError):
                server.close()
                raise
        return server

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if self._tokens is not None:
            self._sign_in_by_token(server, self._tokens)
        elif self._smtp.password is not None:
            password = self._smtp.password.read()
            if not (self._smtp.user + password).isascii():
                raise Unreachable("user or password holds a character beyond ASCII; smtplib signs in with none")
            server.login(self._smtp.user, password)

    def _sign_in_by_token(self, server: smtplib.SMTP, tokens: Tokens) -> None:
        """XOAUTH2. To its refusal, which is a challenge, an empty answer is due."""
        first = f"user={self._smtp.user}\1auth=Bearer {tokens.token()}\1\1"
        server.ehlo_or_helo_if_needed()
        try:
            server.auth("XOAUTH2", lambda challenge=None: first if challenge is None else "")
        except smtplib.SMTPAuthenticationError:
            tokens.forget()
            raise


def _refused(code: int, text: bytes | str) -> PostroomError:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return _FAMILIES[judge(code, said)](f"The mail server answered: {code} {one_line(said)}")
