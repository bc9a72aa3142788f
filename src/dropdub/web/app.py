"""The application: all routes, behind the guard."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI

from dropdub import __version__
from dropdub.config import Config
from dropdub.operations.place import Place
from dropdub.root import Root
from dropdub.web.administration import administration_router
from dropdub.web.admission import Admission
from dropdub.web.answering.bodiless_errors import without_error_bodies
from dropdub.web.answering.error_answers import REQUEST_ID, answer_errors
from dropdub.web.api_document import document, serve_document
from dropdub.web.assets import Assets
from dropdub.web.dictation.dictations import Dictations
from dropdub.web.dictation.routes import dictation_router
from dropdub.web.events.routes import events_router
from dropdub.web.info import info_router
from dropdub.web.interpreting.routes import interpret_router
from dropdub.web.jobs.routes import jobs_router
from dropdub.web.jobs.tidying import tidying
from dropdub.web.jobs.uploaded import UploadedFiles
from dropdub.web.models import models_router
from dropdub.web.pages.login import login_router
from dropdub.web.pages.rendering import Pages
from dropdub.web.pages.routes import pages_router
from dropdub.web.rooms.rooms import Rooms
from dropdub.web.rooms.routes import Entries, rooms_router
from dropdub.web.security.access import Access
from dropdub.web.security.asgi import App, Message, Receive, Scope, Send
from dropdub.web.security.bodies import body_limits
from dropdub.web.security.codes import LoginCodes
from dropdub.web.security.guard import Guard
from dropdub.web.security.rules import Rules
from dropdub.web.site import Site
from dropdub.web.speech.batch_routes import batch_router
from dropdub.web.speech.routes import speech_router
from dropdub.web.speech.synthesize_routes import synthesize_router
from dropdub.web.system import system_router
from dropdub.web.transcripts.asr import PATHS as BODILESS
from dropdub.web.transcripts.asr import asr_router
from dropdub.web.transcripts.routes import transcripts_router
from dropdub.web.uploads.reception import Reception
from dropdub.web.uploads.tus import tus_router
from dropdub.web.voices.cloning import Cloning
from dropdub.web.voices.openai_routes import consents_router, openai_voices_router
from dropdub.web.voices.routes import voices_router


def build_app(site: Site, *, port: int) -> App:
    """Return the application that answers at `port`. Raises TokenUnusable."""
    root = site.place.root
    rules = replace(Rules.of(site.config, root.path, port=port), bodies=lambda: body_limits(site.config.limits))
    access = Access(root.path, rules, ended_file=root.ended_sessions, codes=(codes := LoginCodes()))
    app = routes_of(site, codes)
    pages = Pages(assets := Assets.load(), lambda: site.config.web.language)
    app.include_router(login_router(access, pages, cookie=rules.cookie))
    app.include_router(pages_router(site, pages, app.state.dictations, app.state.rooms))
    app.include_router(assets.router())
    return _with_request_ids(without_error_bodies(Guard(app, rules, access), BODILESS))


def routes_of(site: Site, codes: LoginCodes) -> FastAPI:
    """Return the application without what guards it. `codes`: those with which guests log in."""
    admission, reception = Admission(site), Reception(site.uploads, site.threads)
    uploaded = UploadedFiles(site, reception)
    dictations = Dictations(reception, uploaded)
    rooms = Rooms(site, admission, reception)
    life = tidying(uploaded, dictations, rooms)
    app = FastAPI(title="Dropdub", version=__version__, docs_url=None, redoc_url=None, lifespan=life)
    app.state.dictations = dictations  # the page ends them, too, and each has one request at a time
    app.state.rooms = rooms
    for router in (
        info_router(site),
        speech_router(site, admission),
        synthesize_router(site, admission),
        batch_router(site, admission),
        transcripts_router(site, admission, reception),
        asr_router(site, admission, reception),
        voices_router(site, admission, reception, site.voices),
        openai_voices_router(site, admission, reception, site.voices),
        consents_router(site, admission, reception),
        jobs_router(site, admission, uploaded),
        dictation_router(site, admission, dictations),
        interpret_router(site, admission, reception),
        rooms_router(site, admission, rooms, Entries(codes, Cloning(site, admission, reception))),
        tus_router(reception, uploaded.job_of, on_create=uploaded.check),
        events_router(site),
        administration_router(site),
        system_router(site),
        models_router(site),  # after /v1/models/status, which would be the name of a model
    ):
        app.include_router(router)
    serve_document(app)
    answer_errors(app, site)
    return app


def described_routes() -> dict[str, Any]:
    """Return the API's document: that of the routes of an empty root."""
    with TemporaryDirectory(prefix="dropdub-api-") as folder:
        root = Root.at(Path(folder))
        root.create_folders()
        with closing(Site(Place(root, root.database_url), Config(), None)) as site:
            return document(routes_of(site, LoginCodes()))


def _with_request_ids(app: App) -> App:
    """Add X-Request-Id to each answer, by which an unexpected error is found in the log."""

    async def identified(scope: Scope, receive: Receive, send: Send) -> None:
        scope[REQUEST_ID] = id_ = uuid.uuid4().hex

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", id_.encode())]
            await send(message)

        await app(scope, receive, send_with_id if scope["type"] == "http" else send)

    return identified
