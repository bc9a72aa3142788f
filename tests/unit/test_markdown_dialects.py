"""Markdown as site generators and note-taking programs write it: what is read, and what stays in a translation."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dropdub.text.markdown import markdown_blocks
from dropdub.text.rewriting.markdown import translated_markdown
from dropdub.text.rewriting.translated_passages import Translating


def loud(texts: Iterable[str]) -> dict[str, str]:
    """Translate into capitals, but leave stand-ins for code."""
    return {text: " ".join(one if "Xq" in one else one.upper() for one in text.split()) for text in texts}


def written(text: str) -> str:
    return translated_markdown(text, Translating(loud))[0]


def read(text: str) -> list[str]:
    return list(markdown_blocks(text))


@pytest.mark.parametrize(
    ("text", "spoken", "translated"),
    [
        (
            '!!! note "Read this"\n\n    First.\n\n    Second.\n\nAfter.\n',
            ["###### Read this", "First.", "Second.", "After."],
            '!!! note "READ THIS"\n\n    FIRST.\n\n    SECOND.\n\nAFTER.\n',
        ),
        ("??? tip\n    Hidden.\n", ["Hidden."], "??? tip\n    HIDDEN.\n"),
        (
            '=== "Linux"\n\n    Run:\n\n    ``` sh\n    go\n    ```\n',
            ["###### Linux", "Run:"],
            '=== "LINUX"\n\n    RUN:\n\n    ``` sh\n    go\n    ```\n',
        ),
        (":::tip My title\nUse it.\n:::\n", ["###### My title", "Use it."], ":::tip MY TITLE\nUSE IT.\n:::\n"),
        ("::: {.warning}\nCare.\n:::\n", ["Care."], "::: {.warning}\nCARE.\n:::\n"),
        ("And\n\n$$\nx^2 = y\n$$\n\nor.\n", ["And", "or."], "AND\n\n$$\nx^2 = y\n$$\n\nOR.\n"),
        ("\\[\nx = y\n\\]\n\nEnd.\n", ["End."], "\\[\nx = y\n\\]\n\nEND.\n"),
        ("[TOC]\n\nWords.\n", ["Words."], "[TOC]\n\nWORDS.\n"),
        ("*[HTML]: Hyper Text\n\nWords.\n", ["Words."], "*[HTML]: Hyper Text\n\nWORDS.\n"),
        ("{{< note >}}\nRead.\n{{< /note >}}\n", ["Read."], "{{< note >}}\nREAD.\n{{< /note >}}\n"),
        ("import A from '@a/b';\n\nWords.\n", ["Words."], "import A from '@a/b';\n\nWORDS.\n"),
        ('{\n  "title": "A post"\n}\n\nHello.\n', ["Hello."], '{\n  "title": "A post"\n}\n\nHELLO.\n'),
        ("% A title\n\nWords.\n", ["# A title", "Words."], "% A TITLE\n\nWORDS.\n"),
    ],
)
def test_the_blocks_of_other_dialects_keep_their_marks_and_their_words_are_read(
    text: str, spoken: list[str], translated: str
) -> None:
    assert read(text) == spoken
    assert written(text) == translated


@pytest.mark.parametrize(
    ("text", "spoken", "translated"),
    [
        ("See [[Rome|the city]] and [[Forum]].", "See the city and Forum.", "SEE [[Rome|THE CITY]] AND [[Forum]]."),
        ("An ==important word== here. ^id1", "An important word here.", "AN ==IMPORTANT WORD== HERE. ^id1"),
        ("Seen %%a comment%% now.", "Seen now.", "SEEN %%a comment%% NOW."),
        ("Tagged #travel/italy here.", "Tagged #travel/italy here.", "TAGGED #travel/italy HERE."),
        ("Let \\(x \\in A\\) hold.", "Let (x \\in A) hold.", "LET \\(x \\in A\\) HOLD."),
        ("As said [@smith, p. 3] so.", "As said so.", "AS SAID [@smith, p. 3] SO."),
        ("[Small words]{.caps} end.", "Small words end.", "[SMALL WORDS]{.caps} END."),
        ("One\\\ntwo.", "One two.", "ONE\\\nTWO."),
    ],
)
def test_the_marks_of_other_dialects_in_a_line_are_kept_and_not_read(text: str, spoken: str, translated: str) -> None:
    assert read(text) == [spoken]
    assert written(text) == translated


def test_blocks_of_html_are_translated_with_their_tags_as_they_are() -> None:
    details = "<details>\n<summary>Open <b>it</b></summary>\n\nInside.\n\n</details>\n"
    text = f'<h1 align="center">My program</h1>\n\n{details}'
    new, left = translated_markdown(text, Translating(loud))
    words = text.replace("My program", "MY PROGRAM").replace("Open <b>it", "OPEN <b>IT")
    assert new == words.replace("Inside", "INSIDE")
    assert left == 0
    assert translated_markdown("> <div>\n> Quoted words\n> </div>\n", Translating(loud))[1] == 1


def test_code_that_looks_like_another_dialect_is_not_touched() -> None:
    text = "```\n!!! note\n    x\n$$\n:::\n```\n\nAfter.\n"
    assert read(text) == ["After."]
    assert written(text) == text.replace("After", "AFTER")


def test_links_to_headings_follow_their_translation() -> None:
    text = (
        "# Usage\n\n[Usage](#usage) [the second](#usage-1 'Again') [Other](#own) [Other](#nowhere)\n\n"
        '[it]: #usage\n\n<a href="#how-to-install-it">Usage</a>\n\n'
        "    [Usage](#usage)\n\n## *How* to install `it`?\n\n## Usage\n\n## Other {#own}\n"
    )
    words = {"Usage": "Uso", "Other": "Outro"}
    translating = Translating(lambda texts: {one: words.get(one, one.replace("How", "Como")) for one in texts})
    new = translated_markdown(text, translating)[0]
    assert "[Usage](#uso) [the second](#uso-1 'Again') [Other](#own) [Other](#nowhere)" in new
    assert "[it]: #uso" in new and '<a href="#como-to-install-it">' in new and "    [Usage](#usage)" in new
