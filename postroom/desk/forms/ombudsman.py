"""Forms about the Ombudsman: the referral, and the decision with what is paid."""

from postroom.casework import cases
from postroom.casework.moves import Move
from postroom.casework.reading import referral_open
from postroom.casework.working_days import in_words
from postroom.desk.forms.fields import Field, Given, Kind
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet, options


def _refer_sheet(ground: Ground) -> Sheet:
    today = ground.today.isoformat()
    return Sheet(
        (
            Field("on", "When did the Ombudsman get it?", Kind.DAY, value=today, required="Enter the day"),
            Field("reference", "The Ombudsman's reference", hint="If it is known."),
        ),
        ("The case goes on as it was.",),
    )


def _refer(ground: Ground, _: Sheet, given: Given) -> str:
    reference = given.text("reference")
    cases.refer_to_ombudsman(
        ground.session, ground.case_id, referred_on=given.day("on"), reference=reference, **ground.by
    )
    return ""


def _decision_sheet(ground: Ground) -> Sheet:
    referral = referral_open(ground.session, ground.case)
    assert referral is not None
    about = f"With the Ombudsman since {in_words(referral.referred_on)}" + (
        f" as {referral.reference}." if referral.reference else "."
    )
    decisions = options(ground.settings.closing.ombudsman_decisions)
    today = ground.today.isoformat()
    return Sheet(
        (
            Field("decision", "What was decided?", Kind.ONE, options=decisions, required="Choose a decision"),
            Field("on", "When was it decided?", Kind.DAY, value=today, required="Enter the day"),
            Field("payment", "What is to be paid?", Kind.MONEY, hint="In pounds. Leave it empty for nothing."),
            Field("public_report", "A public report was issued", Kind.TICK),
        ),
        (about, "What the Ombudsman recommends is added as actions of their own."),
    )


def _decide(ground: Ground, _: Sheet, given: Given) -> str:
    cases.ombudsman_decided(
        ground.session,
        ground.case_id,
        decided_on=given.day("on"),
        decision=given.text("decision"),
        payment_pence=given.pence("payment"),
        public_report=given.ticked("public_report"),
        **ground.by,
    )
    return ""


FORMS = (
    CaseForm(
        "referral",
        "The Ombudsman has the case",
        "Record the referral",
        "referred",
        _refer_sheet,
        _refer,
        Move.REFER,
        Group.STAGES,
    ),
    CaseForm(
        "ombudsman-decision",
        "The Ombudsman decided",
        "Record the decision",
        "ombudsman-decided",
        _decision_sheet,
        _decide,
        Move.OMBUDSMAN_DECIDES,
        Group.STAGES,
        blames={"The decision came": "on", "A payment": "payment"},
    ),
)
