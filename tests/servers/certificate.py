"""A certificate for servers of the tests, made by openssl."""

import subprocess
from pathlib import Path

NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """The files of a certificate for localhost, signed by itself, and of its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, *files, "-days", "2", "-subj", "/CN=localhost", "-addext", NAMES],
        check=True,
        capture_output=True,
    )
    return certificate, key
