"""Forms about the person of a case."""

from datetime import timedelta

from postroom.casework import advocates, people
from postroom.casework.moves import Move
from postroom.casework.people import Details
from postroom.desk.forms.fields import Field, Given, Kind
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet, options
from postroom.models.case import Case, Person
from postroom.models.failures import ImpossibleMove, NotFound

REVIEW_AFTER = timedelta(days=182)
"""When a restriction is looked at again, unless the officer names another day."""


def _person(ground: Ground) -> Person:
    if ground.case.person_id is None:
        raise NotFound("Nobody is known for this case.")
    return people.find_person(ground.session, ground.case.person_id)


def _person_id(ground: Ground) -> int:
    found = _person(ground).id
    assert found is not None
    return found


def _yes(value: bool) -> str:
    return "yes" if value else ""


def _details_sheet(ground: Ground) -> Sheet:
    now = people.details_of(_person(ground))
    roles = options(ground.settings.casework.person_roles)
    return Sheet(
        (
            Field("name", "Name", value=now.name),
            Field("role", "Who they are to us", Kind.LIST, options=roles, value=now.role),
            Field("postal_address", "Postal address", Kind.WORDS, value=now.postal_address),
            Field("on_paper", "Letters go to them by post", Kind.TICK, value=_yes(now.on_paper)),
            Field("large_print", "Letters in large print", Kind.TICK, value=_yes(now.large_print)),
            Field("language", "Language of letters", hint="Where it is not English.", value=now.language),
            Field("advocate", "Advocate", hint="Who speaks for them, and is told beside them.", value=now.advocate),
            Field("advocate_contact", "How to reach the advocate", value=now.advocate_contact),
        )
    )


def _change(ground: Ground, _: Sheet, given: Given) -> str:
    details = Details(
        name=given.text("name"),
        role=given.text("role"),
        postal_address=given.text("postal_address").replace("\r\n", "\n"),
        on_paper=given.ticked("on_paper"),
        large_print=given.ticked("large_print"),
        language=given.text("language"),
        advocate=given.text("advocate"),
        advocate_contact=given.text("advocate_contact"),
    )
    people.change_person(ground.session, _person_id(ground), details, **ground.by)
    return ""


def _email_sheet(ground: Ground) -> Sheet:
    _person(ground)
    return Sheet((Field("email", "Email address", required="Enter an email address"),))


def _add_email(ground: Ground, _: Sheet, given: Given) -> str:
    officer_id = ground.visitor.officer_id
    people.add_email(ground.session, _person_id(ground), given.text("email"), officer_id=officer_id, now=ground.now)
    return ""


def _phone_sheet(ground: Ground) -> Sheet:
    _person(ground)
    return Sheet((Field("number", "Telephone number", required="Enter a telephone number"),))


def _add_phone(ground: Ground, _: Sheet, given: Given) -> str:
    officer_id = ground.visitor.officer_id
    people.add_phone(ground.session, _person_id(ground), given.text("number"), officer_id=officer_id, now=ground.now)
    return ""


def _restriction_sheet(ground: Ground) -> Sheet:
    person = _person(ground)
    review = person.restriction_review_on or ground.today + REVIEW_AFTER
    how, why = "How is contact restricted?", "Why?"
    return Sheet(
        (
            Field(
                "restriction",
                how,
                Kind.WORDS,
                hint="As: by letter alone, and to one named officer.",
                value=person.restriction,
                required="Say how contact is restricted",
            ),
            Field("reason", why, Kind.WORDS, value=person.restriction_reason, required="Say why contact is restricted"),
            Field(
                "review", "When is it looked at again?", Kind.DAY, value=review.isoformat(), required="Enter the day"
            ),
        )
    )


def _restrict(ground: Ground, _: Sheet, given: Given) -> str:
    people.restrict_contact(
        ground.session,
        _person_id(ground),
        given.text("restriction"),
        reason=given.text("reason"),
        review_on=given.day("review"),
        **ground.by,
    )
    return ""


def _lifting_sheet(ground: Ground) -> Sheet:
    person = _person(ground)
    if not person.restriction:
        raise ImpossibleMove("Contact is not restricted.")
    return Sheet((), (person.restriction,))


def _lift(ground: Ground, _: Sheet, __: Given) -> str:
    officer_id = ground.visitor.officer_id
    people.lift_restriction(ground.session, _person_id(ground), officer_id=officer_id, now=ground.now)
    return ""


def _joining_sheet(ground: Ground) -> Sheet:
    _person(ground)
    note = "Cases, addresses and telephones of the person of this case go to the other; what is written there wins."
    return Sheet((Field("reference", "They are the person of case", required="Enter a case's reference"),), (note,))


def _join(ground: Ground, _: Sheet, given: Given) -> str:
    other = ground.session.get(Case, ground.other_case(given.text("reference")))
    if other is None or other.person_id is None:
        raise ImpossibleMove("Nobody is known for that case.")
    officer_id = ground.visitor.officer_id
    people.join_people(ground.session, _person_id(ground), other.person_id, officer_id=officer_id, now=ground.now)
    return ""


def _naming_sheet(_: Ground) -> Sheet:
    return Sheet(
        (
            Field("name", "Name"),
            Field("email", "Email address", hint="Somebody whom we know by it is found."),
            Field("number", "Telephone number"),
        ),
        ("As where somebody wrote or rang for another person. Letters go to that person from then on.",),
    )


def _name(ground: Ground, _: Sheet, given: Given) -> str:
    email = given.text("email").lower()
    known = people.find_people(ground.session, email, most=1) if "@" in email else []
    person = (
        known[0]
        if known
        else people.add_person(
            ground.session, Details(name=given.text("name")), email=email, phone=given.text("number"), **ground.by
        )
    )
    assert person.id is not None
    people.name_person(ground.session, ground.case_id, person.id, **ground.by)
    return ""


def _advocate_sheet(ground: Ground) -> Sheet:
    person = people.details_of(_person(ground))
    agreed = f"How is it known that {person.name or 'the person'} agreed?"
    return Sheet(
        (
            Field("name", "Name of the advocate", value=person.advocate),
            Field("email", "Email address", hint="An advocate whom we know by it is found."),
            Field("postal_address", "Postal address", Kind.WORDS, hint="Where copies go by post."),
            Field("evidence", agreed, hint="As: signed form of 3 March.", required="Say how it is known"),
        ),
        ("From now on the advocate has a copy of each letter to the person of this case.",),
    )


def _name_advocate(ground: Ground, _: Sheet, given: Given) -> str:
    email = given.text("email").lower()
    known = people.find_people(ground.session, email, most=1) if "@" in email else []
    advocate = known[0] if known else _new_advocate(ground, given, email)
    assert advocate.id is not None
    advocates.name_advocate(ground.session, ground.case_id, advocate.id, evidence=given.text("evidence"), **ground.by)
    return ""


def _new_advocate(ground: Ground, given: Given, email: str) -> Person:
    postal_address = given.text("postal_address").replace("\r\n", "\n")
    details = Details(
        name=given.text("name"),
        role=advocates.ADVOCATE,
        postal_address=postal_address,
        on_paper=bool(postal_address) and not email,
    )
    return people.add_person(ground.session, details, email=email, **ground.by)


def _advocate_end_sheet(ground: Ground) -> Sheet:
    advocate = advocates.advocate_of(ground.session, ground.case)
    if advocate is None:
        raise ImpossibleMove("No advocate has copies of the letters.")
    note = f"{advocate.name or 'The advocate'} has a copy of no further letter, and none that still waits."
    return Sheet((Field("reason", "Why?", required="Say why"),), (note,))


def _end_advocate(ground: Ground, _: Sheet, given: Given) -> str:
    advocates.end_advocate(ground.session, ground.case_id, reason=given.text("reason"), **ground.by)
    return ""


FORMS = (
    CaseForm(
        "person/naming",
        "Say whose case it is",
        "It is theirs",
        "person-named",
        _naming_sheet,
        _name,
        Move.NAME_PERSON,
        Group.LABELS,
        blames={"Enter a telephone": "number", "Enter an email": "email"},
    ),
    CaseForm(
        "person/details",
        "Change what is known",
        "Save",
        "person-changed",
        _details_sheet,
        _change,
        None,
        back="person",
        blames={"Letters on paper": "postal_address", "Choose a role": "role"},
    ),
    CaseForm(
        "person/emails",
        "Add an email address",
        "Add it",
        "address-added",
        _email_sheet,
        _add_email,
        None,
        back="person",
    ),
    CaseForm(
        "person/phones",
        "Add a telephone number",
        "Add it",
        "phone-added",
        _phone_sheet,
        _add_phone,
        None,
        back="person",
    ),
    CaseForm(
        "person/restriction",
        "Restrict contact",
        "Restrict contact",
        "contact-restricted",
        _restriction_sheet,
        _restrict,
        None,
        back="person",
        blames={"Name a day": "review"},
    ),
    CaseForm(
        "person/restriction/lifting",
        "Lift the restriction",
        "Lift the restriction",
        "contact-free",
        _lifting_sheet,
        _lift,
        None,
        back="person",
    ),
    CaseForm(
        "person/joining",
        "It is somebody we know",
        "They are one person",
        "people-joined",
        _joining_sheet,
        _join,
        None,
        back="person",
        warning=True,
    ),
    CaseForm(
        "person/advocate",
        "Copies for an advocate",
        "The advocate has copies",
        "advocate-named",
        _advocate_sheet,
        _name_advocate,
        None,
        back="person",
        blames=dict.fromkeys(("Choose somebody", "Nobody is", "They are", "Enter an email", "Add an"), "email"),
    ),
    CaseForm(
        "person/advocate/end",
        "No more copies for the advocate",
        "No more copies",
        "advocate-ended",
        _advocate_end_sheet,
        _end_advocate,
        None,
        back="person",
        warning=True,
    ),
)
