"""The desk's routes: one table of what is asked for, the view that answers, and the right that it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from fastapi.responses import PlainTextResponse

from postroom.desk.forms.every import FORMS
from postroom.desk.forms.form import CaseForm
from postroom.desk.pages import (
    account,
    admin_officers,
    admin_programs,
    administration,
    campaigns,
    case,
    confirming,
    downloads,
    follow,
    formatted,
    forms,
    holding_pen,
    live,
    mail,
    my_work,
    performance,
    queue,
    search,
    several,
    sign_in,
    threads,
    views,
)
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


def _pages_of(form: CaseForm) -> tuple[Route, Route]:
    path = f"/cases/{{reference}}/{form.path}"
    return (
        Route("GET", path, forms.show_form(form), Right.WORK_ON_CASE),
        Route("POST", path, forms.send_form(form), Right.WORK_ON_CASE),
    )


ROUTES = (
    Route("GET", "/health", health, Right.ANYBODY),
    Route("GET", "/sign-in", sign_in.show_sign_in, Right.ANYBODY),
    Route("POST", "/sign-in", sign_in.sign_in_with, Right.ANYBODY),
    Route("GET", "/follow", follow.show_start, Right.ANYBODY),
    Route("POST", "/follow", follow.send_code, Right.ANYBODY),
    Route("POST", "/follow/code", follow.check_code, Right.ANYBODY),
    Route("GET", "/follow/case", follow.show_case, Right.ANYBODY),
    Route("POST", "/follow/case", follow.send_message, Right.ANYBODY),
    Route("POST", "/follow/end", follow.end, Right.ANYBODY),
    Route("GET", "/sign-in/code", sign_in.show_code, Right.PAST_PASSWORD),
    Route("POST", "/sign-in/code", sign_in.sign_in_with_code, Right.PAST_PASSWORD),
    Route("GET", "/sign-in/provider", sign_in.go_to_provider, Right.ANYBODY),
    Route("GET", "/sign-in/provider/back", sign_in.back_from_provider, Right.ANYBODY),
    Route("POST", "/sign-out", sign_in.sign_out, Right.PAST_PASSWORD),
    Route("GET", "/second-factor", account.show_second_factor, Right.PAST_PASSWORD),
    Route("POST", "/second-factor", account.set_up_second_factor, Right.PAST_PASSWORD),
    Route("GET", "/forgotten-password", account.show_forgotten, Right.ANYBODY),
    Route("POST", "/forgotten-password", account.send_forgotten, Right.ANYBODY),
    Route("GET", "/new-password", account.show_new_password, Right.ANYBODY),
    Route("POST", "/new-password", account.set_new_password, Right.ANYBODY),
    Route("GET", "/account", account.show_account, Right.SIGNED_IN),
    Route("GET", "/account/password", account.show_password, Right.SIGNED_IN),
    Route("POST", "/account/password", account.change_password, Right.SIGNED_IN),
    Route("POST", "/account/sessions", account.end_session_elsewhere, Right.SIGNED_IN),
    Route("POST", "/account/second-factor/removal", account.remove_second_factor, Right.SIGNED_IN),
    Route("GET", "/", queue.show_queue, Right.SIGNED_IN),
    Route("GET", "/next", queue.work_through, Right.SIGNED_IN),
    Route("GET", "/my-work", my_work.show_my_work, Right.SIGNED_IN),
    Route("GET", "/open-cases", queue.show_open_cases, Right.SIGNED_IN),
    Route("GET", "/new-messages", queue.show_new_messages, Right.SIGNED_IN),
    Route("GET", "/campaigns", campaigns.show_campaigns, Right.SIGNED_IN),
    Route("GET", "/campaigns/{campaign_id}", campaigns.show_campaign, Right.SIGNED_IN),
    Route("POST", "/cases/{reference}/matters", campaigns.settle_matters, Right.WORK_ON_CASE),
    Route("GET", "/closed-cases", queue.show_closed_cases, Right.SIGNED_IN),
    Route("GET", "/performance", performance.show_performance, Right.SIGNED_IN),
    Route("GET", "/find", search.find, Right.SIGNED_IN),
    Route("POST", "/views", views.save, Right.SIGNED_IN),
    Route("POST", "/views/{view_id}/removal", views.remove, Right.SIGNED_IN),
    Route("GET", "/pulse", live.pulse, Right.SIGNED_IN),
    Route("GET", "/several", several.show_several, Right.SIGNED_IN),
    Route("POST", "/several", several.confirm_several, Right.WORK),
    Route("POST", "/undo", confirming.take_back, Right.WORK),
    Route("POST", "/cases/{reference}/presence", live.still_here, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/aside", confirming.set_aside, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/joining", confirming.join, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/split", confirming.split, Right.WORK_ON_CASE),
    Route("GET", "/cases/{reference}", case.show_case, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/letters/{mail_id}", case.show_letter, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/messages/{message_id}/original", downloads.original_on_case, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/messages/{message_id}/formatted", formatted.formatted, Right.SEE_CASE),
    Route("GET", "/cases/{reference}/messages/{message_id}/{position}", downloads.attachment, Right.SEE_CASE),
    Route("POST", "/cases/{reference}/labels", confirming.confirm, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/reading", threads.mark_read, Right.WORK_ON_CASE),
    Route("POST", "/cases/{reference}/messages/{message_id}/move", threads.move_message, Right.WORK_ON_CASE),
    Route("GET", "/cases/{reference}/person", case.show_person, Right.SEE_CASE),
    *(route for form in FORMS for route in _pages_of(form)),
    Route("GET", "/holding-pen", holding_pen.show_holding_pen, Right.SEE_MAIL),
    Route("GET", "/holding-pen/duplicates", holding_pen.show_duplicates, Right.SEE_MAIL),
    Route("POST", "/holding-pen/several", holding_pen.decide_several, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/new-case", holding_pen.file_as_new, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/attach", holding_pen.attach, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/machine", holding_pen.mark_as_machine, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/spam", holding_pen.mark_as_spam, Right.SORT_MAIL),
    Route("POST", "/holding-pen/{raw_message_id}/release", holding_pen.release, Right.SORT_MAIL),
    Route("GET", "/mail/{raw_message_id}/original", downloads.original, Right.SEE_MAIL),
    Route("GET", "/machine-mail", mail.show_machine_mail, Right.SEE_MAIL),
    Route("GET", "/outbox", mail.show_outbox, Right.SEE_MAIL),
    Route("GET", "/outbox/{mail_id}", mail.show_mail, Right.SEE_MAIL),
    Route("POST", "/outbox/{mail_id}/again", mail.try_again, Right.SORT_MAIL),
    Route("GET", "/record", administration.show_record, Right.AUDIT),
    Route("GET", "/record/sealed", administration.show_looks, Right.AUDIT),
    Route("GET", "/admin", administration.show_administration, Right.ADMINISTER),
    Route("GET", "/admin/rights", administration.show_rights, Right.ADMINISTER),
    Route("GET", "/admin/teams", administration.show_teams, Right.ADMINISTER),
    Route("GET", "/admin/mailboxes", administration.show_mailboxes, Right.ADMINISTER),
    Route("GET", "/admin/letters", administration.show_letters, Right.ADMINISTER),
    Route("GET", "/admin/letters/{name}", administration.show_letter_template, Right.ADMINISTER),
    Route("GET", "/admin/models", administration.show_models, Right.ADMINISTER),
    Route("POST", "/admin/models/{version}/rollback", administration.roll_back, Right.ADMINISTER),
    Route("GET", "/admin/calendar", administration.show_calendar, Right.ADMINISTER),
    Route("GET", "/admin/configuration", administration.show_configuration, Right.ADMINISTER),
    Route("GET", "/admin/webhooks", admin_programs.show_webhooks, Right.ADMINISTER),
    Route("POST", "/admin/webhooks/again", admin_programs.try_calls_again, Right.ADMINISTER),
    Route("GET", "/admin/tokens", admin_programs.show_tokens, Right.ADMINISTER),
    Route("GET", "/admin/tokens/{token_id}/end", admin_programs.show_token_end, Right.ADMINISTER),
    Route("POST", "/admin/tokens/{token_id}/end", admin_programs.end_token, Right.ADMINISTER),
    Route("GET", "/admin/officers", admin_officers.show_officers, Right.ADMINISTER),
    Route("GET", "/admin/officers/new", admin_officers.show_new, Right.ADMINISTER),
    Route("POST", "/admin/officers/new", admin_officers.add, Right.ADMINISTER),
    Route("GET", "/admin/officers/{officer_id}", admin_officers.show_officer, Right.ADMINISTER),
    Route("GET", "/admin/officers/{officer_id}/details", admin_officers.show_details, Right.ADMINISTER),
    Route("POST", "/admin/officers/{officer_id}/details", admin_officers.change_details, Right.ADMINISTER),
    Route("GET", "/admin/officers/{officer_id}/teams", admin_officers.show_team, Right.ADMINISTER),
    Route("POST", "/admin/officers/{officer_id}/teams", admin_officers.add_team, Right.ADMINISTER),
    Route("POST", "/admin/officers/{officer_id}/teams/{member_id}/end", admin_officers.end_team, Right.ADMINISTER),
    Route("POST", "/admin/officers/{officer_id}/lock", admin_officers.lock, Right.ADMINISTER),
    Route("POST", "/admin/officers/{officer_id}/unlock", admin_officers.unlock, Right.ADMINISTER),
    Route("POST", "/admin/officers/{officer_id}/password-link", admin_officers.send_password_link, Right.ADMINISTER),
    Route("POST", "/admin/officers/{officer_id}/second-factor", admin_officers.forget_second_factor, Right.ADMINISTER),
    Route("POST", "/admin/officers/{officer_id}/sessions", admin_officers.end_their_sessions, Right.ADMINISTER),
)
