"""Uploads that can be resumed, by tus 1.0 (https://tus.io/protocols/resumable-upload): any of its clients works.

The request that brings the last byte makes the job and answers with its number in `X-Dropdub-Job`; so does every later
request about the upload, until it expires. `Location` is a path, so that it is right behind every proxy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads import tus_document, tus_headers
from dropdub.web.uploads.checksum import ALGORITHMS, MISMATCH, Checksum
from dropdub.web.uploads.reception import OnComplete, Reception, body_of
from dropdub.web.uploads.tus_headers import VERSION
from dropdub.web.uploads.upload import State, Upload

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
OnCreate = Callable[[dict[str, Any], str | None], Awaitable[None]]
"""Raises ApiError if no job can have these options with this profile."""

PATH = "/v1/uploads"
_OVERRIDE = "x-http-method-override"


class _TusRoute(APIRoute):
    """Refuses other versions of the protocol, and states ours in every answer, whatever it is."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def speak(request: Request) -> Response:
            try:
                if request.method != "OPTIONS":
                    tus_headers.refuse_version(request.headers)
                answer: Response = await handle(request)
            except ApiError as error:
                error.headers = {**error.headers, "Tus-Resumable": VERSION}
                raise
            answer.headers.update({"Tus-Resumable": VERSION, "Cache-Control": "no-store"})
            return answer

        return speak


def tus_router(reception: Reception, on_complete: OnComplete, *, on_create: OnCreate | None = None) -> APIRouter:
    """Return the routes of `/v1/uploads`. `on_create` is asked about the options before the first byte."""
    tus = _Tus(reception, on_complete, on_create)
    router = APIRouter(route_class=_TusRoute, tags=["uploads"], default_response_class=Response)
    one = f"{PATH}/{{upload_id}}"
    routes: list[tuple[str, str, str, Callable[..., Any], int, dict[str, Any]]] = [
        ("OPTIONS", PATH, "What the server offers", tus.options, 204, {}),
        ("OPTIONS", one, "What the server offers for an upload", tus.options, 204, {}),
        ("POST", PATH, "Create an upload", tus.create, 201, _CREATE),
        ("HEAD", one, "Ask how far an upload is", tus.look, 200, _LOOK),
        ("PATCH", one, "Append to an upload", tus.append, 204, _APPEND),
        ("DELETE", one, "Remove an upload", tus.terminate, 204, _TERMINATE),
    ]
    for method, path, summary, handler, status, described in routes:
        router.add_api_route(path, handler, methods=[method], summary=summary, status_code=status, **described)
    router.add_api_route(one, tus.override, methods=["POST"], include_in_schema=False)
    return router


_CREATE = {
    "responses": tus_document.errors(400, 413, 415, 422, 429, 503, 507),
    "openapi_extra": tus_document.request("Upload-Length", "Upload-Metadata", "Upload-Checksum", has_body=True),
}
_LOOK = {"responses": tus_document.errors(404, 410, 503), "openapi_extra": tus_document.request()}
_APPEND = {
    "responses": tus_document.errors(400, 404, 409, 410, 413, 415, 429, MISMATCH, 503, 507),
    "openapi_extra": tus_document.request("Upload-Offset", "Upload-Checksum", has_body=True),
}
_TERMINATE = {"responses": tus_document.errors(404, 409, 410), "openapi_extra": tus_document.request()}


class _Tus:
    """The handlers, one for each kind of request."""

    def __init__(self, reception: Reception, on_complete: OnComplete, on_create: OnCreate | None) -> None:
        self._reception = reception
        self._uploads = reception.uploads
        self._on_complete = on_complete
        self._on_create = on_create

    async def options(self) -> Response:
        """Report what this server can do."""
        offers = {
            "Tus-Version": VERSION,
            "Tus-Extension": tus_headers.EXTENSIONS,
            "Tus-Max-Size": str(self._uploads.limits.max_size),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        }
        return Response(status_code=204, headers=offers)

    async def create(self, request: Request) -> Response:
        """Create an upload. What cannot be taken is refused here; a body is the upload's first bytes."""
        size = self._announced_size(request)
        has_body = tus_headers.is_body(request.headers)
        check = self._check(request, size) if has_body else None
        upload = await self._created(request, size)
        if has_body:
            async with self._reception.turn(upload.id):
                upload = await self._appended(upload, request, check)
        root = request.scope.get("root_path", "")
        return self._answer(201, upload, {"Location": f"{root}{PATH}/{upload.id}"})

    def _announced_size(self, request: Request) -> int:
        if "upload-length" not in request.headers:
            raise ApiError(400, "Upload-Length is missing: the size must be known at the start.", param="Upload-Length")
        return tus_headers.number(request.headers, "Upload-Length")

    async def _created(self, request: Request, size: int) -> Upload:
        found = tus_headers.metadata(request.headers.get("upload-metadata"))
        options = tus_headers.options(found)
        if self._on_create is not None:
            await self._on_create(options, found.get("profile") or None)
        name = found.get("filename") or found.get("name") or "upload"
        return await self._reception.run(self._uploads.create, name, size=size, metadata=found)

    def _check(self, request: Request, missing: int | None) -> Checksum | None:
        """Return the checksum that a body announces. Raises ApiError before its first byte if it cannot be taken."""
        self._reception.refuse_if_busy()
        length = request.headers.get("content-length", "")
        if missing is not None and length.isdecimal() and int(length[:18]) > missing:
            raise ApiError(413, "More bytes are sent than Upload-Length announced.", "TooLarge", param="Upload-Length")
        return Checksum.announced(request.headers.get("upload-checksum"))

    async def look(self, upload_id: str) -> Response:
        """Report how far an upload is, and its job once it has one."""
        async with self._reception.turn(upload_id):
            upload = await self._found(upload_id)
            upload = await self._reception.handed_over(upload, self._on_complete)
        described = {"Upload-Metadata": tus_headers.encoded(upload.metadata)} if upload.metadata else {}
        length = {"Upload-Defer-Length": "1"} if upload.size is None else {"Upload-Length": str(upload.size)}
        return self._answer(200, upload, {**length, **described})

    async def append(self, upload_id: str, request: Request) -> Response:
        """Append bytes at the offset where the upload is. The last ones make the job."""
        tus_headers.refuse_body_type(request.headers)
        offset = tus_headers.number(request.headers, "Upload-Offset")
        async with self._reception.turn(upload_id):
            upload = await self._found(upload_id)
            if offset != upload.received:
                raise self._wrong_offset(upload)
            check = self._check(request, None if upload.size is None else upload.size - upload.received)
            upload = await self._appended(upload, request, check)
        return self._answer(204, upload)

    async def _appended(self, upload: Upload, request: Request, check: Checksum | None) -> Upload:
        if upload.state == State.RECEIVING:
            upload = await self._reception.append(upload, body_of(request.receive), check=check)
        return await self._reception.handed_over(upload, self._on_complete)

    async def terminate(self, upload_id: str) -> Response:
        """Remove an upload that is not complete."""
        async with self._reception.turn(upload_id):
            await self._reception.run(self._uploads.discard, await self._found(upload_id))
        return Response(status_code=204)

    async def override(self, upload_id: str, request: Request) -> Response:
        """Do what `X-HTTP-Method-Override` names, for senders that can only POST."""
        wanted = request.headers.get(_OVERRIDE, "").upper()
        if wanted == "PATCH":
            return await self.append(upload_id, request)
        if wanted == "HEAD":
            return await self.look(upload_id)
        if wanted == "DELETE":
            return await self.terminate(upload_id)
        raise ApiError(405, "An upload is continued with PATCH.", headers={"Allow": "HEAD, PATCH, DELETE, OPTIONS"})

    async def _found(self, upload_id: str) -> Upload:
        return await self._reception.run(self._uploads.find, upload_id)

    def _answer(self, status: int, upload: Upload, more: dict[str, str] | None = None) -> Response:
        return Response(status_code=status, headers={**self._progress(upload), **(more or {})})

    def _progress(self, upload: Upload) -> dict[str, str]:
        job = {} if upload.job is None else {"X-Dropdub-Job": str(upload.job)}
        expires = tus_headers.http_date(self._uploads.expires(upload))
        return {"Upload-Offset": str(upload.received), "Upload-Expires": expires, **job}

    def _wrong_offset(self, upload: Upload) -> ApiError:
        message = f"{upload.name} is at byte {upload.received}: send the bytes from there."
        return ApiError(409, message, "WrongOffset", param="Upload-Offset", headers=self._progress(upload))
