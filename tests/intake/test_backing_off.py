import pytest

from postroom.intake.backing_off import pause_after
from postroom.models.failures import (
    ConfigurationError,
    LoginRefused,
    NotStored,
    PostroomError,
    Throttled,
    Unreachable,
)


@pytest.mark.parametrize(
    ("error", "pauses"),
    [
        (Unreachable("away"), [5, 10, 20, 40, 80, 160, 300, 300]),
        (NotStored("full"), [5, 10, 20, 40, 80, 160, 300, 300]),
        (Throttled("slowly"), [30, 60, 120, 240, 480, 900, 900, 900]),
        (Throttled("slowly", 299.961), [299.961, 299.961, 299.961, 299.961, 480, 900, 900, 900]),
        (Throttled("slowly", 1e9), [3600] * 8),
        (LoginRefused("no"), [60, 120, 240, 480, 960, 1800, 1800, 1800]),
        (ConfigurationError(["no secret"]), [60, 120, 240, 480, 960, 1800, 1800, 1800]),
    ],
)
def test_pauses_double_up_to_a_limit(error: PostroomError, pauses: list[float]) -> None:
    assert [pause_after(error, failures, 0.5).total_seconds() for failures in range(1, 9)] == pauses


def test_chance_spreads_a_pause_by_a_quarter_each_way() -> None:
    assert [pause_after(Unreachable("away"), 3, chance).total_seconds() for chance in (0.0, 1.0)] == [15, 25]


def test_ten_thousand_failures_are_no_number_too_large() -> None:
    assert pause_after(Unreachable("away"), 10_000, 0.5).total_seconds() == 300
