"""The questions about what was found of a case, asked when a stage is answered and when the case is closed."""

from collections.abc import Mapping

from sqlmodel import col, select

from postroom.casework.findings import Findings
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.forms.form import NO_ANSWERS, Ground, Sheet, options
from postroom.desk.wording import words
from postroom.models.outcome import Finding, FindingKind

Before = Mapping[str, list[str]]
"""What was found already, by its kind."""


def stage_findings(ground: Ground, *, earlier: bool = False) -> Before:
    """What was found at the stage that the case is in; with `earlier` at those before it."""
    at_stage = col(Finding.stage) == ground.case.stage
    query = select(Finding).where(Finding.case_id == ground.case_id, ~at_stage if earlier else at_stage)
    found: dict[str, list[str]] = {}
    for finding in ground.session.exec(query.order_by(col(Finding.id), col(Finding.place))):
        found.setdefault(finding.kind, []).append(finding.code)
    return found


def cause_fields(ground: Ground, before: Before, required: str = "") -> list[Field]:
    """The primary cause, and any others."""
    causes = before.get(FindingKind.CAUSE, [])
    by_theme = [
        Option(cause, words(cause), group=words(theme))
        for theme, listed in ground.settings.closing.causes.items()
        for cause in listed
    ]
    return [
        Field(
            "cause",
            "Primary cause",
            Kind.LIST,
            options=(*by_theme, *NO_ANSWERS),
            value=causes[0] if causes else "",
            required=required,
        ),
        Field("causes", "Other causes", Kind.SEVERAL, options=tuple(by_theme), value=" ".join(causes[1:])),
    ]


def remedy_field(ground: Ground, before: Before, required: str = "") -> Field:
    return Field(
        "remedies",
        "Remedies",
        Kind.SEVERAL,
        options=options(ground.settings.closing.remedies, none=True),
        value=" ".join(before.get(FindingKind.REMEDY, [])),
        required=required,
    )


def investigation_field(ground: Ground, before: Before) -> Field:
    return Field(
        "investigation",
        "What was done to find out",
        Kind.SEVERAL,
        options=options(ground.settings.closing.investigation_actions),
        value=" ".join(before.get(FindingKind.INVESTIGATION, [])),
    )


def found(sheet: Sheet, given: Given) -> Findings:
    """What the answers say was found. The primary cause stands first."""
    causes = (given.text("cause"), *sheet.several(given, "causes"))
    return Findings(
        outcome=given.text("outcome"),
        causes=tuple(dict.fromkeys(filter(None, causes))),
        remedies=sheet.several(given, "remedies"),
        investigation=sheet.several(given, "investigation"),
    )
