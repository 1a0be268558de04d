"""Which model suggests, and how it changes: what reads and writes the table alone, and loads no library.

challenger ──better or as good──> champion ──another takes over──> retired ──rolled back to──> champion
    └──────────worse────────────> refused <──its folder is not what it should be──┘
"""

from datetime import datetime

from sqlmodel import Session, col, select

from postroom.models.failures import NotFound
from postroom.models.trained_model import ModelState, TrainedModel


def models(session: Session) -> list[TrainedModel]:
    """All of them, the last trained first."""
    return list(session.exec(select(TrainedModel).order_by(col(TrainedModel.trained_at).desc(), TrainedModel.version)))


def champion(session: Session) -> TrainedModel | None:
    """The model that suggests; None where that is the shipped one and no other was ever trained."""
    return session.exec(select(TrainedModel).where(TrainedModel.state == ModelState.CHAMPION)).first()


def last_trained(session: Session) -> TrainedModel | None:
    """The last one that learned from confirmations, whatever became of it."""
    learned = select(TrainedModel).where(~col(TrainedModel.shipped))
    return session.exec(learned.order_by(col(TrainedModel.trained_at).desc()).limit(1)).first()


def promote(session: Session, model: TrainedModel, reason: str, now: datetime) -> None:
    """Make `model` the champion, in the place of whichever is."""
    for other in session.exec(select(TrainedModel).where(TrainedModel.state == ModelState.CHAMPION)).all():
        if other.version != model.version:
            _set(session, other, ModelState.RETIRED, f"{model.version} took over", now)
    session.flush()
    _set(session, model, ModelState.CHAMPION, reason, now)


def refuse(session: Session, model: TrainedModel, reason: str, now: datetime) -> None:
    """`model` is not to suggest."""
    _set(session, model, ModelState.REFUSED, reason, now)


def roll_back(session: Session, version: str, reason: str, now: datetime) -> TrainedModel:
    """Make an earlier model the champion again: the one called `version`, or the last that was champion before.

    The model that it replaces is refused, so that it does not come back by itself. Raises `NotFound` where there is
    no such model.
    """
    target = session.get(TrainedModel, version) if version else _champion_before(session)
    if target is None:
        raise NotFound(f"There is no model {version}." if version else "No model was champion before this one.")
    current = champion(session)
    promote(session, target, reason, now)
    if current is not None and current.version != target.version:
        refuse(session, current, f"rolled back to {target.version}", now)
    return target


def _champion_before(session: Session) -> TrainedModel | None:
    retired = select(TrainedModel).where(TrainedModel.state == ModelState.RETIRED)
    return session.exec(retired.order_by(col(TrainedModel.since).desc(), col(TrainedModel.trained_at).desc())).first()


def _set(session: Session, model: TrainedModel, state: ModelState, reason: str, now: datetime) -> None:
    model.state, model.reason, model.since = state, reason, now
    session.add(model)
