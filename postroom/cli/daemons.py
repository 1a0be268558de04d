"""What runs until it is stopped: all of Postroom, or one part of it."""

from typing import Annotated

import typer

from postroom import processes
from postroom.cli.opening import DEFAULT_CONFIG, Config, in_words, now, opened, until_stopped

app = typer.Typer()


@app.command()
@in_words
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Run all of Postroom in one process."""
    from postroom.desk.app import create_app

    settings, engine = opened(config)
    desk_app = create_app(engine, settings, clock=now)
    until_stopped(processes.everything(engine, settings, desk_app), f"Postroom runs. Desk: {settings.desk.public_url}")


@app.command()
@in_words
def poll(config: Config = DEFAULT_CONFIG) -> None:
    """Read the mailboxes, and nothing else."""
    settings, engine = opened(config)
    daemons = processes.pollers(engine, settings, now)
    until_stopped(processes.running_daemons(daemons), f"Reading {len(daemons)} mailboxes.")


@app.command()
@in_words
def smtp(config: Config = DEFAULT_CONFIG) -> None:
    """Receive mail by SMTP, and nothing else."""
    settings, engine = opened(config)
    where = f"{settings.intake.smtp.host} port {settings.intake.smtp.port}"
    until_stopped(processes.running_receiver(engine, settings, now), f"Receiving mail on {where}.")


@app.command()
@in_words
def work(config: Config = DEFAULT_CONFIG) -> None:
    """File messages, suggest what they are and send what is in the outbox."""
    settings, engine = opened(config)
    until_stopped(processes.running_daemons(processes.workers(engine, settings, now)), "Working.")


@app.command()
@in_words
def learn(
    once: Annotated[bool, typer.Option("--once", help="Train now, whether it is due or not, and stop.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Train the model anew when officers have confirmed enough, and let a better one take over."""
    from postroom.triage import learning

    settings, engine = opened(config)
    if once:
        model = learning.learn(engine, settings, now())
        typer.echo(
            f"Model {model.version}, of {model.confirmations} confirmed messages: {model.state}; {model.reason}."
        )
        return
    until_stopped(processes.running_daemons(processes.learners(engine, settings, now)), "Learning.")


@app.command()
@in_words
def schedule(
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and stop.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Send acknowledgements and reminders when they are due."""
    from postroom.notifications import scheduler

    settings, engine = opened(config)
    if once:
        scheduler.tick(engine, settings, now())
        return
    until_stopped(processes.running_daemons(processes.schedulers(engine, settings, now)), "Scheduling.")


@app.command()
@in_words
def desk(config: Config = DEFAULT_CONFIG) -> None:
    """Serve the web desk, and nothing else."""
    from postroom.desk.app import create_app

    settings, engine = opened(config)
    app = create_app(engine, settings, clock=now)
    until_stopped(processes.running_desk(app, settings), f"Desk: {settings.desk.public_url}")
