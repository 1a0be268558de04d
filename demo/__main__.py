"""`python -m demo`: run the demonstration until Ctrl-C."""

import logging
import signal
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _port(about: str) -> Any:
    return typer.Option(min=1, max=65535, help=about)


@app.command()
def main(
    config: Annotated[Path, typer.Option(help="The council's configuration.")] = Path("config.yaml"),
    data: Annotated[Path, typer.Option(help="The demonstration's data.")] = Path("data/demo"),
    every: Annotated[float, typer.Option(min=0.0, help="Seconds between two messages.")] = 3.0,
    desk_port: Annotated[int | None, _port("For the desk, instead of desk.port.")] = None,
    smtp_port: Annotated[int | None, _port("For mail that comes in, instead of intake.smtp.port.")] = None,
    imap_port: Annotated[int, _port("For the mailbox that Postroom reads.")] = 8143,
    sink_port: Annotated[int, _port("For the mail that Postroom sends.")] = 8026,
) -> None:
    """Run Postroom with a mailbox that fills, and with a sink for what it sends."""
    stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # the last, which Windows lacks, where the terminal is closed
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # the mailbox may still talk when its reader has gone

    # The product takes a second or more to import; from here on Ctrl-C is heard.
    from demo.council import Ports
    from demo.running import run
    from postroom.models.failures import PostroomError

    ports = Ports(desk_port, smtp_port, imap_port, sink_port)
    try:
        run(config, data, ports, every, typer.echo, stop)
    except PostroomError as error:
        typer.echo(f"demo: {error}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
