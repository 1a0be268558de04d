"""The certificate of our SMTP address, read again when it is renewed: no connection waits, and nobody restarts us."""

import logging
import ssl
from pathlib import Path

from postroom.models.failures import ConfigurationError

log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


class Certificate:
    """A certificate with its key in PEM files. Raises `ConfigurationError` where they can't be used at first."""

    def __init__(self, certificate: Path, key: Path | None) -> None:
        self._certificate, self._key = certificate, key
        self._stamp: _Stamp = self._read_stamp()
        try:
            self._context = self._load()
        except (OSError, ssl.SSLError) as error:
            problem = f"expected a certificate with its key; {certificate} can't be used: {error}"
            raise ConfigurationError([f"intake.smtp.certificate: {problem}"]) from None

    def context(self) -> ssl.SSLContext:
        """For the next connection. Files that can't be used, such as one half of a renewal, leave it as it was."""
        stamp = self._read_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._context = self._load()
                log.info("the certificate in %s was read again", self._certificate)
            except (OSError, ssl.SSLError) as error:
                log.error("the new certificate in %s can't be used, the old one stays: %s", self._certificate, error)
        return self._context

    def _load(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certificate, self._key)
        return context

    def _read_stamp(self) -> _Stamp:
        """What changes when the files do; also where a link is set to others, as renewals do."""
        try:
            found = [file.stat() for file in (self._certificate, self._key) if file is not None]
        except OSError:
            return ()
        return tuple((file.st_ino, file.st_size, file.st_mtime_ns) for file in found)
