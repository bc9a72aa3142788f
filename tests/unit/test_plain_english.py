"""What people read is in plain English: no word of a list that once had to be decoded."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import dropdub

SOURCES = Path(dropdub.__file__).parent
CHECKOUT = Path(__file__).resolve().parents[2]
BANNED = {
    r"anew|begin(s|ning)? again": "retry, or again",
    r"reckon\w*": "compute, estimate",
    r"work(s|ed|ing)? off": "process",
    r"laid over|lay(s|ing)? over": "apply to",
    r"in vain": "say what failed",
    r"so many|so much": "the number",
    r"all the same": "anyway",
    r"goes on|go on|went on|going on": "continue, resume",
    r"told|tells?|telling": "report, log, know, distinguish, require",
    r"hear[sd]? back|heard back": "verify",
    r"give[sn]? out|gave out": "publish",
    r"put(s|ting)? aside|set(s|ting)? aside": "keep, move away",
    r"at the most": "at most",
    r"heed(s|ed)?": "follow, respect",
    r"stead": "instead",
    r"wherefrom|whereto|wherewith|thereof|therein": "from where, to where …",
}
WORDS = re.compile("|".join(rf"\b(?:{words})\b" for words in BANNED), re.IGNORECASE)
ALLOWED = re.compile(r"`[^`\n]*`|the system cannot tell")
"""Code, and the one sense of "tell" that has no shorter word."""
PAGES = [
    *sorted((CHECKOUT / "docs").rglob("*.md")),
    *(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config.yaml")),
    *(CHECKOUT / folder / "README.md" for folder in ("inbox", "outbox", "benchmarks")),
    *(CHECKOUT / name for name in ("install.sh", "install.ps1", ".ci/run")),
    *sorted(path for kind in ("*.yaml", "*.j2", "*.js", "*.css") for path in SOURCES.rglob(kind)),
]
MODULES = [
    *sorted(SOURCES.rglob("*.py")),
    *(CHECKOUT / name for name in ("tasks.py", "installer.py")),
    *sorted(path for folder in ("benchmarks", "docs") for path in (CHECKOUT / folder).rglob("*.py")),
]
TEST_MODULES = sorted(path for path in (CHECKOUT / "tests").rglob("*.py") if path.name != Path(__file__).name)


def prose_of(module: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings and comments of a module, each with its line."""
    text = module.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in {tokenize.STRING, tokenize.COMMENT}:
            yield token.start[0], token.string


def documentation_of(test_module: Path) -> Iterator[tuple[int, str]]:
    """Yield its docstrings, comments and messages, but no text that a test is about."""
    yield from ((line, text) for line, text in prose_of(test_module) if text.startswith(('"""', "#")))
    for node in ast.walk(ast.parse(test_module.read_text(encoding="utf-8"))):
        for message in messages_of(node):
            yield from ((one.lineno, str(one.value)) for one in ast.walk(message) if isinstance(one, ast.Constant))


def messages_of(node: ast.AST) -> list[ast.expr]:
    """Return what a test says if it fails, is skipped, or waits too long."""
    if isinstance(node, ast.Assert):
        return [node.msg] if node.msg else []
    if not isinstance(node, ast.Call):
        return []
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    positional = {"skip": node.args[:1], "fail": node.args[:1], "wait_until": node.args[1:2]}.get(called, [])
    return [*positional, *(keyword.value for keyword in node.keywords if keyword.arg == "reason")]


def names_of_tests(module: Path) -> Iterator[tuple[int, str]]:
    """Yield the names of a module's tests as words, each with its line."""
    for number, line in enumerate(module.read_text(encoding="utf-8").splitlines(), start=1):
        if found := re.match(r" *(?:async )?def (test_\w+)", line):
            yield number, found[1].replace("_", " ")


def banned_in(text: str) -> list[str]:
    """Return the banned words in a text outside code."""
    return [found.group() for found in WORDS.finditer(ALLOWED.sub("", text))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_page_has_no_banned_word(path: Path) -> None:
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    assert [(number, words) for number, line in lines if (words := banned_in(line))] == []


def test_no_message_docstring_or_comment_has_a_banned_word() -> None:
    found = [
        f"{module.relative_to(CHECKOUT).as_posix()}:{line}: {', '.join(words)}"
        for module in MODULES
        for line, text in prose_of(module)
        if (words := banned_in(text))
    ]
    assert found == []


def test_no_name_docstring_or_comment_of_a_test_has_a_banned_word() -> None:
    found = [
        f"{module.relative_to(CHECKOUT).as_posix()}:{line}: {', '.join(words)}"
        for module in TEST_MODULES
        for line, text in (*names_of_tests(module), *documentation_of(module))
        if (words := banned_in(text))
    ]
    assert found == []


def test_each_banned_word_is_found() -> None:
    assert banned_in("The work is begun anew, all the same.") == ["anew", "all the same"]
    assert banned_in("Run `dropdub tell`; if the system cannot tell, it is kept.") == []
    assert len(MODULES) > 300 and len(TEST_MODULES) > 150 and len(PAGES) > 25
