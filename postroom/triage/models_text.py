"""What `postroom models list` prints."""

from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.table import Table

from postroom.models.trained_model import ModelState, TrainedModel
from postroom.triage.accuracy import TARGETS, Accuracy, Taken, together


def as_tables(models: Sequence[TrainedModel], accuracies: dict[str, Accuracy], shipped: str) -> Group:
    """The models with their state and why, and how often officers took what each suggested. `shipped`: the version of
    the model that came with Postroom."""
    listed = Table("version", "state", "since", "confirmed", "held-out figures, before and after", "why", box=None)
    for model in models:
        listed.add_row(
            model.version + (" (shipped)" if model.shipped else ""),
            model.state,
            f"{model.since:%Y-%m-%d %H:%M}",
            str(model.confirmations),
            "\n".join(_compared(model)) or "-",
            model.reason,
        )
    if not any(model.state == ModelState.CHAMPION for model in models):
        listed.add_row(f"{shipped} (shipped)", ModelState.CHAMPION, "-", "0", "-", "nothing was learned yet")
    return Group(listed, "", _accuracy_table(accuracies))


def _compared(model: TrainedModel) -> Iterator[str]:
    for name, figure in model.comparison.get("figures", {}).items():
        if figure["champion"] is not None:
            yield f"{name} {figure['champion']:.3f} {figure['challenger']:.3f}"


def _accuracy_table(accuracies: dict[str, Accuracy]) -> Table:
    table = Table("suggested by", "officers", "messages", *TARGETS, box=None)
    rows = {**accuracies, "all together": together(accuracies.values())} if len(accuracies) != 1 else accuracies
    for version, accuracy in rows.items():
        _add(table, version, "saw it", accuracy.shown)
        _add(table, "", "decided first", accuracy.blind)
    return table


def _add(table: Table, version: str, officers: str, taken: Taken) -> None:
    shares = (taken.share(target) for target in TARGETS)
    table.add_row(version, officers, str(taken.messages), *("-" if s is None else f"{s:.1%}" for s in shares))
