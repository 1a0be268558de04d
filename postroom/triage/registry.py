"""Which models there are, where their files are, and which of them suggests (`succession`)."""

import json
import shutil
from pathlib import Path

from sqlmodel import Session

from postroom.models.settings import Settings
from postroom.models.trained_model import ModelState, TrainedModel
from postroom.triage.model_store import folder_of
from postroom.triage.succession import champion, last_trained, models, promote, refuse, roll_back

__all__ = [
    "FOLDERS_KEPT",
    "champion",
    "folder",
    "forget_folders",
    "last_trained",
    "made_with",
    "models",
    "promote",
    "refuse",
    "roll_back",
]

FOLDERS_KEPT = 5
"""Of models that do not suggest: those that can be rolled back to."""


def folder(settings: Settings, model: TrainedModel) -> Path:
    """Where the files of `model` are."""
    return folder_of(settings) if model.shipped else settings.path(settings.triage.models) / model.version


def made_with(folder: Path) -> dict[str, str]:
    """The versions of Python and of the libraries that the model in `folder` was made with."""
    found: dict[str, str] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["made_with"]
    return found


def forget_folders(session: Session, settings: Settings) -> None:
    """Delete the files of models beyond the last `FOLDERS_KEPT`: they hold traces of who was erased since."""
    learned = [model for model in models(session) if not model.shipped]
    others = [model for model in learned if model.state != ModelState.CHAMPION]
    for model in sorted(others, key=lambda model: model.since, reverse=True)[FOLDERS_KEPT:]:
        shutil.rmtree(folder(settings, model), ignore_errors=True)
