"""The operations of the API as the help shows them: from its document, each with an example that can be copied."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_JSON, _FORM = "application/json", "multipart/form-data"
_SHOWN = ("get", "post", "put", "patch", "delete")
_DEPTH = 4
_WORDS = {"string": "text", "integer": 1, "number": 1.0, "boolean": True}


@dataclass(frozen=True)
class Operation:
    """An operation, with the examples that call it."""

    method: str
    path: str
    summary: str
    curl: str
    python: str


def operations(document: Mapping[str, Any], address: str) -> dict[str, list[Operation]]:
    """Return the operations of an API's document by tag, for a server at `address`."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if method in _SHOWN:
                tag = described.get("tags", ["Other"])[0]
                found.setdefault(tag.capitalize() if tag.islower() else tag, []).append(
                    _operation(document, address, method, path, described)
                )
    return found


def _operation(
    document: Mapping[str, Any], address: str, method: str, path: str, described: Mapping[str, Any]
) -> Operation:
    content = described.get("requestBody", {}).get("content", {})
    body = _body(document, content)
    url = f"{address}{path}"
    curl, python = _curl(method, url, content, body), _python(method, url, content, body)
    return Operation(method.upper(), path, described.get("summary", ""), curl, python)


def _body(document: Mapping[str, Any], content: Mapping[str, Any]) -> Any:
    """Return an example of a body: of its fields, those that are required, or the first one."""
    kind = _JSON if _JSON in content else _FORM if _FORM in content else None
    return None if kind is None else _example(document, content[kind]["schema"], _DEPTH)


def _curl(method: str, url: str, content: Mapping[str, Any], body: Any) -> str:
    is_plain = method == "get" or (method == "post" and content)
    words = [*([] if is_plain else [f"-X {method.upper()}"]), *(["-g"] if "{" in url else [])]
    lines = [" ".join(["curl", *words, '-H "Authorization: Bearer $TOKEN"', f"'{url}'"])]
    if _JSON in content:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d '{json.dumps(body, ensure_ascii=False)}'")
    elif _FORM in content:
        lines += [f"-F '{name}={value}'" for name, value in _fields(body)]
    elif content:
        lines.append("--data-binary @recording.m4a")
    return " \\\n  ".join(lines)


def _python(method: str, url: str, content: Mapping[str, Any], body: Any) -> str:
    arguments = [f'"{url}"', "headers=HEADERS"]
    if _JSON in content:
        arguments.append(f"json={body!r}")
    elif _FORM in content:
        fields = dict(_fields(body))
        files = ", ".join(f'"{name}": open("{value[1:]}", "rb")' for name, value in fields.items() if value[:1] == "@")
        data = {name: value for name, value in fields.items() if value[:1] != "@"}
        arguments += [f"files={{{files}}}", *([f"data={data!r}"] if data else [])]
    elif content:
        arguments.append('data=open("recording.m4a", "rb")')
    return f"answer = requests.{method}({', '.join(arguments)})"


def _fields(body: Any) -> Iterator[tuple[str, str]]:
    for name, value in body.items() if isinstance(body, Mapping) else ():
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _example(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    """Return a value that a schema describes, at most `depth` levels deep."""
    schema = _resolved(document, schema)
    if "default" in schema and schema["default"] is not None:
        return schema["default"]
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("format") == "binary":
        return "@recording.m4a"
    one_of = schema.get("anyOf", schema.get("oneOf", ()))
    if "properties" in schema and depth > 0:
        return {name: _example(document, schema["properties"][name], depth - 1) for name in _needed(schema)}
    if schema.get("type") == "array" and depth > 0:
        return [_example(document, schema.get("items", {}), depth - 1)]
    if one_of and depth > 0:
        return _example(document, one_of[0], depth - 1)
    return _WORDS.get(str(schema.get("type")), {})


def _needed(schema: Mapping[str, Any]) -> list[str]:
    """Return the fields of an example: what is required, in one of the allowed ways; otherwise the first field."""
    ways = [one["required"] for one in schema.get("oneOf", ()) if "required" in one]
    names = [*schema.get("required", ()), *(ways[0] if ways else ())]
    return names or list(schema["properties"])[:1]


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return document["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema
