"""How often things happen in the years that are simulated. Pure.

All of these shares are estimates. Councils publish such tables in their annual feedback reports, by type, channel,
month, outcome and stage; these lie in the order of what is found there and are no one council's. What is laid down is
not here but in the configuration: limits, extensions and their caps, windows, and who may decide (Complaint Handling
Code 2024; SI 2006/1738). A share is of the cases to which it can happen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Shares = Mapping[str, float]

BY_MONTH = (1.05, 1.0, 1.1, 0.95, 1.0, 1.0, 1.0, 0.85, 1.15, 1.1, 1.05, 0.75)
"""How many messages come in each month from January, against the mean: few in August and December, many once school
has begun."""
BY_WEEKDAY = (1.25, 1.15, 1.1, 1.05, 0.95, 0.3, 0.25)
"""The same for weekdays from Monday. A bank holiday is like a Sunday."""
BY_HOUR = {
    hour: float(share)
    for hour, share in enumerate(
        "0.3 0.2 0.1 0.1 0.1 0.3 0.6 1.2 2.5 4 4.6 4.2 3.6 3.6 3.7 3.5 3.1 2.5 2 1.9 1.9 1.6 1.1 0.6".split()
    )
}
"""How many messages come in each hour of the day, from midnight."""
BY_HOUR_AT_WORK = {9: 1.2, 10: 1.3, 11: 1.2, 12: 0.9, 13: 0.9, 14: 1.1, 15: 1.0, 16: 0.9}
"""The same of those that an officer takes in."""


@dataclass(frozen=True)
class Rates:
    """What simulated years are made of. Types, outcomes and decisions that a council does not have are left out."""

    growth: float = 0.04
    """How many more messages each year brings."""
    types: Shares = field(
        default_factory=lambda: {
            "complaint": 0.27,
            "service_request": 0.29,
            "compliment": 0.17,
            "comment": 0.08,
            "enquiry": 0.14,
            "member_enquiry": 0.05,
        }
    )
    channels: Shares = field(
        default_factory=lambda: {
            "email": 0.56,
            "form": 0.17,
            "phone": 0.13,
            "letter": 0.05,
            "chat": 0.05,
            "in_person": 0.02,
            "social": 0.02,
        }
    )
    reached_by_mail: Shares = field(default_factory=lambda: {"email": 1.0, "form": 0.95, "chat": 0.5})
    """By channel, how many leave an email address; none by the others."""
    taken_in_by_officers: frozenset[str] = frozenset({"phone", "letter", "in_person"})
    """Channels that are noted down by an officer, so never at night or on a day off."""
    repeat_contact: float = 0.2
    """Messages from somebody who wrote before."""
    same_again: float = 0.015
    """Messages about a matter that has a case already; the two are merged."""

    confirmed_after: Mapping[int, float] = field(
        default_factory=lambda: {0: 0.5, 1: 0.33, 2: 0.1, 3: 0.04, 4: 0.02, 6: 0.01}
    )
    """Working days until an officer confirms what it is."""
    suggestion_right: float = 0.87
    """Types that the model suggested right; categories and teams a little less often."""
    first_label_wrong: float = 0.04
    reassigned: float = 0.05
    several_points: float = 0.35
    incident_noted: float = 0.3
    made_late: float = 0.02
    role_known: float = 0.7
    on_paper: float = 0.004
    large_print: float = 0.01
    restricted: float = 0.004

    consent_wanted: float = 0.06
    consent_refused: float = 0.15
    withdrawn: float = 0.03
    asks_again: float = 0.16
    """Cases about which somebody writes again before they are answered."""
    extended: float = 0.14
    in_time: float = 0.83
    """Steps done by their date, with its extensions."""
    outcomes: Shares = field(
        default_factory=lambda: {
            "upheld": 0.33,
            "partially_upheld": 0.24,
            "not_upheld": 0.33,
            "inconclusive": 0.04,
            "resolved_on_receipt": 0.06,
            "answered": 0.88,
            "partly_answered": 0.09,
            "unable_to_answer": 0.03,
        }
    )
    next_stage: float = 0.11
    """Answered complaints for which the next stage is asked for."""
    next_stage_late: float = 0.06
    next_stage_refused: float = 0.14
    changed_at_next_stage: float = 0.35
    closed_with_answer: float = 0.7
    """The others are closed once the time to ask for the next stage is over."""
    reopened: float = 0.01
    own_letter: float = 0.4
    """Decisions about which the officer who made them writes; of the others our own letter tells."""
    last_letter: float = 0.05
    """Closed cases whose person gets a word at the end."""

    action: float = 0.3
    """Of complaints that were upheld at least in part."""
    compensation: float = 0.05
    ombudsman: float = 0.025
    ombudsman_after_last_stage: float = 0.3
    ombudsman_decisions: Shares = field(
        default_factory=lambda: {
            "upheld_maladministration_and_injustice": 0.24,
            "upheld_maladministration_no_injustice": 0.02,
            "upheld_no_further_action": 0.04,
            "not_upheld": 0.08,
            "closed_after_initial_enquiries": 0.36,
            "premature": 0.2,
            "advice_given": 0.03,
            "incomplete_or_invalid": 0.03,
        }
    )
