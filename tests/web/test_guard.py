"""What the guard lets pass: by Host, Origin, credentials, size and type of the body; and what every answer says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from tests.web.serving import OPEN, Served, ask_every_route, routes_in, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("root")
    with served(root, hosts=["dub.example.org", "other.example.org:8443"], origins=["https://app.example.org"]) as one:
        yield one


@pytest.fixture(scope="module")
def page(server: Served) -> dict[str, str]:
    """The headers of a logged-in page's requests."""
    return server.log_in()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}", "[::1]:{port}", "dub.example.org:{port}",
        "dub.example.org", "DUB.example.org", "other.example.org:8443",
    ],
)  # fmt: skip
def test_the_server_answers_by_its_own_names(server: Served, host: str) -> None:
    assert server.ask("GET", "/v1/health", {"Host": host.format(port=server.port)}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{port}", "evil.example", "localhost", "127.0.0.1", "[::1]", "localhost.:{port}", "localhost:1",
        "127.0.0.1:1", "127.0.0.1:0{port}", "2130706433:{port}", "0x7f000001:{port}", "127.1:{port}", "0.0.0.0:{port}",
        "127.0.0.2:{port}", "[0:0:0:0:0:0:0:1]:{port}", "[::ffff:127.0.0.1]:{port}", "::1:{port}",
        "localhost:{port}@evil.example", "user@localhost:{port}", "localhost:{port},evil.example", "localhost:{port}/x",
        "evil.dub.example.org", "dub.example.org.evil.example", "dub.example.org.", "dub.example.org:1",
        "other.example.org", "other.example.org:{port}", "", "\xe4:{port}",
    ],
)  # fmt: skip
def test_by_any_other_name_nothing_is_answered(server: Served, host: str) -> None:
    answer = server.ask("GET", "/v1/health", {"Host": host.format(port=server.port), **server.bearer})
    assert answer.status == 421 and answer.json["error"]["code"] == "unknown_host"
    assert "web.hosts" in answer.json["remedy"]


@pytest.mark.parametrize(
    "heads", ["", "Host: localhost:{port}\r\nHost: localhost:{port}\r\n", "X-Forwarded-Host: localhost:{port}\r\n"]
)
def test_a_host_that_is_missing_or_doubled_or_forwarded_by_anybody_is_refused(server: Served, heads: str) -> None:
    with server.connect() as raw:
        raw.sendall(f"GET /v1/health HTTP/1.1\r\n{heads.format(port=server.port)}\r\n".encode())
        assert raw.recv(100).startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "{own}"}, 200),
        ({"Origin": "https://app.example.org"}, 200),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "http://localhost:{port}"}, 403),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        ({"Origin": "{own}.evil.example"}, 403),
        ({"Origin": "{own}/"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://app.example.org"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Referer": "{own}/"}, 403),
        ({"Referer": "{own}/jobs/7"}, 200),
        ({"Referer": "https://evil.example/{own}/"}, 403),
        ({"Referer": "http://[bad"}, 403),
        ({}, 403),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/jobs"), ("GET", "/v1/jobs/1/events")])
def test_a_cookie_counts_only_from_a_page_of_this_server(
    server: Served, page: dict[str, str], headers: dict[str, str], status: int, method: str, path: str
) -> None:
    filled = {name: value.format(own=server.origin, port=server.port) for name, value in headers.items()}
    assert server.ask(method, path, {"Cookie": page["Cookie"], **filled}).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "{own}"}, 200),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Referer": "https://evil.example/"}, 403),
    ],
)
def test_a_browser_that_adds_basic_credentials_is_refused_like_a_cookie_and_a_program_is_not(
    server: Served, headers: dict[str, str], status: int
) -> None:
    basic = base64.b64encode(f"x:{server.token}".encode()).decode()
    filled = {name: value.format(own=server.origin) for name, value in headers.items()}
    assert server.ask("POST", "/v1/jobs", {"Authorization": f"Basic {basic}", **filled}).status == status


def test_a_bearer_token_needs_no_page(server: Served) -> None:
    for headers in ({}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = server.ask("POST", "/v1/jobs", {**server.bearer, **headers})
        assert answer.status == 200 and answer.json["auth"] == "bearer"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("same-site", "no-cors", 403),
        ("cross-site", "cors", 403),
        ("same-origin", "cors", 200),
        ("cross-site", "navigate", 200),
        ("none", "navigate", 200),
    ],
)
def test_another_page_cannot_load_what_a_cookie_opens_as_a_part_of_itself(
    server: Served, page: dict[str, str], site: str, mode: str, status: int
) -> None:
    headers = {"Cookie": page["Cookie"], "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    assert server.ask("GET", "/v1/jobs", headers).status == status


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def test_each_way_to_send_the_token_is_known(server: Served, page: dict[str, str]) -> None:
    for headers, way in (
        ({"Authorization": f"Bearer {server.token}"}, "bearer"),
        ({"Authorization": f"bearer   {server.token}"}, "bearer"),
        ({"Authorization": basic(f":{server.token}")}, "basic"),
        ({"Authorization": basic(f"any:{server.token}")}, "basic"),
        ({"Cookie": f"a=b; {page['Cookie']}; c=d"}, "session"),
    ):
        assert server.ask("GET", "/v1/jobs", headers).json["auth"] == way


def test_everything_else_is_not_authenticated(server: Served, page: dict[str, str]) -> None:
    cookie, token = page["Cookie"], server.token
    name, _, value = cookie.partition("=")
    for headers in (
        {},
        {"Authorization": ""},
        {"Authorization": token},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {token}x"},
        {"Authorization": f"Bearer {token[:-1]}"},
        {"Authorization": f"Bearer {token.swapcase()}"},
        {"Authorization": f"Token {token}"},
        {"Authorization": f"Bearer {'x' * 20_000}"},
        {"Authorization": f"Basic {token}"},
        {"Authorization": "Basic ==="},
        {"Authorization": basic(token)},
        {"Authorization": basic(f"{token}:")},
        {"Authorization": basic(f"x:{token}:")},
        {"Authorization": "Bearer wrong", "Cookie": cookie},
        {"X-Api-Key": token},
        {"Cookie": f"{name}="},
        {"Cookie": f"{name}={token}"},
        {"Cookie": f"{name}=a.b.c"},
        {"Cookie": f"{name}={value[:-1]}"},
        {"Cookie": f"{name}=x{value}"},
        {"Cookie": f"{cookie}; {cookie}"},
        {"Cookie": f"dropdub_other={value}"},
    ):
        answer = server.ask("GET", "/v1/jobs", headers)
        assert answer.status == 401, headers
        assert answer.headers["www-authenticate"] == "Bearer", "a browser would ask for a password and then keep it"
        assert answer.json["error"]["type"] == "authentication_error" and "dropdub token show" in answer.json["remedy"]
    assert server.ask("GET", f"/v1/jobs?token={token}&api_key={token}").status == 401


def test_a_browser_is_led_to_the_log_in_instead(server: Served) -> None:
    answer = server.ask("GET", "/", {"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status, answer.headers["location"]) == (303, "/login")
    assert server.ask("POST", "/v1/jobs", {"Accept": "text/html", "Origin": server.origin}).status == 401


def test_only_four_routes_are_open(server: Served) -> None:
    passed = ask_every_route(server)
    assert {("GET" if method == "HEAD" else method, path) for method, path in passed} == OPEN


@pytest.mark.parametrize(
    "path",
    [
        "/v1/health/", "/v1/health/x", "//v1/health", "/v1/jobs?/v1/health", "/static", "/static/../v1/jobs",
        "/static/%2e%2e/v1/jobs", "/static/..%2fv1/jobs", "/login/../v1/jobs", "/login%00", "/STATUS", "/nothing",
    ],
)  # fmt: skip
def test_no_path_leads_around_the_authentication(server: Served, path: str) -> None:
    assert server.ask("GET", path).status in (401, 404)
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"):
        assert server.ask(method, "/v1/health").status == 401


def test_routes_are_found_in_included_routers_and_mounted_applications() -> None:
    inner, outer, app, mounted = (
        APIRouter(prefix="/inner"),
        APIRouter(prefix="/outer"),
        FastAPI(openapi_url=None),
        FastAPI(openapi_url=None),
    )
    inner.add_api_route("/{x}", lambda: None, methods=["GET", "DELETE"])
    outer.include_router(inner)
    mounted.include_router(outer)
    app.include_router(outer)
    app.mount("/mounted", mounted)
    paths = {path for _, path in routes_in(app.routes)}
    assert paths == {"/outer/inner/{x}", "/mounted/outer/inner/{x}"}
    assert {method for method, _ in routes_in(app.routes)} >= {"GET", "DELETE"}


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "Text/Plain;charset=utf-8"],
)
def test_a_form_is_refused_where_json_belongs(server: Served, kind: str) -> None:
    sent = {**server.bearer, "Content-Type": kind}
    assert server.ask("POST", "/v1/jobs/actions", sent, b"{}").status == 415
    assert server.ask("POST", "/v1/audio/transcriptions", sent, b"{}").json["size"] == 2
    assert server.ask("POST", "/v1/jobs/actions", {**sent, "Content-Type": "application/json"}, b"{}").status == 200


def test_every_answer_has_the_headers_that_keep_browsers_strict(server: Served) -> None:
    answers = [
        server.ask("GET", "/v1/health"),
        server.ask("GET", "/login"),
        server.ask("GET", "/v1/jobs"),
        server.ask("GET", "/nothing", server.bearer),
        server.ask("GET", "/v1/health", {"Host": "evil.example"}),
    ]
    assert [answer.status for answer in answers] == [200, 200, 401, 404, 421]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert (
            policy.startswith("default-src 'none'; script-src 'self'; ")
            and "unsafe" not in policy
            and "*" not in policy
        )
        assert "base-uri 'none'; frame-ancestors 'none'" in policy
        assert (
            answer.headers["cross-origin-opener-policy"]
            == answer.headers["cross-origin-resource-policy"]
            == "same-origin"
        )
        assert (
            answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "same-origin"
        )
        assert answer.headers["permissions-policy"].startswith("microphone=(self), camera=()")
        assert answer.headers["cache-control"] == "no-store" and "server" not in answer.headers
    nonces = {answer.headers["content-security-policy"].partition("nonce-")[2][:22] for answer in answers}
    assert len(nonces) == len(answers), "each answer has its own nonce"


def test_an_answers_own_policy_is_kept_and_nothing_else_is_weakened(server: Served) -> None:
    answer = server.ask("GET", "/own-policy", server.bearer)
    assert (
        answer.headers["content-security-policy"] == "sandbox" and answer.headers["x-content-type-options"] == "nosniff"
    )


def test_a_configured_origin_may_read_answers_and_no_other(server: Served) -> None:
    ours, others = "https://app.example.org", ("https://evil.example", "null", "*", server.origin)
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = server.ask("OPTIONS", "/v1/jobs", {"Origin": ours, **asked})
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (204, ours)
    assert preflight.headers["access-control-allow-headers"] == "Authorization, *"
    answer = server.ask("POST", "/v1/jobs", {"Origin": ours, **server.bearer})
    assert answer.headers["access-control-allow-origin"] == ours and answer.headers["vary"] == "Origin"
    assert server.ask("POST", "/v1/jobs", {"Origin": ours}).headers["access-control-allow-origin"] == ours
    for origin in others:
        refused = server.ask("OPTIONS", "/v1/jobs", {"Origin": origin, **asked})
        assert refused.status == 401 and "access-control-allow-origin" not in refused.headers
    for one in (preflight, answer):
        assert "access-control-allow-credentials" not in one.headers


FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "dub.example.org"}


def test_what_a_proxy_says_counts_only_if_it_is_trusted(server: Served, tmp_path: Path) -> None:
    answer = server.ask("GET", "/v1/jobs", {**server.bearer, **FORWARDED})
    assert answer.json == {"auth": "bearer", "client": "127.0.0.1", "scheme": "http", "size": 0}
    with served(tmp_path, trusted_proxies=["127.0.0.0/8", "10.0.0.2"], hosts=["dub.example.org"]) as behind:
        for sent, client in (
            ("203.0.113.7", "203.0.113.7"),
            ("1.2.3.4, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
            ("nonsense, 203.0.113.7", "203.0.113.7"),
            ("203.0.113.7, nonsense", "127.0.0.1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("", "127.0.0.1"),
        ):
            answer = behind.ask("GET", "/v1/jobs", {**behind.bearer, **FORWARDED, "X-Forwarded-For": sent})
            assert (answer.json["client"], answer.json["scheme"]) == (client, "https")
        page = {**behind.log_in(), **FORWARDED, "Origin": "https://dub.example.org"}
        assert behind.ask("POST", "/v1/jobs", page).status == 200
        assert behind.ask("POST", "/v1/jobs", {**page, "Origin": behind.origin}).status == 403
        assert behind.ask("GET", "/v1/health", {"X-Forwarded-Host": "evil.example"}).status == 421


def test_an_address_that_others_reach_is_also_a_name(tmp_path: Path) -> None:
    with served(tmp_path, bind="0.0.0.0", password="correct horse") as open_to_all:
        port = open_to_all.port
        for host, status in ((f"127.0.0.1:{port}", 200), (f"127.0.0.2:{port}", 421), (f"0.0.0.0:{port}", 421)):
            assert open_to_all.ask("GET", "/v1/health", {"Host": host}).status == status
