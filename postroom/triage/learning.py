"""Learns from what officers confirm: when to train anew, on what, and whether the new model may take over.

A challenger learns from all confirmed messages but the newest, and is measured on those beside the champion: neither
has learned from them. It takes over as it was measured, so no model ever suggests that nobody has compared.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session

from postroom.models.database import open_engine, open_session
from postroom.models.failures import ModelRefused
from postroom.models.settings import Settings
from postroom.models.trained_model import TrainedModel
from postroom.triage import registry
from postroom.triage.comparing import Comparison, compare
from postroom.triage.confirmed import Confirmed, confirmed_messages, count_confirmed, decided_after
from postroom.triage.corpus import Example, seed, text_digest
from postroom.triage.embedding import encoder_for
from postroom.triage.model import TriageModel
from postroom.triage.model_store import folder_of
from postroom.triage.suggesting import Suggester
from postroom.triage.training import learned_texts, store, train

log = logging.getLogger(__name__)

MILESTONES = (25, 50, 100, 200, 400)
"""Confirmed messages at which a model is trained; after the last of them each night, where there are new ones."""
NIGHT_FROM = 2
"""The hour, in the council's zone, from which the night's training may start."""
HELD_OUT = 0.2
"""The part of the confirmed messages, the newest, that challengers are measured on."""
FEWEST, MOST = 8, 100
"""Held out at least and at most."""
PRIORITY = 15
"""How far training stands back behind everything else (nice)."""
AFTER_A_FAULT = timedelta(hours=1)


def is_due(confirmed: int, last: TrainedModel | None, *, new_ones: bool, now: datetime, zone: ZoneInfo) -> bool:
    """Whether to train, with so many messages confirmed and `last` trained before. Pure."""
    reached = max((milestone for milestone in MILESTONES if milestone <= confirmed), default=0)
    if not reached:
        return False
    if last is None or last.confirmed < reached:
        return True
    here = now.astimezone(zone)
    last_night = last.trained_at.astimezone(zone).date() < here.date() and here.hour >= NIGHT_FROM
    return confirmed >= MILESTONES[-1] and new_ones and last_night


def held_out(confirmed: int) -> int:
    """How many of the newest of so many confirmed messages are not learned from."""
    return min(MOST, max(FEWEST, round(confirmed * HELD_OUT)), confirmed)


def waits(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Whether a training is due. Cheap."""
    with open_session(engine, read_only=True) as session:
        last = registry.last_trained(session)
        new_ones = decided_after(session, last.last_seen_at if last else None)
        confirmed = count_confirmed(session)
    return is_due(confirmed, last, new_ones=new_ones, now=now, zone=settings.council.zone)


def learn(
    engine: Engine, settings: Settings, now: datetime, shipped: Callable[[], Sequence[Example]] = seed
) -> TrainedModel:
    """Train a challenger, compare it with the champion, and let it take over or refuse it. Takes minutes. It learns
    from the `shipped` examples too.

    The same confirmed messages give the same model: where it is known already, nothing changes but when it was trained.
    Raises `ModelRefused` where not even the shipped model can be loaded.
    """
    with open_session(engine, read_only=True) as session:
        confirmed = confirmed_messages(session)
        champion = registry.champion(session)
    cut = len(confirmed) - held_out(len(confirmed))
    learned, recent = confirmed[:cut], confirmed[cut:]
    champion, suggester, its_texts = _at_work(settings, champion, now)
    model, folder = _trained(shipped(), learned, settings)
    its_own_texts = learned_texts(folder) or frozenset()
    fresh = [each.example for each in recent if text_digest(each.example.text) not in its_own_texts | its_texts]
    challenger = Suggester.load(folder, settings)
    comparison = None
    if fresh:
        texts = [example.text for example in fresh]
        comparison = compare(fresh, suggester.suggest_many(texts), challenger.suggest_many(texts))
    entry = TrainedModel(
        version=model.version,
        since=now,
        trained_at=now,
        data=model.data,
        confirmations=len(learned),
        confirmed=len(confirmed),
        last_learned_at=learned[-1].decided_at if learned else None,
        last_seen_at=confirmed[-1].decided_at if confirmed else None,
        made_with=registry.made_with(folder),
        figures=dict(model.figures),
        comparison=comparison.as_json() if comparison else {},
    )
    with open_session(engine) as session:
        entered = _enter(session, entry, champion, comparison, now)
        session.commit()
        registry.forget_folders(session, settings)
    log.info("Model %s, of %s confirmed messages: %s; %s", entered.version, cut, entered.state, entered.reason)
    return entered


def roll_back(engine: Engine, settings: Settings, version: str, now: datetime) -> TrainedModel:
    """Let the model called `version` suggest again, or the champion before this one. Raises `NotFound`, and
    `ModelRefused` where its folder is gone or not what it was."""
    with open_session(engine) as session:
        model = registry.roll_back(session, version, "rolled back to", now)
        Suggester.load(registry.folder(settings, model), settings)
        session.commit()
    return model


def _at_work(
    settings: Settings, champion: TrainedModel | None, now: datetime
) -> tuple[TrainedModel, Suggester, frozenset[str]]:
    """The champion, what suggests by it, and what it learned from. The shipped model where there is no other."""
    if champion is not None and not champion.shipped:
        try:
            folder = registry.folder(settings, champion)
            return champion, Suggester.load(folder, settings), learned_texts(folder) or frozenset()
        except ModelRefused as error:
            log.error("The champion %s is refused: %s", champion.version, error)
    folder = folder_of(settings)
    suggester = Suggester.load(folder, settings)
    shipped = TrainedModel(
        version=suggester.version,
        shipped=True,
        since=now,
        trained_at=now,
        data="",
        reason="came with Postroom",
        made_with=registry.made_with(folder),
    )
    return shipped, suggester, learned_texts(folder) or frozenset()


def _trained(shipped: Sequence[Example], learned: Sequence[Confirmed], settings: Settings) -> tuple[TriageModel, Path]:
    confirmed = [each.example for each in learned]
    model = train(shipped, settings, confirmed, encoder_for(settings))
    folder = settings.path(settings.triage.models) / model.version
    store(model, [*shipped, *confirmed], folder)
    return model, folder


def _enter(
    session: Session, entry: TrainedModel, champion: TrainedModel, comparison: Comparison | None, now: datetime
) -> TrainedModel:
    """Put the new model into the registry, as champion or refused. `champion` is what it was compared with."""
    known = session.get(TrainedModel, entry.version)
    if known is not None:
        known.trained_at, known.confirmed, known.last_seen_at = now, entry.confirmed, entry.last_seen_at
        session.add(known)
        return known
    current = registry.champion(session)
    if champion.shipped and session.get(TrainedModel, champion.version) is None:
        session.add(champion)
        session.flush()
    if current is None or (champion.shipped and current.version != champion.version):
        registry.promote(session, session.get_one(TrainedModel, champion.version), champion.reason, now)
    if entry.version == champion.version:
        return champion
    session.add(entry)
    session.flush()
    if comparison is None:
        registry.refuse(session, entry, "no confirmed message was left to compare it on", now)
    elif comparison.worse:
        registry.refuse(session, entry, f"worse than {champion.version}: {', '.join(comparison.worse)}", now)
    elif current is not None and current.version != champion.version and not champion.shipped:
        registry.refuse(session, entry, f"{current.version} took over meanwhile", now)
    else:
        registry.promote(session, entry, f"not worse than {champion.version} on {comparison.messages} messages", now)
    return entry


class Learner:
    """A daemon's step: trains in a process of its own, which stands back behind everything else."""

    def __init__(self, engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._process: BaseProcess | None = None
        self._not_before: datetime | None = None

    def step(self) -> bool:
        """Train where that is due, and wait for it. Returns whether it was. A failed training is left for an hour."""
        now = self._clock()
        if self._not_before is not None and now < self._not_before:
            return False
        if not waits(self._engine, self._settings, now):
            return False
        self._process = get_context("spawn").Process(target=_learn_alone, args=(self._settings, now), daemon=True)
        self._process.start()
        self._process.join()
        if self._process.exitcode != 0:
            log.error("Training ended with status %s; it is tried again in an hour", self._process.exitcode)
            self._not_before = now + AFTER_A_FAULT
        return True

    def stop(self) -> None:
        """End a training that runs, from another thread. It leaves nothing behind, and is due again."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()


def _learn_alone(settings: Settings, now: datetime) -> None:
    """What runs in the process of its own."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(PRIORITY)
    engine = open_engine(settings.database_url)
    try:
        learn(engine, settings, now)
    finally:
        engine.dispose()
