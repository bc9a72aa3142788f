"""Small models for CTranslate2 with real SentencePiece vocabularies, made by hand: they translate word by word.

The decoder looks at the source token with its own number, and writes what stands for it in a table. What is not in the
table is spelt as it is. So the words that come out show which tokens went in.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = Mapping[str, Sequence[str]]
"""By source word: its translations, the most likely first."""
LONGEST = 128
"""Tokens of a source with its ending."""
SECOND = 0.96
"""How strong the second translation of a word is, compared with the first."""
ECHO = 0.12
"""How much of its place a source token brings along: about as much as the decoder has of its own."""
ANCHOR = 30.0
"""A constant beside all else, so that the norms scale alike whatever was found."""
SPECIAL = ("<unk>", "<s>", "</s>")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZáâãàçéêíóôõúÁÉÓ0123456789.,!?:;'-"
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
EN_PT: Table = {
    "The": ["O"],
    "the": ["o"],
    "house": ["casa"],
    "is": ["é"],
    "old": ["velho", "antigo"],
    "red": ["vermelha"],
    "book": ["livro"],
    "our": ["nosso"],
    "Our": ["Nosso"],
    "good": ["bom"],
    "man": ["homem"],
    **{word: ["lá", "cá", "ali"] for word in NUMBERS},
}
PT_EN: Table = {translations[0]: [word] for word, translations in EN_PT.items()}
ES_EN: Table = {"La": ["The"], "casa": ["house"], "es": ["is"], "roja": ["red"]}


def make_quickmt(folder: Path, table: Table, *, ends: bool = False) -> Path:
    """Write a model as quickmt publishes it; with `ends`, one of those that learnt `<s>` and `</s>` around a source.

    The latter stops at `</s>` only. The former stops after the last word, and writes `wrong` for `</s>`.
    """
    folder.mkdir(parents=True)
    known = table if ends else {**table, "</s>": ["wrong"]}
    source = _vocabulary(folder / "src.spm.model", table)
    target = _vocabulary(folder / "tgt.spm.model", [word for found in known.values() for word in found])
    _save(folder, source, target, known, start="<s>", source_start=ends, stops=not ends)
    return folder


def make_opus(folder: Path, table: Table, *, tokens: Sequence[str] = ()) -> Path:
    """Write a model of OPUS-MT as its conversion to CTranslate2 has it; `tokens` select target languages.

    A translation begins with the language in the token and a colon.
    """
    folder.mkdir(parents=True)
    chosen = {token: [f"{token.strip('<>')}:"] for token in tokens}
    words = [*table, *(word for found in [*table.values(), *chosen.values()] for word in found)]
    pieces = _vocabulary(folder / "source.spm", words)
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    vocabulary = [*pieces, *tokens]
    _save(folder, vocabulary, vocabulary, {**table, **chosen}, start="</s>")
    return folder


def _vocabulary(file: Path, words: Sequence[str] | Table) -> list[str]:
    """Write a SentencePiece model in which each word is one piece, and each letter another; return its pieces."""
    import sentencepiece

    model = io.BytesIO()
    words = list(dict.fromkeys(words))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(words), *words, *LETTERS] * 20),
        model_writer=model,
        vocab_size=len(words) + len(LETTERS) + len(SPECIAL) + 1,
        hard_vocab_limit=False,
        character_coverage=1.0,
        user_defined_symbols=[f"▁{word}" for word in words],
        required_chars=LETTERS,
        minloglevel=2,
    )
    file.write_bytes(model.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return [processor.id_to_piece(number) for number in range(processor.get_piece_size())]


def _save(
    folder: Path,
    source: Sequence[str],
    target: Sequence[str],
    table: Table,
    *,
    start: str,
    source_start: bool = False,
    stops: bool = False,
) -> None:
    """Write the weights. `source_start`: CTranslate2 puts `<s>` before a source; `stops`: after the last word."""
    from ctranslate2.specs import TransformerSpec

    width = LONGEST + len(target) + 1
    spec = TransformerSpec.from_config((1, 1), 1, pre_norm=True)
    spec.register_source_vocabulary(list(source))
    spec.register_target_vocabulary(list(target))
    spec.config.decoder_start_token, spec.config.eos_token = start, "</s>"
    spec.config.add_source_bos = source_start
    places = np.eye(LONGEST, width, dtype=np.float32)
    _fill(spec.encoder, width)
    _fill(spec.decoder, width)
    spec.encoder.embeddings[0].weight = _meanings(source, target, table, width)
    spec.encoder.position_encodings.encodings = places
    spec.decoder.embeddings.weight = np.zeros((len(target), width), np.float32)
    spec.decoder.position_encodings.encodings = np.roll(places, int(source_start), axis=1)
    spec.decoder.position_encodings.encodings[:, -1] = ANCHOR
    spec.decoder.projection.weight = np.eye(len(target), width, LONGEST, dtype=np.float32) * 7
    spec.decoder.projection.bias = np.zeros(len(target), np.float32)
    _look_at_own_place(spec.decoder.layer[0].attention, width)
    if stops:
        _stop_without_source(spec.decoder, target.index("</s>"), width)
    spec.validate()
    spec.save(str(folder))


def _meanings(source: Sequence[str], target: Sequence[str], table: Table, width: int) -> NDArray[np.float32]:
    """Return for each source token a vector of length 1 with what it becomes."""
    found = np.zeros((len(source), width), np.float32)
    for number, piece in enumerate(source):
        words = table.get(piece.removeprefix("▁"), ())
        becomes = [f"▁{word}" for word in words] if words and (piece.startswith("▁") or piece in table) else [piece]
        for rank, one in enumerate(becomes):
            if one in target:
                found[number, LONGEST + target.index(one)] = SECOND**rank
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(lengths, lengths, 1)


def _fill(part: Any, width: int) -> None:
    """Give an encoder or a decoder norms that scale only, and layers that add nothing."""
    part.scale_embeddings = False
    part.layer_norm.gamma, part.layer_norm.beta = np.ones(width, np.float32), np.zeros(width, np.float32)
    for layer in part.layer:
        blocks = [layer.self_attention, layer.ffn, *([layer.attention] if hasattr(layer, "attention") else [])]
        for block in blocks:
            block.layer_norm.gamma, block.layer_norm.beta = np.ones(width, np.float32), np.zeros(width, np.float32)
        for linear, size in zip(layer.self_attention.linear, (3 * width, width), strict=True):
            linear.weight, linear.bias = np.zeros((size, width), np.float32), np.zeros(size, np.float32)
        for linear, shape in ((layer.ffn.linear_0, (4, width)), (layer.ffn.linear_1, (width, 4))):
            linear.weight, linear.bias = np.zeros(shape, np.float32), np.zeros(shape[0], np.float32)


def _look_at_own_place(attention: Any, width: int) -> None:
    """Let attention find the source token with the number of the word to write, and take its meaning."""
    places, meanings = np.zeros((2, width, width), np.float32)
    places[range(LONGEST), range(LONGEST)] = 3
    meanings[range(LONGEST, width - 1), range(LONGEST, width - 1)] = 1
    meanings[range(LONGEST), range(LONGEST)] = ECHO
    weights = (places * ANCHOR, np.concatenate([places, meanings]), np.eye(width, dtype=np.float32))
    for linear, weight in zip(attention.linear, weights, strict=True):
        linear.weight, linear.bias = weight, np.zeros(len(weight), np.float32)


def _stop_without_source(decoder: Any, end: int, width: int) -> None:
    """Let the decoder write `</s>`, token `end`, wherever the place that it found is not its own."""
    ffn, scale = decoder.layer[0].ffn, np.sqrt(width) / ANCHOR
    ffn.linear_0.weight = np.eye(LONGEST, width, dtype=np.float32) / np.float32(scale)
    ffn.linear_0.bias = np.full(LONGEST, -1.5, np.float32)
    ffn.linear_1.weight, ffn.linear_1.bias = np.zeros((width, LONGEST), np.float32), np.zeros(width, np.float32)
    ffn.linear_1.weight[LONGEST + end] = -40
    decoder.projection.bias[end] = 26
