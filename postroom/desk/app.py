"""The desk as a web application."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine

from postroom.casework.working_days import calendar_of
from postroom.desk.api.app import PATH, create_api
from postroom.desk.error_pages import add_error_pages
from postroom.desk.headers import STATIC, SecureHeaders
from postroom.desk.rendering import open_templates, page
from postroom.desk.rights import Right, authorise, posted
from postroom.desk.routes import ROUTES, Route
from postroom.desk.surroundings import ExtraPage, Surroundings, surroundings
from postroom.models.settings import Settings

__all__ = ["ExtraPage", "create_app"]

_STATIC_FILES = Path(__file__).parent / "static"


class GuardedRoute(APIRoute):
    """Reaches its view only past `authorise`. As a dependency of all routes that would be taken apart for each of
    them, which makes up a third of what two hundred routes cost at the start."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def authorised(request: Request) -> Response:
            await run_in_threadpool(authorise, request, await surroundings(request), await posted(request))
            return await answer(request)

        return authorised


def create_app(
    engine: Engine, settings: Settings, *, clock: Callable[[], datetime], extra_pages: Sequence[ExtraPage] = ()
) -> FastAPI:
    """The desk over one database. `clock` gives aware UTC moments; `extra_pages` join the navigation."""
    routes = (*ROUTES, *(Route("GET", extra.path, _extra_view(extra), Right.SIGNED_IN) for extra in extra_pages))
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.router.route_class = GuardedRoute
    app.state.surroundings = Surroundings(
        engine,
        settings,
        clock,
        calendar_of(settings),
        open_templates(tuple(extra.templates for extra in extra_pages)),
        tuple(extra_pages),
    )
    app.state.rights = {(route.method, route.path): route.right for route in routes}
    for route in routes:
        app.add_api_route(route.path, route.view, methods=[route.method], response_model=None)
    app.mount(PATH, create_api(app.state.surroundings))
    app.mount(STATIC, StaticFiles(directory=_STATIC_FILES, check_dir=False))
    app.add_middleware(SecureHeaders)
    add_error_pages(app)
    return app


def _extra_view(extra: ExtraPage) -> Callable[..., Response]:
    def show(request: Request) -> Response:
        context = {"heading": extra.title, **extra.context(request.query_params)}
        return page(request, extra.template, **context)

    return show
