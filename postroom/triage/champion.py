"""The model that suggests, as workers hold it: another one is picked up as soon as it has taken over."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from postroom.models.database import open_session
from postroom.models.failures import ModelRefused
from postroom.models.settings import Settings
from postroom.models.trained_model import TrainedModel
from postroom.triage import registry
from postroom.triage.model_store import folder_of
from postroom.triage.neighbours import Neighbours
from postroom.triage.suggesting import Suggester

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Holder:
    """A model at work. What was suggested by another one before `since` is to be suggested again, where it waits."""

    suggester: Suggester
    neighbours: Neighbours
    since: datetime | None


class Champion:
    """Gives the model that suggests now. Where its folder is refused, the shipped one suggests, and the log says so."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._registered: tuple[str, datetime] | None = None
        self._holder = self._shipped()
        self.current()

    def current(self) -> Holder:
        """The champion of this moment. Costs one look at a small table, and loading where it has changed."""
        with open_session(self._engine, read_only=True) as session:
            found = registry.champion(session)
        registered = (found.version, found.since) if found else None
        if registered != self._registered:
            self._holder = self._load(found) if found else self._shipped()
            self._registered = registered
        return self._holder

    def _load(self, model: TrainedModel) -> Holder:
        try:
            suggester = Suggester.load(registry.folder(self._settings, model), self._settings)
        except ModelRefused as error:
            log.error("The champion %s is refused, and the shipped model suggests: %s", model.version, error)
            return self._shipped()
        log.info("Model %s suggests", suggester.version)
        since = model.since if suggester.version == model.version else None
        return Holder(suggester, Neighbours(suggester), since)

    def _shipped(self) -> Holder:
        suggester = Suggester.load(folder_of(self._settings), self._settings)
        return Holder(suggester, Neighbours(suggester), None)
