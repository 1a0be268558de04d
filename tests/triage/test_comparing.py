from postroom.triage.comparing import compare
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.suggesting import Choice, Risk, Suggested


def _example(number: int, type_: str, at_risk: bool = False) -> Example:
    return Example(str(number), Text(), Labels(type_, "none", "highways", "none", at_risk), "", "")


def _suggested(type_: str, probability: float = 0.9, team: str = "highways", at_risk: bool = False) -> Suggested:
    other = "complaint" if type_ == "enquiry" else "enquiry"
    types = Choice(type_, probability, ((type_, probability), (other, 1 - probability)))
    same = Choice("none", 1.0, (("none", 1.0),))
    return Suggested(types, same, Choice(team, 1.0, ((team, 1.0),)), same, Risk(at_risk, 0.5), (), "")


TYPES = ["complaint", "enquiry"] * 20
EXAMPLES = [_example(n, type_, at_risk=n < 10) for n, type_ in enumerate(TYPES)]
RIGHT = [_suggested(type_, at_risk=n < 10) for n, type_ in enumerate(TYPES)]


def test_a_model_is_not_worse_than_itself() -> None:
    comparison = compare(EXAMPLES, RIGHT, RIGHT)
    assert comparison.worse == []
    assert comparison.figures["type macro-F1"].challenger == 1.0


def test_missed_complaints_are_told() -> None:
    blind = [_suggested("enquiry", at_risk=n < 10) for n in range(40)]
    comparison = compare(EXAMPLES, RIGHT, blind)
    assert {"type macro-F1", "complaint recall", "calibration"} <= set(comparison.worse)
    assert "at-risk recall" not in comparison.worse


def test_missed_risk_alone_is_reason_enough() -> None:
    assert compare(EXAMPLES, RIGHT, [_suggested(type_) for type_ in TYPES]).worse == ["at-risk recall"]


def test_a_wrong_team_is_told() -> None:
    lost = [_suggested(type_, team="waste", at_risk=n < 10) for n, type_ in enumerate(TYPES)]
    assert compare(EXAMPLES, RIGHT, lost).worse == ["team macro-F1"]


def test_doubt_where_none_is_due_is_told() -> None:
    doubtful = [_suggested(type_, 0.55, at_risk=n < 10) for n, type_ in enumerate(TYPES)]
    assert compare(EXAMPLES, RIGHT, doubtful).worse == ["calibration"]


def test_one_message_more_or_less_is_no_evidence() -> None:
    one_wrong = [_suggested("enquiry", 0.6, at_risk=True), *RIGHT[1:]]
    two_wrong = [RIGHT[0], _suggested("complaint", 0.6, at_risk=True), *RIGHT[2:]]
    assert compare(EXAMPLES, two_wrong, one_wrong).figures["type macro-F1"].worse is False


def test_what_can_not_be_counted_is_not_worse() -> None:
    calm = [_example(n, "enquiry") for n in range(5)]
    comparison = compare(calm, [_suggested("enquiry")] * 5, [_suggested("enquiry")] * 5)
    assert comparison.figures["complaint recall"].champion is None
    assert comparison.worse == []
