import pytest

from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.repetition import repetition, told

LABELS = Labels("enquiry", "none", "waste", "none", at_risk=False)


def _examples(*bodies: str) -> list[Example]:
    return [Example(str(n), Text(body=body), LABELS, str(n), str(n)) for n, body in enumerate(bodies)]


def test_messages_of_one_template_share_their_runs() -> None:
    found = repetition(_examples("please mend the big lamp in Elm Row now", "please mend the big lamp in Ash Road now"))
    assert found.shared_runs[3] == pytest.approx(8 / 14)
    assert found.shared_runs[8] == 0
    assert found.nearest[0] > 0.5


def test_messages_written_one_by_one_share_none() -> None:
    found = repetition(_examples("when does the tip open", "my bus pass never came, twice I asked", "tip"))
    assert set(found.shared_runs.values()) == {0}
    assert found.near_copies == 0
    assert "3 messages" in told(found)
