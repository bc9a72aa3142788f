"""The report speaks the language that it is given, wholly."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

import dropdub
from dropdub.publishing.commercial_use import with_terms
from dropdub.publishing.deliverables import deliverable_name
from dropdub.report.commercial_use import commercial_use_of
from dropdub.report.contents import Contents, Missing
from dropdub.report.page import page, picture
from dropdub.translations.words import Words, words_in
from tests.reports import CHECK, HEARD, NAME, SOUND, SUSPECTS, VOICES, a_fit, an_utterance, contents, facts
from tests.untranslated import Bracketed, untranslated

FILES = [deliverable_name(NAME, suffix) for suffix in ("original.m4a", "pt.mp4", "pt.m4a")]
GIVEN = [NAME, *FILES, "S1", "S2"]
PORTUGUESE = words_in("pt-BR")
READ = ("report", "dubbing/not_measured.py", "dubbing/listening_check.py")
"""What of the source writes texts of the report."""


def reports(words: Words) -> Iterator[Contents]:
    """Yield contents of reports that together say all that a report can say."""
    yield contents(words=words)
    plain = contents(words=words)
    [dub] = plain.dubs
    missing = (Missing("fi", words.title_of("fi"), "Nobody translates it.", "Install a translator."),)
    yield dataclasses.replace(plain, dubs=(dub, dataclasses.replace(dub, language="es")), missing=missing)
    yield contents(facts(**{"hear/pt": {"lines": {}}, "synthesize/pt": {"cloned": ["S1"]}}), words=words, fit={})
    yield contents(facts(**{"hear/pt": {"lines": {}}}), words=words, fit={}, kind="text")
    unheard = facts(**{"compare/pt": {"voices": [{**VOICES[0], "speaker": None}]}, "synthesize/pt": {"cloned": []}})
    del unheard["hear/pt"]
    yield contents(unheard, words=words)
    yield contents(unheard | {"compare/pt": {"voices": []}}, words=words)
    yield contents(unheard | {"compare/pt": {"voices": []}, "synthesize/pt": {"cloned": ["S1"]}}, words=words)
    unknown = {**SOUND, "speakers": [{**one, "speaker": None} for one in SOUND["speakers"]]}
    yield contents(facts(**{"compare/pt": {"voices": VOICES, "sound": SOUND}}), words=words)
    yield contents(facts(**{"compare/pt": {"voices": VOICES, "sound": unknown}}), words=words)
    for heard in odd_verifications():
        suspects = [{**SUSPECTS[0], "fate": "kept"}]
        merge = {"language": "en", "suspects": suspects, "warnings": []}
        yield contents(facts(**{"hear/pt": heard, "merge": merge}), words=words, fit={"pt": odd_fit()})
    for left in ({}, {"voices_left": {"voice_s": 20.0, "left_s": 3.0}}):
        yield contents(facts(**{"mix/pt": {"engine": {"name": "spleeter"}, **left}}), words=words)
    every = a_fit([an_utterance(0, slot=(0.4, 1.9))], by_transcript=1)
    yield contents(words=words, fit={"pt": every})
    yield from with_licences(plain)


def with_licences(plain: Contents) -> Iterator[Contents]:
    """Yield what a report says of commercial use, with each answer."""
    for model, name in (("nllb-200-distilled-600M", "nllb"), ("mine", "mine"), ("opus-mt-en-roa", "transformers")):
        engine = {"name": name, "version": "1", "details": {"model": model}, "steps": []}
        use = commercial_use_of(with_terms({"engines": [engine]}), plain.words)
        yield dataclasses.replace(plain, commercial_use=use)


def odd_verifications() -> Iterator[dict[str, object]]:
    """Yield verifications in which little can be compared, or whose transcriber is of unknown quality."""
    silent = {number: {**line, "words": 0, "errors": 0} for number, line in HEARD.items()}
    unclear = {"0": {"file": "0.wav", "score": 0.1, "good": False, "words": 3, "errors": 3, "heard": ""}}
    yield {"lines": silent}
    yield {"lines": {"0": HEARD["0"]}, "again": []}
    reasons = ("there is no original recording", "it also made the transcript", "nobody speaks in it")
    for reason in (*reasons, "it does not understand the language spoken there"):
        engine = {"name": "faster-whisper", "version": "1", "details": {}}
        yield {"lines": {**unclear, "1": HEARD["1"]}, "engine": engine, "check": {"unknown": reason}}
    yield {"lines": HEARD, "engine": engine, "check": CHECK}


def odd_fit() -> dict[str, object]:
    """Return a fit with what the usual one lacks: slowed speech, lines that start late or early."""
    utterances = [
        an_utterance(0, 1, slot=(0.4, 5.0), stretch=0.8, drift=1.4),
        an_utterance(2, slot=(5.2, 6.3), shift=-0.4, start=4.8, drift=-0.9),
        an_utterance(3, slot=(6.4, 7.7)),
        an_utterance(4, slot=(8.6, 9.3), start=8.9, shift=0.3),
    ]
    return a_fit(utterances, by_transcript=1)


def test_nothing_in_a_report_or_a_timeline_is_left_untranslated() -> None:
    words = Words("x-made-up", Bracketed())
    for one in reports(words):
        assert untranslated(page(one), given=GIVEN) == []
        for dub in one.dubs:
            if dub.timeline:
                assert untranslated(picture(dub.timeline), given=GIVEN) == []


def test_these_reports_say_all_that_reports_can_say() -> None:
    extract = pytest.importorskip("babel.messages.extract", reason="Babel is not installed")
    source, catalogue = Path(dropdub.__file__).parent, Bracketed()
    files = [file for name in READ for file in ([source / name] if name.endswith(".py") else (source / name).iterdir())]
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
    options = {"newstyle_gettext": "true", "encoding": "utf-8"}
    possible: set[str] = set()
    for file in files:
        if (method := {".py": "python", ".j2": "jinja2"}.get(file.suffix)) is not None:
            with file.open("rb") as opened:
                found = extract.extract(method, opened, keywords, (), options)
                possible |= {text[0] if isinstance(text, tuple) else text for _, text, _, _ in found}
    for one in reports(Words("x-made-up", catalogue)):
        page(one)
    assert possible - catalogue.wanted == set() and len(possible) > 70


def test_a_report_in_portuguese_has_its_names_and_decimals() -> None:
    html = page(contents(words=PORTUGUESE))
    assert '<html lang="pt-BR">' in html
    assert "Inglês → Português" in html and "Original (inglês)" in html and "Dublagem em português" in html
    assert "18,2 %" in html and "0,30 s" in html and "1,17× encurtada" in html and "18.2" not in html
    assert '<li lang="en" dir="auto">A &lt;script&gt;' in html, "messages of Dropdub are English, and say so"


def test_languages_do_not_mix() -> None:
    texts = [page(contents(words=words)) for words in (PORTUGUESE, words_in("en"), PORTUGUESE, words_in("en"))]
    assert texts[0] == texts[2] != texts[1] == texts[3]
    assert "Alterações e defeitos" not in texts[1] and "Changes and faults" not in texts[0]


def test_a_legend_that_is_too_long_for_a_line_continues_on_the_next() -> None:
    [dub] = next(reports(PORTUGUESE)).dubs
    assert dub.timeline is not None
    legend, first = dub.timeline.legend, dub.timeline.rows[0]
    assert len({box.y for box in legend.boxes} | {legend.note.y}) > 1 and legend.note.y + 20 < first.top
    assert all(box.x + len(box.label) * 6 < dub.timeline.width for box in legend.boxes)
    assert legend.note.x + len(legend.note.label) * 6 < dub.timeline.width
