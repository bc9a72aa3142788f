"""The models of Firefox Translations that Mozilla publishes: where each file is, its size and its SHA-256.

Written by `python benchmarks/firefox_models.py`. Mozilla states the size and the SHA-256 in the same records as the
address; those of the models are also in the repository mozilla/firefox-translations-models, which has the licence
(MPL-2.0) and the scores. Its own copies of the files, in Git's storage for large files, are no longer served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dropdub.engines.models.pins import Pin


@dataclass(frozen=True)
class Published:
    """A file on Mozilla's server; `path` is below the folder of these models."""

    path: str
    size: int
    sha256: str

    @property
    def pin(self) -> Pin:
        return Pin(self.size, self.sha256)


PUBLISHED: Mapping[str, Mapping[str, Published]] = {
    "en-de": {  # 2.1
        "model.ende.intgemm.alphas.bin": Published(
            "23db71e7-b6d9-45eb-a47d-0290d7d8ef63.bin",
            31_561_787,
            "8df29d9494d19f47fd5d97c6a73474c6f657e9f81c1a607c431d02befdf3810f",
        ),
        "lex.50.50.ende.s2t.bin": Published(
            "bc072b1a-7749-43f7-9fe0-34a6dff10c4a.bin",
            4_347_672,
            "7ed39f1cffbd68a27ddf05bbfe068de2060f1d7e69f1a20e27ae923551dd7393",
        ),
        "vocab.ende.spm": Published(
            "261225ea-5a52-455b-981c-7d09c6e6da3c.spm",
            810_073,
            "69f730becafa48e3bb2c244eab66456877c08959a02f2bd5519b5a3088b62f9c",
        ),
    },
    "de-en": {  # 2.0
        "model.deen.intgemm.alphas.bin": Published(
            "f44b1b1b-9df6-4ece-971e-0e5ce96fae54.bin",
            31_561_787,
            "3e6f7c2c2425d10824797270b382bee718ff34af2cab9308841c82ca46dc6f20",
        ),
        "lex.50.50.deen.s2t.bin": Published(
            "d0e4efcb-6145-43db-a69e-568904cc2925.bin",
            4_945_796,
            "113b98460468360cca68c042e1cddf49c4e1931cbb975ed04349c9a3bd607010",
        ),
        "vocab.deen.spm": Published(
            "8ad4d93e-21e6-4862-81d5-c1c3a7d0767b.spm",
            810_073,
            "69f730becafa48e3bb2c244eab66456877c08959a02f2bd5519b5a3088b62f9c",
        ),
    },
    "en-es": {  # 2.1
        "model.enes.intgemm.alphas.bin": Published(
            "a4ba0e94-16de-4058-9a44-5bbbbb3c8640.bin",
            31_561_787,
            "3b1c399511c01c84c36fae5c0524df44096288efdc8236e182b5c97d7ad2244c",
        ),
        "lex.50.50.enes.s2t.bin": Published(
            "1834a61e-0331-4c4a-bbc0-dda02afa8188.bin",
            4_198_436,
            "7d51237c0a07027dcd61643cfbbb0f8c48597d19907ef53d2cae9d6bec2cf25c",
        ),
        "vocab.enes.spm": Published(
            "170634fd-511a-4a28-b723-0a1025c67feb.spm",
            816_054,
            "5ae254fa9b15aa182e70fd2a6186b1333c63a29a48043a9224c6aa4fcac058ad",
        ),
    },
    "es-en": {  # 2.0
        "model.esen.intgemm.alphas.bin": Published(
            "d7256ea9-7731-4f15-866c-62998eef93b9.bin",
            31_561_787,
            "4aed7734152ae0045d1a69ae49c86cfda18f53c61f90e95e1d1de1c7c7c3b033",
        ),
        "lex.50.50.esen.s2t.bin": Published(
            "a55a9cf2-8a8c-4942-a528-91e93d081746.bin",
            4_636_248,
            "e2610211d3b9577d012638fe7e7e74ed7b4b708ce96b9e792e67c282a6492daa",
        ),
        "vocab.esen.spm": Published(
            "8695cc3d-7897-4c29-808b-bc983a93d1cd.spm",
            816_054,
            "5ae254fa9b15aa182e70fd2a6186b1333c63a29a48043a9224c6aa4fcac058ad",
        ),
    },
    "en-fr": {  # 2.0
        "model.enfr.intgemm.alphas.bin": Published(
            "e0d7f3ee-163a-4b0a-8e44-8b208b39477d.bin",
            31_561_787,
            "6322e296d4fecfe395a8d5723da4ec37ecbe6d7613bb1dfcf4b28e2a47498b68",
        ),
        "lex.50.50.enfr.s2t.bin": Published(
            "293d1823-ff05-48c9-837b-cff8fd33f197.bin",
            4_372_936,
            "2585ed98d3af0bc949865aedeb390493d591f56870814376e73e4144c41ed059",
        ),
        "vocab.enfr.spm": Published(
            "c7c1bcf3-71f6-425a-a6ed-403bd9a0a759.spm",
            814_404,
            "783abf3abe075afdf8d85d233994bef2c3a064e935ab1bed946820aff6ac002a",
        ),
    },
    "fr-en": {  # 2.0
        "model.fren.intgemm.alphas.bin": Published(
            "8ef78b1c-df6c-49fc-8cae-cf8c0c2a6630.bin",
            31_561_787,
            "15f997bc0d13808b0b0fbd0786e684a3c8a52adcd8071844b76123fdacbf2b90",
        ),
        "lex.50.50.fren.s2t.bin": Published(
            "c4d99496-81bf-480f-b0bb-3aebacdcbe8e.bin",
            4_824_120,
            "87c6752ea908f5f0347c10ac0cf7d80d9c2f4f20c81c90168f3e8230b56d4440",
        ),
        "vocab.fren.spm": Published(
            "11ecb9da-60dd-4b39-aa12-27883099294b.spm",
            814_404,
            "783abf3abe075afdf8d85d233994bef2c3a064e935ab1bed946820aff6ac002a",
        ),
    },
    "en-it": {  # 2.1
        "model.enit.intgemm.alphas.bin": Published(
            "29ae0d70-5e37-49e8-8da6-3e2c58da61d1.bin",
            31_561_787,
            "248f47568788ecc351da7e5e07064d4153b4f71e011364ae2c931ffeec4d1cc2",
        ),
        "lex.50.50.enit.s2t.bin": Published(
            "3730ff60-2291-4c87-888d-2dc4593b20db.bin",
            4_133_192,
            "8b21914804625b2777dae7fdb636eb78f02a3eb8b7bceaa50f29ac740961da93",
        ),
        "vocab.enit.spm": Published(
            "d9d5ffa9-b919-4491-9ab6-3dec34459768.spm",
            812_724,
            "3ef0211d4ae6db21440892f180f2019fe2bfc110a330ffa9d2eca9665e4f2bc5",
        ),
    },
    "it-en": {  # 2.0
        "model.iten.intgemm.alphas.bin": Published(
            "a6e3de84-6612-4546-a4ef-b658ee23ca08.bin",
            31_561_787,
            "21b70978ce2f3b4da7a06b5de86a09abe3acd30b9eee1b2ebb3582b9bad790bf",
        ),
        "lex.50.50.iten.s2t.bin": Published(
            "122ac310-0f7b-40d5-b49d-bcee81077c85.bin",
            4_713_616,
            "0700d6d70b30490e68ff9deca0b45b80310745b491855bde3a13e1692d0cbce1",
        ),
        "vocab.iten.spm": Published(
            "51b5a437-9daa-481e-a9bc-311f2b3f490c.spm",
            812_724,
            "3ef0211d4ae6db21440892f180f2019fe2bfc110a330ffa9d2eca9665e4f2bc5",
        ),
    },
    "en-ru": {  # 2.0
        "model.enru.intgemm.alphas.bin": Published(
            "a6257317-71eb-4ca0-83ce-279c77f7b613.bin",
            42_992_955,
            "0ef9a209c5edc46692750e7505b3695655b1c7c3ec73058b641201ef18c481ce",
        ),
        "lex.50.50.enru.s2t.bin": Published(
            "bec0fc43-6cb1-4e63-a37f-7f6653fdda77.bin",
            2_768_468,
            "3587f93c10c1d457f874c2ba7ff4d5e2686fdaf7f3fd179cfefeacab3c6990b9",
        ),
        "vocab.enru.spm": Published(
            "fcd0f93e-defa-4990-9592-370fb368e81d.spm",
            904_455,
            "56ee63e14e8cb926c394242adc3ed7cc602644c3d33058cff2ce2959d52a6258",
        ),
    },
    "ru-en": {  # 1.1
        "model.ruen.intgemm.alphas.bin": Published(
            "466ccac8-f8c7-4fee-81ee-477a1f817f1c.bin",
            17_141_051,
            "b1d85c13cfbb05e1d326dd6f0fb5ef270a2011b547450260f96567a93f446c94",
        ),
        "lex.50.50.ruen.s2t.bin": Published(
            "fe5156a8-ab98-4597-84c5-f1248eda4770.bin",
            4_483_844,
            "f654693577505fd38b1f3d220cdd4ffffbb45afb900a60cf751f0724eadc74e0",
        ),
        "vocab.ruen.spm": Published(
            "40916383-0537-4869-992a-6606ee0cfb97.spm",
            905_257,
            "93bdc941b16e523695c319f74778bca9fd8b75a25ad75020cdc98aef74cdc0fc",
        ),
    },
}
"""By pair of languages and file name."""
