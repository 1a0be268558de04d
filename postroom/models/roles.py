"""What somebody is at the desk, and what a token is for: names that the command knows without loading the database."""

from enum import StrEnum


class Role(StrEnum):
    OFFICER = "officer"
    """Works on the cases of their teams."""
    INVESTIGATOR = "investigator"
    """Answers the confirmed cases of their teams; what awaits confirmation is not theirs."""
    MANAGER = "manager"
    """Answers for the deadlines of their teams, and is reminded of them."""
    CUSTOMER_RELATIONS = "customer_relations"
    """Confirms what comes in for every team."""
    ADMINISTRATOR = "administrator"
    """Looks after officers and the system; sees no sealed case by that alone."""
    AUDITOR = "auditor"
    """Looks at everything that is not sealed, and at what was done; changes nothing."""


class Scope(StrEnum):
    """What a token may be used for, beside what its officer may see and do."""

    CASES = "cases"
    MESSAGES = "messages"
    DECISIONS = "decisions"
    """Confirms what cases are. A program that decides is a program that was told what officers decided."""
    REPORTS = "reports"
