"""The desk's routes: one table of what is asked for, the view that answers, and the right that it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from fastapi.responses import PlainTextResponse

from postroom.desk.pages import case, mail, moves, queue, sign_in
from postroom.desk.rights import Right


@dataclass(frozen=True)
class Route:
    method: Literal["GET", "POST"]
    path: str
    view: Callable[..., Any]
    right: Right


async def health() -> PlainTextResponse:
    """Says that the desk answers; asks nothing else."""
    return PlainTextResponse("ok")


ROUTES = (
    Route("GET", "/health", health, Right.ANYBODY),
    Route("GET", "/sign-in", sign_in.show_sign_in, Right.ANYBODY),
    Route("POST", "/sign-in", sign_in.sign_in_with, Right.ANYBODY),
    Route("POST", "/sign-out", sign_in.sign_out, Right.SIGNED_IN),
    Route("GET", "/", queue.show_queue, Right.SIGNED_IN),
    Route("GET", "/open-cases", queue.show_open_cases, Right.SIGNED_IN),
    Route("GET", "/closed-cases", queue.show_closed_cases, Right.SIGNED_IN),
    Route("GET", "/find", queue.find_case, Right.SIGNED_IN),
    Route("GET", "/cases/{reference}", case.show_case, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/letters/{mail_id}", case.show_letter, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/messages/{message_id}/{position}", case.download, Right.SEE_CASE),
    Route("POST", "/cases/{reference}/labels", moves.confirm, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/acknowledgement", moves.acknowledge, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/response", moves.respond, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/closure", moves.close, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/reopening", moves.reopen, Right.WORK_ON_CASE),
    Route("GET", "/holding-pen", mail.show_holding_pen, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/new-case", mail.file_as_new, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/attach", mail.attach, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/machine", mail.mark_as_machine, Right.SORT_MAIL),
    Route("GET", "/machine-mail", mail.show_machine_mail, Right.SORT_MAIL),
    Route("GET", "/outbox", mail.show_outbox, Right.SORT_MAIL),
    Route("GET", "/outbox/{mail_id}", mail.show_mail, Right.SORT_MAIL),
    Route("POST", "/outbox/{mail_id}/again", mail.try_again, Right.SORT_MAIL),
)
