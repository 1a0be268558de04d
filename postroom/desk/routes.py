"""The desk's routes: one table of what is asked for, the view that answers, and the right that it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from fastapi.responses import PlainTextResponse

from postroom.desk.pages import case, downloads, holding_pen, mail, moves, queue, sign_in, threads
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
    Route("GET", "/new-messages", queue.show_new_messages, Right.SIGNED_IN),
    Route("GET", "/closed-cases", queue.show_closed_cases, Right.SIGNED_IN),
    Route("GET", "/find", queue.find_case, Right.SIGNED_IN),
    Route("GET", "/cases/{reference}", case.show_case, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/letters/{mail_id}", case.show_letter, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/messages/{message_id}/original", downloads.original_on_case, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/messages/{message_id}/{position}", downloads.attachment, Right.SEE_CASE),
    Route("POST", "/cases/{reference}/labels", moves.confirm, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/acknowledgement", moves.acknowledge, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/response", moves.respond, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/closure", moves.close, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/reopening", moves.reopen, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/reading", threads.mark_read, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/messages/{message_id}/move", threads.move_message, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/merging", threads.merge, Right.WORK_ON_CASE),
    Route("GET", "/holding-pen", holding_pen.show_holding_pen, Right.SORT_MAIL),
    Route("GET", "/holding-pen/duplicates", holding_pen.show_duplicates, Right.SORT_MAIL),
    Route("POST", "/holding-pen/several", holding_pen.decide_several, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/new-case", holding_pen.file_as_new, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/attach", holding_pen.attach, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/machine", holding_pen.mark_as_machine, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/spam", holding_pen.mark_as_spam, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/release", holding_pen.release, Right.SORT_MAIL),
    Route("GET", "/mail/{raw_message_id}/original", downloads.original, Right.SORT_MAIL),
    Route("GET", "/machine-mail", mail.show_machine_mail, Right.SORT_MAIL),
    Route("GET", "/outbox", mail.show_outbox, Right.SORT_MAIL),
    Route("GET", "/outbox/{mail_id}", mail.show_mail, Right.SORT_MAIL),
    Route("POST", "/outbox/{mail_id}/again", mail.try_again, Right.SORT_MAIL),
)
