"""Get translations out of a model that may answer badly: ask again, then for fewer lines, then for each alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dropdub.config.glossary import missed
from dropdub.engines.openai.chat import THINKING_TOKENS, NotUnderstood, TooMuch, translations
from dropdub.engines.openai.meeting import Met, answers
from dropdub.engines.openai.prompt import Form, Line, Question, answer_tokens, prompt_tokens
from dropdub.engines.openai.replies import Reply, Wordings, usable, wordings_of
from dropdub.engines.translating.wordings import NEAR
from dropdub.errors import EngineMissing, Waiting
from dropdub.language_server.exchange import ServerAway, TooSlow
from dropdub.language_server.presence import away

ATTEMPTS = 2
_LEAST_SAVED = 6
"""Characters: a line that is too long by fewer, such as a greeting, need not be said in other words."""
_CUT_FROM_TOKENS = 1_000
_CUT_SHARE = 0.6
"""A server that counted less than this share of a long prompt did not read all of it. Some do not count what they
remember of the prompt before, which is only the first lines.
"""
_HOPELESS_FROM = 3
"""A model that translates none of this number of lines follows no instructions."""


@dataclass
class Troubles:
    """What went wrong since it was last reported: numbers of lines, and whether a prompt was cut off."""

    untranslated: int = 0
    missed_terms: set[str] = field(default_factory=set)
    was_cut: bool = False

    def take(self) -> Troubles:
        """Return what there is, and forget it."""
        taken = replace(self)
        self.give(Troubles())
        return taken

    def give(self, others: Troubles) -> None:
        """Take the place of what there is."""
        self.untranslated, self.missed_terms, self.was_cut = others.untranslated, others.missed_terms, others.was_cut


class Dialogue:
    """Asks the server that was met. Batches that were too much for it once are smaller from then on."""

    def __init__(self, met: Met, troubles: Troubles) -> None:
        """`troubles` gets what goes wrong."""
        self._met = met
        self._most_lines = 1_000
        self._refused = ""
        self._troubles = troubles

    def wordings(self, question: Question) -> list[tuple[str, ...]]:
        """Return the translations of each line; none for one that is counted as untranslated.

        Raises Waiting if the server is away, EngineMissing if it refuses or if its model translates nothing.
        """
        self._refused = ""
        found = self._solved(question)
        if not found and len(question.lines) >= _HOPELESS_FROM:
            raise self._hopeless()
        self._troubles.untranslated += len(question.lines) - len(found)
        for at, wordings in found.items():
            self._troubles.missed_terms |= missed(question.terms, question.lines[at - 1].text, wordings[0])
        if question.spoken:
            found = {**found, **self._with_shorter(question, found)}
        return [found.get(at, ()) for at in range(1, len(question.lines) + 1)]

    def _hopeless(self) -> Waiting | EngineMissing:
        """Return the error for a model of which nothing can be had; a server that refused may be another one now."""
        if self._refused:
            return away(self._met.server, f"does not work ({self._refused})")
        return EngineMissing(
            f"The model '{self._met.server.model}' of the translator's server returns no usable translations.",
            remedy="Set models.openai.model in config.yaml to a model that follows instructions, and restart the "
            "daemon. Then run: `dropdub retry JOB`.",
        )

    def _solved(self, question: Question) -> Wordings:
        """Return the translations by number, as many as can be had."""
        number = len(question.lines)
        if number > 1 and (number > self._most_lines or not self._has_room(question)):
            return self._halved(question)
        try:
            found = self._tried(question)
        except TooSlow as error:
            self._require_alive(error)
            if number == 1:  # the model does not come to an end with it, and it must not hold its job forever
                return {}
            self._most_lines = -(-number // 2)
            return self._halved(question)
        except TooMuch:
            found = {}
        if len(found) == number:
            return found
        if number == 1:
            return self._alone(question)
        return self._mended(question, found) if 2 * len(found) >= number else self._halved(question)

    def _tried(self, question: Question) -> Wordings:
        """Return what the better of two attempts has, the first if that is complete and follows the glossary."""
        best: Wordings = {}
        for attempt in range(ATTEMPTS):
            found = self._once(question, attempt)
            if len(found) > len(best):
                best = found
            if len(found) == len(question.lines) and _follows_glossary(question, found):
                return found
        return best

    def _once(self, question: Question, attempt: int) -> Wordings:
        """Return the usable translations of one answer. Raises TooMuch if it was cut off, and TooSlow."""
        met = self._met
        try:
            reply = translations(met.server, question, met.manner, attempt=attempt, thinks=met.thinks)
        except NotUnderstood as error:
            self._refused = str(error) or "it refuses the request"
            if error.may_work or attempt + 1 < ATTEMPTS:
                return {}
            raise away(met.server, f"does not work ({self._refused})") from error
        except TooSlow:
            raise
        except ServerAway as error:
            raise away(met.server, str(error)) from error
        if reply is None:
            return {}
        if reply.is_cut or self._is_cut(question, reply):
            raise TooMuch
        is_plain = met.manner.form is Form.PLAIN
        found = wordings_of(reply.text, len(question.lines), is_plain=is_plain)
        return usable([line.text for line in question.lines], found)

    def _is_cut(self, question: Question, reply: Reply) -> bool:
        """Return whether the server counted far fewer tokens than the prompt has: it dropped some without a word."""
        expected = self._met.tokens_share * prompt_tokens(question, self._met.manner.form)
        is_cut = expected > _CUT_FROM_TOKENS and 0 < reply.used[0] < _CUT_SHARE * expected
        self._troubles.was_cut = self._troubles.was_cut or is_cut
        return is_cut

    def _has_room(self, question: Question) -> bool:
        thoughts = THINKING_TOKENS if self._met.thinks else 0
        needed = prompt_tokens(question, self._met.manner.form) + answer_tokens(question) + thoughts
        return needed <= self._met.server.context

    def _halved(self, question: Question) -> Wordings:
        half = len(question.lines) // 2
        first = self._solved(question.part(0, half))
        known = [(line.text, first[at][0]) for at, line in enumerate(question.lines[:half], start=1) if at in first]
        second = self._solved(question.part(half, len(question.lines), before=known))
        return {**first, **{at + half: found for at, found in second.items()}}

    def _mended(self, question: Question, found: Wordings) -> Wordings:
        """Return the translations with those of the missing lines, each asked for by itself."""
        whole = dict(found)
        for at in range(1, len(question.lines) + 1):
            if at not in found:
                known = [(question.lines[n - 1].text, whole[n][0]) for n in range(1, at) if n in whole]
                alone = self._solved(question.part(at - 1, at, before=known))
                whole |= {at: alone[1]} if alone else {}
        return dict(sorted(whole.items()))

    def _alone(self, question: Question) -> Wordings:
        """Return the translation of a line that is asked for without what surrounds it."""
        try:
            return self._once(question.alone(), 0)
        except TooMuch:
            return {}
        except TooSlow as error:
            self._require_alive(error)
            return {}

    def _require_alive(self, error: TooSlow) -> None:
        """Raise Waiting if a server that was too slow does not even answer what it answered when it was met."""
        if not answers(self._met):
            raise away(self._met.server, str(error)) from error

    def _with_shorter(self, question: Question, found: Wordings) -> Wordings:
        """Return the wordings of those lines that are too long for their time, with shorter ones."""
        long = [at for at, wordings in found.items() if _is_long(question.lines[at - 1].text, wordings[0])]
        if not long:
            return {}
        lines = tuple(_to_shorten(question.lines[at - 1].text, found[at][0]) for at in long)
        asked = replace(question.alone(), lines=lines, shorter=True)
        shorter = dict(self._shortened(asked))
        return {at: (*found[at], *shorter.get(number, ())) for number, at in enumerate(long, start=1)}

    def _shortened(self, question: Question) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the number of each line that could be shortened, and its shorter wordings; none is asked for twice."""
        size = min(self._most_lines, max(1, len(question.lines) // (1 if self._has_room(question) else 2)))
        for start in range(0, len(question.lines), size):
            part = question.part(start, start + size)
            try:
                found = self._once(part, 0)
            except (TooMuch, TooSlow):
                continue
            for at, wordings in found.items():
                shorter = tuple(one for one in wordings if len(one) < len(part.lines[at - 1].translation))
                yield start + at, shorter


def _follows_glossary(question: Question, found: Wordings) -> bool:
    return not any(missed(question.terms, question.lines[at - 1].text, texts[0]) for at, texts in found.items())


def _is_long(text: str, translation: str) -> bool:
    return len(translation) > (1 + NEAR) * len(text) and len(translation) >= len(text) + _LEAST_SAVED


def _to_shorten(text: str, translation: str) -> Line:
    return Line(text, translation, most=max(int((1 + NEAR) * len(text)), 1))
