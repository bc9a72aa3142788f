"""The catalogue of known models: where each comes from, what it needs, and what its licence allows.

Sizes and memory are approximate, for people to plan with; `dropdub.engines.models.pins` has exact sizes. Addresses are
not defined here but in `dropdub.engines.models.download`: the hub's in `hub`, Mozilla's in `publisher`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache

from dropdub.engines.licence import APACHE, MIT, Licence
from dropdub.engines.models.brought import Brought, brought
from dropdub.engines.models.firefox import PUBLISHED
from dropdub.engines.models.known import KnownModel, Source
from dropdub.engines.models.packaged import PACKAGED, Packaged
from dropdub.engines.models.pair_names import CONVERTED_OPUS, QUICKMT, converted_opus_name, quickmt_name
from dropdub.engines.models.pins import FILES, KOKORO_VOICE_BYTES, KOKORO_VOICES, PINS, Pinned
from dropdub.engines.pocket.languages import LANGUAGES, TOKENIZER, WEIGHTS, PocketLanguage
from dropdub.errors import UsageError
from dropdub.installation import packages_stamp
from dropdub.pasting import pasted
from dropdub.units import format_size

MB, GB = 1_000_000, 1_000_000_000

DEFAULT_MODELS = {
    "campplus": "campplus",
    "demucs": "htdemucs",
    "faster-whisper": "whisper-small",
    "kokoro": "kokoro-82m",
    "nllb": "nllb-200-distilled-600M",
    "parakeet": "parakeet-tdt-0.6b-v3",
    "spleeter": "spleeter-2stems",
    "xtts": "xtts-v2",
}
"""The model that an engine uses unless `models.use` names one; `transformers` has no default."""
ENGINES_BY_PAIR = frozenset({"bergamot", "quickmt"})
"""The engines that use all their models that are there: each is for a pair of languages."""
ENGINES_BY_LANGUAGE = frozenset({"pocket-tts"})
"""The engines that use all their models that are there: each is for one language."""

_PAIR = re.compile(r"([a-z]{2,3})-([a-z]{2,3})")
_OPUS = re.compile(r"opus-mt(-tc-big)?-([A-Za-z_]{2,20})-([A-Za-z_]{2,20})")
"""The originals, some of which have a group of languages at an end, in capitals."""


CC_BY = Licence(
    "CC-BY", "CC-BY-4.0: credit its authors, the Helsinki-NLP group", "yes", author="the Helsinki-NLP group"
)
CC_BY_QUICKMT = Licence("CC-BY", "CC-BY-4.0: credit its author, quickmt", "yes", author="quickmt")
CC_BY_NVIDIA = Licence("CC-BY", "CC-BY-4.0: credit its author, NVIDIA", "yes", author="NVIDIA")
CC_BY_NC = Licence("CC-BY-NC", "CC-BY-NC-4.0: not for commercial use", "no", author="Meta AI (No Language Left Behind)")
CC_BY_KYUTAI = Licence("CC-BY", "CC-BY-4.0: credit its author, Kyutai", "yes", author="Kyutai")
MPL = Licence("MPL-2", "the Mozilla Public License 2.0", "yes")
CPML = Licence(
    "CPML",
    "the Coqui Public Model License: neither the model nor the speech it generates may be used commercially",
    "no",
    consent=True,
)


def _source(
    repository: str, files: tuple[str, ...], optional: tuple[str, ...] = (), packages: Packaged | None = None
) -> Source:
    pinned = PINS.get(repository, Pinned("main"))
    return Source(repository, files, optional, pinned.revision, pinned.files, packages=packages or {})


def _packaged(name: str) -> Source:
    """Return the files of a model that are taken out of Python packages only."""
    pins = FILES[name]
    return Source("", tuple(pins), pins=pins, packages=PACKAGED[name])


def _whisper(name: str, repository: str, size: int, memory: int, languages: str = "99") -> KnownModel:
    full_name = f"whisper-{name}"
    files = ("config.json", "tokenizer.json", "vocabulary.json|vocabulary.txt", "model.bin")
    packages = PACKAGED.get(full_name)
    source = _source(repository, files, optional=("preprocessor_config.json",), packages=packages)
    return KnownModel(full_name, "faster-whisper", (source,), languages, size, memory, MIT)


def _parakeet() -> KnownModel:
    """Return the 8-bit conversion by the author of onnx-asr. Memory: reports of 1.2 to 1.35 GB, see the engine."""
    files = ("config.json", "vocab.txt", "decoder_joint-model.int8.onnx", "encoder-model.int8.onnx")
    source = _source("istupakov/parakeet-tdt-0.6b-v3-onnx", files)
    return KnownModel("parakeet-tdt-0.6b-v3", "parakeet", (source,), "25", 670 * MB, 1_350 * MB, CC_BY_NVIDIA)


def _nllb(variant: str, size: int, memory: int) -> KnownModel:
    """Return NLLB in CTranslate2's 8-bit format; all sizes use the tokenizer of the smallest."""
    name = f"nllb-200-distilled-{variant}"
    files = ("config.json", "shared_vocabulary.json|shared_vocabulary.txt", "model.bin")
    tokenizer = _source("facebook/nllb-200-distilled-600M", ("tokenizer.json",))
    sources = (tokenizer, _source(f"JustFrederik/{name}-ct2-int8", files))
    return KnownModel(name, "nllb", sources, "200", size, memory, CC_BY_NC)


def _madlad() -> KnownModel:
    files = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")
    source = _source("google/madlad400-3b-mt", files, optional=("special_tokens_map.json", "spiece.model"))
    return KnownModel("madlad400-3b-mt", "transformers", (source,), "419", 11_800 * MB, 14 * GB, APACHE)


def _xtts() -> KnownModel:
    files = ("config.json", "vocab.json", "speakers_xtts.pth", "model.pth")
    source = _source("coqui/XTTS-v2", files, optional=("LICENSE.txt",))
    return KnownModel("xtts-v2", "xtts", (source,), "17", 1_880 * MB, 4 * GB, CPML)


def _htdemucs() -> KnownModel:
    """Return the model in the format that needs no pickle. Memory: measured with its geometry, with torch."""
    source = _source("adefossez/HTDemucs", ("955717e8.safetensors",))
    return KnownModel("htdemucs", "demucs", (source,), "any", 84 * MB, 1_500 * MB, MIT)


def _spleeter() -> KnownModel:
    """Return the conversion of Spleeter's model for two stems to ONNX, in 16 bits. Memory: measured with it."""
    source = _source("csukuangfj/sherpa-onnx-spleeter-2stems-fp16", ("vocals.fp16.onnx", "accompaniment.fp16.onnx"))
    maker = "Deezer's Spleeter"
    return KnownModel("spleeter-2stems", "spleeter", (source,), "any", 39 * MB, 660 * MB, MIT, maker=maker)


def _opus(name: str, origin: str, target: str) -> KnownModel:
    files = ("config.json", "tokenizer_config.json", "vocab.json", "source.spm", "target.spm")
    weights = "model.safetensors|pytorch_model.bin"
    source = _source(f"Helsinki-NLP/{name}", (*files, weights), optional=("generation_config.json",))
    return KnownModel(name, "transformers", (source,), f"{origin}-{target}", 310 * MB, GB, CC_BY)


def _converted_opus(origin: str, target: str) -> KnownModel:
    """Return a model of OPUS-MT in CTranslate2's format, in 16 bits.

    Size: as the hub shows it for several. Memory: an estimate.
    """
    files = ("config.json", "shared_vocabulary.json", "source.spm", "target.spm", "model.bin")
    source = _source(f"gaudi/opus-mt-{origin}-{target}-ctranslate2", files)
    name = converted_opus_name(origin, target)
    return KnownModel(name, "quickmt", (source,), f"{origin}-{target}", 155 * MB, 300 * MB, CC_BY)


def _quickmt(origin: str, target: str) -> KnownModel:
    """Return quickmt's model for a pair, in 16 bits. No public record has all checksums: the first download is trusted.

    Size: as the hub shows it for quickmt-pt-en. Memory: the peak of random weights of its geometry, while they were
    loaded in int8; 312 MB were in use after it.
    """
    name = quickmt_name(origin, target)
    pieces = ("src.spm.model", "tgt.spm.model")
    files = ("config.json", "source_vocabulary.json", "target_vocabulary.json", *pieces, "model.bin")
    source = _source(f"quickmt/{name}", files)
    return KnownModel(name, "quickmt", (source,), f"{origin}-{target}", 404 * MB, 530 * MB, CC_BY_QUICKMT)


def _bergamot(origin: str, target: str) -> KnownModel:
    """Return the model of Firefox Translations for a pair: published by Mozilla, or else in a package."""
    name, published = f"bergamot-{origin}-{target}", PUBLISHED.get(f"{origin}-{target}", {})
    packages = PACKAGED.get(name, {})
    pins = {file: one.pin for file, one in published.items()} or FILES[name]
    paths = {file: one.path for file, one in published.items()}
    source = Source("", tuple(pins), pins=pins, published=paths, packages=packages)
    size = sum(pin.size for pin in pins.values())
    # fxtranslate keeps the weights once, and about as much again while it translates: 52 MB for 22 MB of files.
    model = KnownModel(name, "bergamot", (source,), f"{origin}-{target}", size, 5 * size // 2, MPL, maker=_MOZILLA)
    return replace(model, remark=_UNLICENSED) if packages else model


def _kokoro() -> KnownModel:
    """Return the 8-bit weights. Two voices for Portuguese come with the engine."""
    source = _packaged("kokoro-82m")
    return KnownModel("kokoro-82m", "kokoro", (source,), "pt", 92 * MB, 500 * MB, APACHE, maker="hexgrad/Kokoro-82M")


def _kokoro_voices() -> KnownModel:
    """Return the other voices for the engine's languages: a model of its own, since packages have only the weights."""
    files = tuple(f"{voice}.bin" for voice in KOKORO_VOICES)
    source = replace(_source("onnx-community/Kokoro-82M-v1.0-ONNX", files), folder="voices")
    size = len(files) * KOKORO_VOICE_BYTES
    return KnownModel("kokoro-voices", "kokoro", (source,), "6", size, size, APACHE, maker="hexgrad/Kokoro-82M")


def _campplus() -> KnownModel:
    """Return the weights of CAM++ as their authors published them, from a package."""
    source = _packaged("campplus")
    return KnownModel("campplus", "campplus", (source,), "any", 28 * MB, 200 * MB, APACHE, maker=_3D_SPEAKER)


def _campplus_onnx() -> KnownModel:
    """Return the same network and weights in one file, from the hub."""
    source = _source("csukuangfj/speaker-embedding-models", (f"3dspeaker_speech_{_CAMPPLUS}.onnx",))
    return KnownModel("campplus-onnx", "campplus", (source,), "any", 28 * MB, 200 * MB, APACHE, maker=_3D_SPEAKER)


def _dnsmos() -> KnownModel:
    """Return the model that rates the sound of speech. Memory: 235 MB with the library, measured."""
    source = _packaged("dnsmos")
    size = sum(pin.size for pin in source.pins.values())
    maker = "microsoft/DNS-Challenge"
    return KnownModel("dnsmos", "dnsmos", (source,), "-", size, 240 * MB, MIT, maker=maker)


def _pocket(language: PocketLanguage) -> KnownModel:
    """Return the model of a language. Only the weights are gated; its words and a voice are in the public repository.

    Repositories, paths and commits are those of pocket-tts 4.0.1 (its `config/LANGUAGE.yaml` and `utils/utils.py`).
    Size: that of the weights of this geometry. Memory: they are used as 32 bits, beside what is computed.
    """
    commits, folder = _POCKET_COMMITS[language.name], f"languages/{language.name}"
    public = "kyutai/pocket-tts-without-voice-cloning"
    sources = (
        Source("kyutai/pocket-tts", (WEIGHTS,), revision=commits.weights, folder=folder),
        Source(public, (TOKENIZER,), revision=commits.tokenizer, folder=folder),
        Source(public, (f"{commits.voice}.safetensors",), revision=_POCKET_VOICES, folder=f"{folder}/embeddings"),
    )
    model = KnownModel(language.model, "pocket-tts", sources, language.tag, 225 * MB, 1_200 * MB, CC_BY_KYUTAI)
    return replace(model, maker="kyutai/pocket-tts", remark=_GATED)


@dataclass(frozen=True)
class _PocketCommits:
    """The commits of a language's weights and tokenizer, and the name of the voice that is its default."""

    voice: str
    weights: str = "3e82814a68665eec246ff649b14c71331f955c06"
    tokenizer: str = "4e1e0a3e611c51c0b4ed8174fc10f32a54644303"


_POCKET_COMMITS = {
    "portuguese": _PocketCommits("rafael"),
    "english": _PocketCommits(
        "alba", "db04f0e653473e5c7333c69686ac92b7460b0c1d", "00eac05ed3d16bdc3f6b5d598874019c34a89214"
    ),
    "german": _PocketCommits("juergen"),
    "spanish": _PocketCommits("lola"),
    "french": _PocketCommits("estelle", tokenizer="8843db76457a91db32077edf8dfcd1c0e3e755fd"),
    "italian": _PocketCommits("giovanni"),
    "dutch": _PocketCommits("daan"),
}
_POCKET_VOICES = "a7056f505a4a8ca72d8b5fb1440071d6f1a35739"
_GATED = (
    "Its page asks everybody to accept terms once, among them not to imitate a voice without consent: sign in, accept "
    "them, and download it with the token of that account."
)
_CAMPPLUS = "campplus_sv_zh_en_16k-common_advanced"
_3D_SPEAKER = f"iic/speech_{_CAMPPLUS} by 3D-Speaker"
_MOZILLA = "Mozilla's Firefox Translations"
_UNLICENSED = (
    "The package does not mention the licence of these files; they are identical to files that Mozilla published under "
    "this licence."
)

MODELS: tuple[KnownModel, ...] = (
    _whisper("tiny", "Systran/faster-whisper-tiny", 78 * MB, 250 * MB),
    _whisper("tiny.en", "Systran/faster-whisper-tiny.en", 78 * MB, 250 * MB, "en"),
    _whisper("base", "Systran/faster-whisper-base", 148 * MB, 350 * MB),
    _whisper("small", "Systran/faster-whisper-small", 487 * MB, 850 * MB),
    _whisper("medium", "Systran/faster-whisper-medium", 1_530 * MB, 2 * GB),
    _whisper("large-v3", "Systran/faster-whisper-large-v3", 3_090 * MB, 4 * GB, "100"),
    _whisper("turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1_620 * MB, 2_300 * MB, "100"),
    _whisper("distil-large-v3", "Systran/faster-distil-whisper-large-v3", 1_520 * MB, 2_200 * MB, "en"),
    _parakeet(),
    _quickmt("en", "pt"),
    _quickmt("pt", "en"),
    _nllb("600M", 640 * MB, 1_200 * MB),
    _nllb("1.3B", 1_410 * MB, 2_400 * MB),
    _madlad(),
    _opus("opus-mt-en-roa", "en", "roa"),
    _opus("opus-mt-roa-en", "roa", "en"),
    _opus("opus-mt-en-es", "en", "es"),
    _bergamot("en", "pt"),
    _bergamot("pt", "en"),
    _kokoro(),
    _kokoro_voices(),
    *(_bergamot(*pair.split("-")) for pair in PUBLISHED),
    _campplus(),
    _campplus_onnx(),
    _xtts(),
    _dnsmos(),
    *map(_pocket, LANGUAGES.values()),
    _htdemucs(),
    _spleeter(),
)
"""All listed models. In addition, `find` accepts the names of models of OPUS-MT and quickmt for any pair of languages.

`roa` stands for the Romance languages, including Portuguese.
"""


def all_models() -> tuple[KnownModel, ...]:
    """Return all listed models: Dropdub's own, then those that other packages bring."""
    return (*MODELS, *brought_models().models)


def brought_models() -> Brought:
    """Return the models that other packages bring, and what is wrong with those that are left out."""
    return _brought(packages_stamp())


@lru_cache(maxsize=1)
def _brought(_packages: tuple[int, ...]) -> Brought:
    """Read the entry points once, and again when packages were installed."""
    return brought(lambda name: _own(name) is not None)


def default_models() -> dict[str, str]:
    """Return the model that each engine uses unless `models.use` names one: an engine of another package uses the first
    that is brought for it.
    """
    firsts = {model.engine: model.name for model in reversed(brought_models().models)}
    own = {model.engine for model in MODELS}
    return {engine: name for engine, name in firsts.items() if engine not in own} | DEFAULT_MODELS


def brought_by_pair(engine: str) -> dict[tuple[str, str], str]:
    """Return the models that packages bring for an engine of theirs, by pair; empty if not all are for a pair."""
    models = [model for model in brought_models().models if model.engine == engine]
    pairs = [_PAIR.fullmatch(model.languages) for model in models]
    if engine in {model.engine for model in MODELS} or not all(pairs):
        return {}
    return {(pair[1], pair[2]): model.name for pair, model in zip(pairs, models, strict=True) if pair}


def find(name: str) -> KnownModel | None:
    """Return the model of this name, ignoring case; None if it is not known."""
    found = (model for model in brought_models().models if model.name.casefold() == name.casefold())
    return _own(name) or next(found, None)


def _own(name: str) -> KnownModel | None:
    for model in MODELS:
        if model.name.casefold() == name.casefold():
            return model
    if pair := QUICKMT.fullmatch(name):
        return _quickmt(pair[1], pair[2])
    if (pair := CONVERTED_OPUS.fullmatch(name)) and name == converted_opus_name(pair[1], pair[2]):
        return _converted_opus(pair[1], pair[2])
    pair = _OPUS.fullmatch(name)
    return _opus(name, pair[2], pair[3]) if pair else None


def how_to_download(name: str) -> str:
    """Return the sentence, without its full stop, that names the command which downloads a model, and its size."""
    model = find(name)
    size = f" ({format_size(model.download_bytes)})" if model else ""
    return f"Download it{size} with: `dropdub models pull {pasted(name)}`"


def named(name: str) -> KnownModel:
    """Return the model of this name. Raises UsageError, which suggests similar names."""
    model = find(name)
    if model is not None:
        return model
    close = get_close_matches(name, [model.name for model in all_models()], n=3, cutoff=0.4)
    similar = f" Similar names: {', '.join(close)}." if close else ""
    raise UsageError(f"There is no model '{name}'.{similar}", remedy="See all models: `dropdub models list --all`")
