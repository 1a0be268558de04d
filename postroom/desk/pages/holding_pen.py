"""The holding pen: messages that Postroom could not file by itself, and what officers decide about them."""

from collections.abc import Callable, Mapping

from fastapi import Request, Response

from postroom.desk.pages.numbers import Number
from postroom.desk.queries import holding_pen as queries
from postroom.desk.queries.sight import find_visible
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Form, Visitor
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.failures import ImpossibleMove
from postroom.models.raw_message import HeldBecause

CHOSEN = "message-"
"""How the fields begin that choose messages for one decision about several."""


def show_holding_pen(
    request: Request, desk: Desk, visitor: Visitor, number: Number = 1, kind: HeldBecause | None = None
) -> Response:
    """Messages that could not be filed, each with its reason, sorted by the kind of it."""
    return _holding_pen(request, desk, visitor, number, kind)


def show_duplicates(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Messages that came more than once."""
    found = queries.duplicates(desk.engine, visitor, desk.settings, number)
    return page(
        request,
        "duplicates.html",
        heading="Duplicates",
        mails=found,
        pagination=pagination(found, "/holding-pen/duplicates"),
    )


def file_as_new(request: Request, desk: Desk, visitor: Visitor, raw_message_id: int) -> Response:
    """Open a case for a held message."""
    try:
        reference = _file_as_new(desk, visitor, raw_message_id)
    except ImpossibleMove as refused:
        return _holding_pen(request, desk, visitor, problem=str(refused), at=raw_message_id)
    return go_to("/holding-pen", "filed-as-new", reference)


def attach(request: Request, desk: Desk, visitor: Visitor, form: Form, raw_message_id: int) -> Response:
    """Put a held message on a case that the officer may see, or that was proposed for it."""
    from postroom.intake.holding_pen import attach_to_case  # what files mail is slow to load

    typed = form.get("reference", "")
    reference = "".join(typed.split()).upper()
    try:
        held = _refuse_withheld(desk, visitor, raw_message_id)
        proposed = held.proposed is not None and reference == held.proposed.reference
        if not proposed and find_visible(desk.engine, reference, visitor, desk.settings) is None:
            raise ImpossibleMove(f"There is no case {reference or 'without a reference'} that you may see.")
        attach_to_case(
            desk.engine,
            raw_message_id,
            reference,
            settings=desk.settings,
            officer_id=visitor.officer_id,
            now=desk.now(),
        )
    except ImpossibleMove as refused:
        return _holding_pen(request, desk, visitor, problem=str(refused), at=raw_message_id, typed=typed)
    return go_to("/holding-pen", "attached", reference)


def mark_as_machine(request: Request, desk: Desk, visitor: Visitor, raw_message_id: int) -> Response:
    """A held message is from a machine: it is kept and answered by nobody."""
    return _decide(request, desk, visitor, raw_message_id, "machine")


def mark_as_spam(request: Request, desk: Desk, visitor: Visitor, raw_message_id: int) -> Response:
    """A held message is spam: it is kept with the machine mail."""
    return _decide(request, desk, visitor, raw_message_id, "spam")


def release(request: Request, desk: Desk, visitor: Visitor, raw_message_id: int) -> Response:
    """A held message is filed again, as if it came now; one of which only a part is here is fetched again."""
    held = queries.held_message(desk.engine, raw_message_id, visitor, desk.settings)
    is_part = held is not None and held.kind == HeldBecause.INCOMPLETE
    return _decide(request, desk, visitor, raw_message_id, "release", done="fetch" if is_part else "release")


def decide_several(request: Request, desk: Desk, visitor: Visitor, form: Form) -> Response:
    """One decision about all the chosen messages; those that it is refused for stay, and the first refusal is shown."""
    decide = _decisions().get(form.get("decision", ""))
    chosen = _chosen(form)
    if decide is None or not chosen:
        return _holding_pen(request, desk, visitor, problem="Choose at least one message.")
    refusals: list[tuple[int, str]] = []
    for raw_message_id in chosen:
        try:
            decide(desk, visitor, raw_message_id)
        except ImpossibleMove as refused:
            refusals.append((raw_message_id, str(refused)))
    if refusals:
        at, why = refusals[0]
        problem = f"{len(chosen) - len(refusals)} of {len(chosen)} were done. {why}"
        return _holding_pen(request, desk, visitor, problem=problem, at=at)
    return go_to("/holding-pen", f"several-{form['decision']}", str(len(chosen)))


def _file_as_new(desk: Surroundings, visitor: Visitor, raw_message_id: int) -> str:
    from postroom.intake.holding_pen import file_as_new as open_case_for

    _refuse_withheld(desk, visitor, raw_message_id)
    return open_case_for(
        desk.engine, raw_message_id, settings=desk.settings, officer_id=visitor.officer_id, now=desk.now()
    ).reference


def _by(move: Callable[..., None]) -> Callable[[Surroundings, Visitor, int], None]:
    def decide(desk: Surroundings, visitor: Visitor, raw_message_id: int) -> None:
        _refuse_withheld(desk, visitor, raw_message_id)
        move(desk.engine, raw_message_id, officer_id=visitor.officer_id, now=desk.now())

    return decide


def _decisions() -> Mapping[str, Callable[[Surroundings, Visitor, int], object]]:
    from postroom.intake import holding_pen

    return {
        "new-case": _file_as_new,
        "machine": _by(holding_pen.mark_as_machine),
        "spam": _by(holding_pen.mark_as_spam),
        "release": _by(holding_pen.release),
    }


def _decide(
    request: Request, desk: Surroundings, visitor: Visitor, raw_message_id: int, decision: str, *, done: str = ""
) -> Response:
    try:
        _decisions()[decision](desk, visitor, raw_message_id)
    except ImpossibleMove as refused:
        return _holding_pen(request, desk, visitor, problem=str(refused), at=raw_message_id)
    return go_to("/holding-pen", done or decision)


def _chosen(form: Mapping[str, str]) -> list[int]:
    numbers = (name.removeprefix(CHOSEN) for name in form if name.startswith(CHOSEN))
    return [int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 19]


def _refuse_withheld(desk: Surroundings, visitor: Visitor, raw_message_id: int) -> queries.Held:
    """The held message; one that the visitor may not read can't be moved by them either."""
    held = queries.held_message(desk.engine, raw_message_id, visitor, desk.settings)
    if held is None:
        raise ImpossibleMove("That message is not in the holding pen any more.")
    if held.withheld:
        raise ImpossibleMove("That message may belong to a sealed case; customer relations must file it.")
    return held


def _holding_pen(
    request: Request,
    desk: Surroundings,
    visitor: Visitor,
    number: int = 1,
    kind: HeldBecause | None = None,
    *,
    problem: str = "",
    at: int = 0,
    typed: str = "",
) -> Response:
    found = queries.held(desk.engine, visitor, desk.settings, number, kind)
    return page(
        request,
        "holding-pen.html",
        422 if problem else 200,
        heading="Holding pen",
        held=found,
        groups=list(queries.by_kind(found.rows)),
        kinds=queries.held_kinds(desk.engine),
        kind=kind,
        chosen=CHOSEN,
        pagination=pagination(found, "/holding-pen", **({"kind": str(kind)} if kind else {})),
        problem=problem,
        at=at if any(row.raw_message_id == at for row in found.rows) else 0,
        typed=typed,
    )
