from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropdub.config import SubtitleStyle
from dropdub.subtitles.formats import JOINER
from dropdub.subtitles.layout import Cue, layout, write_ass, write_srt, write_vtt
from dropdub.subtitles.line_breaks import parts, set_in_lines, width

STYLE = SubtitleStyle()


@dataclass(frozen=True)
class Said:
    start: float
    end: float
    text: str
    words: tuple[Said, ...] = ()
    speaker: str | None = None


def said_evenly(text: str, start: float = 0.0, word_s: float = 0.35) -> Said:
    """Return a segment whose words take `word_s` each; a word `(2.5)` is a pause of that many seconds."""
    words, now = [], start
    for word in text.split():
        if pause := re.fullmatch(r"\((\d+(?:\.\d+)?)\)", word):
            now += float(pause[1])
        else:
            words.append(Said(now, now + word_s, word))
            now += word_s
    return Said(start, now, " ".join(word.text for word in words), tuple(words))


def solid(text: str) -> str:
    return "".join(text.split())


def shown(cues: list[Cue]) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues]


# Where cues and lines break


@pytest.mark.parametrize(
    ("text", "together"),
    [
        ("O comboio parte às 14 h 30 de Lisboa", "14 h 30"),
        ("Aquele livro antigo custa 12,50 € na livraria", "12,50 €"),
        ("A velocidade média é de 40 km/h na cidade", "40 km/h"),
        ("Cette voiture coûte 12 500 € chez lui", "12 500 €"),
        ("Elle demande : « Qui êtes-vous ? » et rit", "« Qui"),
        ("Elle demande : « Qui êtes-vous ? » et rit", "? »"),
    ],
)
def test_no_line_ends_within_an_amount_a_time_or_before_the_quoted_word(text: str, together: str) -> None:
    for length in range(28, 38):
        lines = set_in_lines(parts(text, length), length)
        assert any(together in line for line in lines), (length, lines)


def test_a_short_sentence_is_one_cue_of_one_line() -> None:
    assert shown(layout([said_evenly("Good morning to all of you.")], STYLE)) == [("Good morning to all of you.",)]


def test_lines_are_balanced_and_break_at_the_comma() -> None:
    (cue,) = layout([said_evenly("When the meeting was over, we all went home by train.", word_s=0.3)], STYLE)
    assert cue.lines == ("When the meeting was over,", "we all went home by train.")


def test_cues_are_split_at_sentence_ends() -> None:
    text = "The first sentence is about this tall. The second one goes on for a little while longer. And a third."
    cues = layout([said_evenly(text, word_s=0.4)], STYLE)
    assert [cue.lines[-1][-1] for cue in cues] == ["."] * len(cues)


def test_cues_are_split_at_long_pauses() -> None:
    cues = layout([said_evenly("we stop right here (3) and then go on")], STYLE)
    assert shown(cues) == [("we stop right here",), ("and then go on",)]
    assert cues[0].end < cues[1].start


@pytest.mark.parametrize(
    ("text", "leaning"),
    [
        ("She put all of the old letters and the photographs of the family into the box under the bed", "en"),
        ("Nós fomos todos para a reunião da empresa com o diretor e com os colegas da outra cidade do norte", "pt"),
        ("Todos fuimos a la reunión de la empresa con el director y con los colegas de la otra ciudad", "es"),
        ("Nous sommes tous allés à la réunion de la société avec le directeur et les collègues de la ville", "fr"),
        ("Wir sind alle zu der Sitzung in der Firma mit dem Direktor und den Kollegen aus der Stadt gefahren", "de"),
        ("Siamo andati tutti alla riunione della società con il direttore e con i colleghi della città", "it"),
    ],
)
def test_no_line_ends_after_an_article_or_a_preposition(text: str, leaning: str) -> None:
    helpers = {
        "en": {"the", "of", "into", "under", "a"},
        "pt": {"a", "da", "com", "o", "os", "do", "para"},
        "es": {"a", "la", "de", "el", "con", "los"},
        "fr": {"à", "la", "de", "le", "les", "avec"},
        "de": {"zu", "der", "in", "mit", "dem", "den", "aus"},
        "it": {"alla", "della", "con", "il", "i"},
    }[leaning]
    lines = [line for cue in layout([said_evenly(text)], STYLE) for line in cue.lines]
    assert len(lines) > 2
    assert not [line for line in lines if line.split()[-1] in helpers]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ella dijo que vive en la Av. Paulista desde que llegó a esta ciudad.", "es"),
        ("Ella dijo que vive con D. Juan desde que llegó a esta ciudad.", "es"),
        ("No sé qué es lo que Ud. Quiere decir con todas esas palabras.", "es"),
        ("Veja o que está escrito na pág. Quinze do livro que comprei ontem.", "pt"),
        ("Foi isto que aconteceu com o Prof. Rui na escola da minha filha.", "pt"),
        ("Ela pagou por aquele livro velho só R$ 1.234,56 na loja da esquina.", "pt"),
        ("We all know that this was said by Mr. Smith to the other people there.", "en"),
        ("Sie sagt, dass er schon seit langem am 3. Oktober in diese Stadt kommt.", "de"),
        ("Il paraît que tout cela est arrivé avec M. Dupont dans notre belle ville.", "fr"),
    ],
)
def test_no_line_ends_behind_an_abbreviation(text: str, language: str) -> None:
    for line_length in range(24, 44):
        cues = layout([Said(0.0, 6.0, text)], SubtitleStyle(line_length=line_length), language=language)
        lines = [line for cue in cues for line in cue.lines]
        assert not any(line.endswith((".", "$")) for line in lines[:-1]), lines


def test_a_mark_never_begins_a_line() -> None:
    text = "Est-ce que vous avez bien compris cela ? Mais oui , nous avons tous bien compris cela ! Alors partons ."
    lines = [line for cue in layout([said_evenly(text)], STYLE) for line in cue.lines]
    assert not [line for line in lines if line[0] in "?!.,"]


def test_a_word_longer_than_a_line_is_split() -> None:
    cues = layout([Said(0, 10, "https://example.org/" + "x" * 100)], STYLE)
    lines = [line for cue in cues for line in cue.lines]
    assert all(len(line) <= 42 for line in lines)
    assert "".join(lines) == "https://example.org/" + "x" * 100


def test_text_without_spaces_breaks_at_its_marks() -> None:
    text = "私は昨日、東京駅の近くにある新しいレストランで友達と一緒に晩ご飯を食べました。とても美味しかったです。"
    cues = layout([Said(0, 12, text)], STYLE)
    lines = [line for cue in cues for line in cue.lines]
    assert "".join(lines) == text
    assert all(width(line) <= 42 for line in lines)
    assert not [line for line in lines if line[0] in "、。"]


def test_transcriber_words_may_come_without_spaces_between_them() -> None:
    words = tuple(Said(n * 0.5, n * 0.5 + 0.5, word) for n, word in enumerate(["今日", "は", "雨", "です。"]))
    (cue,) = layout([Said(0, 2, "今日は雨です。", words)], STYLE)
    assert cue.lines == ("今日は雨です。",)
    assert cue.start == 0


# When cues stand


def test_cue_times_come_from_the_words() -> None:
    cues = layout([said_evenly("(2) one two three. (4) four five six.", start=10)], STYLE)
    assert [cue.start for cue in cues] == [12, pytest.approx(17.05)]


def test_without_word_times_the_share_of_characters_decides() -> None:
    text = "This is the first half of the sentence here, and this is the second half of the sentence."
    first, second = layout([Said(0, 9, text)], STYLE)
    assert first.lines[-1].endswith("here,")
    assert second.start == pytest.approx(4.4, abs=0.3)


def test_words_that_differ_from_the_text_are_not_trusted() -> None:
    segment = Said(0, 4, "what was really said here", (Said(3, 4, "other"),))
    assert layout([segment], STYLE)[0].start == 0


def test_a_cleaned_up_text_keeps_the_times_of_its_words() -> None:
    heard = said_evenly("hum, o o sr Silva chegou cedo. (3) depois ahn foi para casa.", word_s=0.5)
    clean = replace(heard, text="O Sr. Silva chegou cedo. Depois foi para casa.")
    first, second = layout([clean], STYLE)
    assert (first.lines, first.start) == (("O Sr. Silva chegou cedo.",), 1.0)
    assert (second.lines, second.start) == (("Depois foi para casa.",), 6.5)


def test_an_emptied_text_makes_no_cue() -> None:
    assert layout([replace(said_evenly("one two"), text="")], STYLE) == []


def test_a_cue_stays_for_reading_when_silence_follows() -> None:
    (cue,) = layout([Said(0, 1, "This was spoken very fast indeed by them.")], STYLE)
    assert cue.end == pytest.approx(41 / 17, abs=0.01)


def test_a_cue_does_not_overlap_the_next() -> None:
    first, second = layout([Said(0, 1, "This was spoken very fast indeed by them."), Said(1.5, 3, "Yes.")], STYLE)
    assert first.end == pytest.approx(1.42)
    assert second.start == 1.5


def test_a_short_word_is_shown_for_the_shortest_time() -> None:
    (cue,) = layout([Said(1, 1.1, "No.")], STYLE)
    assert cue.end - cue.start == pytest.approx(5 / 6, abs=0.002)


def test_text_is_not_shown_through_a_long_silence() -> None:
    assert layout([Said(0, 300, "Thanks.")], STYLE)[0].end < 3
    assert layout([said_evenly("Thanks (300) all.")], STYLE)[0].end < 3
    assert layout([Said(0, 300, "Thanks.", (Said(0, 300, "Thanks."),))], STYLE)[0].end == 7


def test_the_gap_is_two_frames_of_the_video() -> None:
    segments = [Said(0, 2, "One sentence here."), Said(2, 4, "Another sentence here.")]
    for fps, gap in ((None, 0.08), (50, 0.04), (90_000, 0.08)):
        first, second = layout(segments, STYLE, fps=fps)
        assert second.start - first.end == pytest.approx(gap, abs=0.001)


def test_of_simultaneous_speakers_two_share_a_cue_and_a_third_is_shown_with_them() -> None:
    cues = layout([Said(5, 6, "Yes."), Said(5, 6, "No."), Said(5, 6, "Maybe.")], STYLE)
    assert shown(cues) == [("-Yes.", "-No."), ("Maybe.",)]
    assert [(cue.start, cue.end) for cue in cues] == [(5, 6), (5, 6)]


def test_a_long_cue_keeps_its_time_while_somebody_speaks_within_it() -> None:
    long = "The house is white and the garden is very old."
    first, second, third = layout([Said(1, 5, long), Said(1.5, 3.5, "The cat is black."), Said(6, 8, "Yes.")], STYLE)
    assert (first.start, second.start, third.start) == (1, 1.5, 6)
    assert first.end - first.start >= len(long) / STYLE.chars_per_second
    assert second.end == 3.5


def test_a_small_overlap_is_an_inaccuracy_and_cues_stay_apart() -> None:
    first, second = layout([Said(1, 3.1, "The house is white."), Said(3, 5, "The cat is black.")], STYLE)
    assert first.end < second.start == 3


def test_silence_makes_no_cue() -> None:
    assert layout([], STYLE) == []
    assert layout([Said(0, 5, "  \n ")], STYLE) == []


# Rules that hold for every text

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300)
WORDY = st.lists(st.text("abcé,.!?中、。 ", min_size=1, max_size=60), max_size=40).map(" ".join)
TIMES = st.floats(0, 100, allow_nan=False)
STYLES = st.builds(
    SubtitleStyle, line_length=st.integers(16, 60), lines=st.integers(1, 3), gap=st.sampled_from([0, 0.04, 0.2])
)


@st.composite
def segments(draw: st.DrawFn) -> Said:
    text, start, length = draw(ANY_TEXT | WORDY), draw(TIMES), draw(TIMES)
    if not draw(st.booleans()):
        return Said(start, start + length, text)
    words = tuple(Said(draw(TIMES), draw(TIMES), word) for word in text.split()[:20])
    return Said(start, start + length, " ".join(word.text for word in words), words)


@settings(deadline=None, max_examples=150)
@given(st.lists(segments(), max_size=5), STYLES)
def test_every_word_appears_once_within_the_style(said: list[Said], style: SubtitleStyle) -> None:
    said = sorted(said, key=lambda segment: segment.start)
    cues = layout(said, style)
    found = solid("".join(line for cue in cues for line in cue.lines))
    assert sorted(found.replace("-", "")) == sorted(solid("".join(one.text for one in said)).replace("-", ""))
    assert all(1 <= len(cue.lines) <= style.lines for cue in cues)
    assert all(line and width(line) <= style.line_length for cue in cues for line in cue.lines)
    assert all(0 < cue.end - cue.start <= style.max_duration + 0.001 for cue in cues)
    assert all(a.start <= b.start for a, b in pairwise(cues))
    if len(said) == 1 or (all(not one.words for one in said) and all(a.end <= b.start for a, b in pairwise(said))):
        assert all(a.end + style.gap <= b.start + 0.0021 for a, b in pairwise(cues))


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80))
def test_spaces_are_where_the_text_has_them(text: str) -> None:
    wide = SubtitleStyle(line_length=120, lines=4)
    cues = layout([Said(0, 5, text)], wide)
    if len(cues) == 1 and len(cues[0].lines) == 1:
        assert cues[0].lines[0] == " ".join(text.split())


# Files

HARD_TEXTS = [
    "plain",
    "{\\an8}top {braces} {",
    "a <b>bold</b> claim <3 </i>",
    "C:\\new\\Name \\N \\h",
    "R&D &lt; &amp;",
    "at 00:00:01,000 --> 00:00:02,000 sharp",
    "10:20.55 --> 10:21.55",
    "{\\p1}m 0 0{\\p0}",
    "<v Bob>hi",
    "WEBVTT",
    "1984",
    "“é” 中文 🎬",
]


def read_back(path: Path) -> list[tuple[int, int, str]]:
    events = pysubs2.load(str(path), format_=path.suffix[1:], keep_html_tags=True)
    return [(e.start, e.end, e.text.replace("\\N", "\n").replace(JOINER, "")) for e in events]


def cues_of(texts: list[str]) -> list[Cue]:
    return [Cue(n + 0.001, n + 0.999, tuple(text.split("\n"))) for n, text in enumerate(texts)]


def expected(texts: list[str]) -> list[tuple[int, int, str]]:
    return [(n * 1000 + 1, n * 1000 + 999, text) for n, text in enumerate(texts)]


def test_srt_round_trips(tmp_path: Path) -> None:
    texts = [*HARD_TEXTS, "In\n1984"]
    write_srt(cues_of(texts), tmp_path / "a.srt")
    assert read_back(tmp_path / "a.srt") == expected(texts)


def test_srt_holds_nothing_that_a_reader_takes_for_a_tag(tmp_path: Path) -> None:
    write_srt(cues_of(HARD_TEXTS), tmp_path / "a.srt")
    events = pysubs2.load(str(tmp_path / "a.srt"), encoding="utf-8")
    assert "<b>bold</b>" in events[2].text.replace(JOINER, "")


def test_vtt_round_trips(tmp_path: Path) -> None:
    texts = [*HARD_TEXTS, "In\n1984"]
    write_vtt(cues_of(texts), tmp_path / "a.vtt")
    assert [(a, b, html.unescape(text)) for a, b, text in read_back(tmp_path / "a.vtt")] == expected(texts)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("<>{}\\Nh&-:019,. "))))
def test_every_text_survives_both_files(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("cues")
    cues = layout([Said(n * 9, n * 9 + 8, text.replace(JOINER, "")) for n, text in enumerate(texts)], STYLE)
    wanted = [cue.text for cue in cues]
    write_srt(cues, folder / "a.srt")
    write_vtt(cues, folder / "a.vtt")
    assert [text for _, _, text in read_back(folder / "a.srt")] == wanted
    assert [html.unescape(text) for _, _, text in read_back(folder / "a.vtt")] == wanted


@pytest.mark.parametrize(("size", "line_length"), [((1920, 1080), 42), ((1080, 1920), 42), ((640, 480), 60)])
def test_ass_is_set_so_that_a_line_fits_the_picture(tmp_path: Path, size: tuple[int, int], line_length: int) -> None:
    write_ass(cues_of(["x" * 20, "two\nlines"]), tmp_path / "a.ass", size=size, line_length=line_length)
    file = pysubs2.load(str(tmp_path / "a.ass"))
    assert (file.info["PlayResX"], file.info["PlayResY"]) == tuple(map(str, size))
    assert [event.text for event in file] == ["x" * 20, r"two\Nlines"]
    letters = file.styles["Default"].fontsize * 0.42 * line_length
    assert letters <= size[0] * 0.95


def test_ass_holds_nothing_that_a_player_takes_for_a_command(tmp_path: Path) -> None:
    write_ass(cues_of(HARD_TEXTS), tmp_path / "a.ass")
    for event in pysubs2.load(str(tmp_path / "a.ass")):
        assert not re.search(r"(?<!\\){", event.text)
        assert not re.search(r"\\[Nnh]", event.text)


def test_files_are_utf8_with_milliseconds_and_no_mark(tmp_path: Path) -> None:
    write_srt([Cue(3661.234, 3662.345, ("é",))], tmp_path / "a.srt")
    write_vtt([Cue(3661.234, 3662.345, ("é",))], tmp_path / "a.vtt")
    assert (tmp_path / "a.srt").read_bytes() == "1\n01:01:01,234 --> 01:01:02,345\né\n\n".encode()
    assert (tmp_path / "a.vtt").read_bytes() == "WEBVTT\n\n1\n01:01:01.234 --> 01:01:02.345\né\n\n".encode()


def test_no_cues_make_files_that_players_accept(tmp_path: Path) -> None:
    write_srt([], tmp_path / "a.srt")
    write_vtt([], tmp_path / "a.vtt")
    assert (tmp_path / "a.srt").read_bytes() == b""
    assert (tmp_path / "a.vtt").read_bytes() == b"WEBVTT\n\n"


def test_a_chain_of_joined_emoji_is_cut_if_it_is_wider_than_a_line() -> None:
    lines = set_in_lines(parts("👨\u200d" * 300, 42), 42)
    assert all(width(line) <= 42 for line in lines) and "".join(lines) == "👨\u200d" * 300


def test_cues_of_people_who_speak_at_the_same_time_stand_in_the_order_of_their_starts() -> None:
    said = [Said(0.0, 0.0, ""), Said(0.0, 1.0, "0000 00000000\u0e5c\u0e5c"), Said(0.0, 1.0, "0")]
    cues = layout(said, SubtitleStyle(line_length=16, lines=1, gap=0))
    assert len(cues) == 3 and [cue.start for cue in cues] == sorted(cue.start for cue in cues)
