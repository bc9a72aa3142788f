"""The pinned contents of the known models: the commit of each repository, and size and SHA-256 of its files.

With pins, no server needs to be trusted: neither the hub, nor a mirror, nor anybody in between. Repositories and files
without a pin are *remembered*: the first download is recorded, and later ones are compared with it. To add or change a
pin, `python benchmarks/pins.py MODEL` prints what a hub has now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pin:
    """A file's content."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Pinned:
    """A repository at one commit; `files` are the known contents, which may not be all."""

    revision: str
    files: Mapping[str, Pin] = field(default_factory=dict)


def _whisper(revision: str, config: tuple[int, str], model: tuple[int, str], words: Mapping[str, Pin]) -> Pinned:
    return Pinned(revision, {"config.json": Pin(*config), "model.bin": Pin(*model), **words})


_WORDS = {
    "tokenizer.json": Pin(2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
    "vocabulary.txt": Pin(459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
}
_WORDS_V3 = {
    "preprocessor_config.json": Pin(340, "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711"),
    "tokenizer.json": Pin(2_480_617, "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca"),
    "vocabulary.json": Pin(1_068_114, "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1"),
}
_WORDS_TURBO = _WORDS_V3 | {
    "tokenizer.json": Pin(2_710_337, "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd"),
}
_NLLB_WORDS = {
    "config.json": Pin(159, "0c2f6fa2057c7264d052fb4a62ba3476eeae70487acddfa8e779a53a00cbf44c"),
    "shared_vocabulary.txt": Pin(2_568_098, "a132a83330f45514c2476eb81d1d69b3c41762264d16ce0a7ea982e5d6c728e5"),
}

PINS: dict[str, Pinned] = {
    "Systran/faster-whisper-tiny": _whisper(
        "d90ca5fe260221311c53c58e660288d3deb8d356",
        (2_249, "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8"),
        (75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"),
        _WORDS,
    ),
    "Systran/faster-whisper-tiny.en": Pinned(
        "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
        {
            "config.json": Pin(2_317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
            "model.bin": Pin(75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
            "tokenizer.json": Pin(2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
            "vocabulary.txt": Pin(422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
        },
    ),
    "Systran/faster-whisper-base": _whisper(
        "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        (2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
        (145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
        _WORDS,
    ),
    "Systran/faster-whisper-small": _whisper(
        "536b0662742c02347bc0e980a01041f333bce120",
        (2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
        (483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
        _WORDS,
    ),
    "Systran/faster-whisper-medium": _whisper(
        "08e178d48790749d25932bbc082711ddcfdfbc4f",
        (2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
        (1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
        _WORDS,
    ),
    "Systran/faster-whisper-large-v3": _whisper(
        "edaa852ec7e145841d8ffdb056a99866b5f0a478",
        (2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
        (3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"),
        _WORDS_V3,
    ),
    "mobiuslabsgmbh/faster-whisper-large-v3-turbo": _whisper(
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        (2_263, "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e"),
        (1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
        _WORDS_TURBO,
    ),
    "Systran/faster-distil-whisper-large-v3": _whisper(
        "c3058b475261292e64a0412df1d2681c06260fab",
        (2_690, "90c55f775cc4e0bb17293d0bf12f96557a486f20dea886fabd8e6075a3588b21"),
        (1_512_927_867, "b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5"),
        _WORDS_V3,
    ),
    # As three programs that pin this model record it, independently and alike.
    "istupakov/parakeet-tdt-0.6b-v3-onnx": Pinned(
        "8f23f0c03c8761650bdb5b40aaf3e40d2c15f1ce",
        {
            "config.json": Pin(97, "666903c76b9798caf2c210afd4f6cd60b08a8dbf9800ec8d7a3bc0d2148ac466"),
            "decoder_joint-model.int8.onnx": Pin(
                18_202_004, "eea7483ee3d1a30375daedc8ed83e3960c91b098812127a0d99d1c8977667a70"
            ),
            "encoder-model.int8.onnx": Pin(
                652_183_999, "6139d2fa7e1b086097b277c7149725edbab89cc7c7ae64b23c741be4055aff09"
            ),
            "vocab.txt": Pin(93_939, "d58544679ea4bc6ac563d1f545eb7d474bd6cfa467f0a6e2c1dc1c7d37e3c35d"),
        },
    ),
    "facebook/nllb-200-distilled-600M": Pinned(
        "f8d333a098d19b4fd9a8b18f94170487ad3f821d",
        {"tokenizer.json": Pin(17_331_176, "e316b82de11d0f951f370943b3c438311629547285129b0b81dadabd01bca665")},
    ),
    "JustFrederik/nllb-200-distilled-600M-ct2-int8": Pinned(
        "302d78f00e6fdb50a1064059df7c392b735e9d05",
        {
            **_NLLB_WORDS,
            "model.bin": Pin(622_595_991, "ed1beaf75134de7505315a5223162f56acff397eff6b50638a500d3936fe707b"),
        },
    ),
    "JustFrederik/nllb-200-distilled-1.3B-ct2-int8": Pinned(
        "30c36268408177b0fce2bfcfa205d877accd327d",
        {
            **_NLLB_WORDS,
            "model.bin": Pin(1_381_827_087, "72d7533dc7a0e8f10f19a650d4e90faf9cbfa899db5411ad124bd5802bd91263"),
        },
    ),
    "google/madlad400-3b-mt": Pinned(
        "fa184c675da0b5c9e1c8694fccd4e12e2d422094",
        {
            "config.json": Pin(749, "cad399cab799b99409a6ec2d90d72552257c2bb752861261d2016691e0643e7c"),
            "generation_config.json": Pin(142, "0849b38987568ccfe4ebefc22bbda1cec4bee01c345e93bfab207d4692b0a1d5"),
            "model.safetensors": Pin(
                11_761_587_872, "66ff5f8fcaf92291da486fdfbd4d5233cec90e1359348a56e3172c978b3a76d4"
            ),
            "special_tokens_map.json": Pin(414, "7f79f1d5063d56c4b980eec0692f3c7429bdef335071d34e566bd00fd4b5e3e0"),
            "spiece.model": Pin(4_427_844, "ef11ac9a22c7503492f56d48dce53be20e339b63605983e9f27d2cd0e0f3922c"),
            "tokenizer.json": Pin(16_629_031, "a2799ccc696b752ba00c34f58726bfe253a04921ceb6cfc620400f560474790b"),
            "tokenizer_config.json": Pin(830, "641fc660745306dfb935f666a68f8bc10a44c39241cfb357be518fda8c09662d"),
        },
    ),
    "coqui/XTTS-v2": Pinned(
        "6c2b0d75eae4b7047358e3b6bd9325f857d43f77",
        {
            "LICENSE.txt": Pin(4_014, "190f6d7c19b8984f91b97712b94ce92d2b2e640fc677dacab966e955ece9d043"),
            "config.json": Pin(4_368, "ef262b1454dd2a77e1461b0b2cd53e19b8a7624cc131b837d36df67356bc75e8"),
            "model.pth": Pin(1_867_929_118, "c7ea20001c6a0a841c77e252d8409f6a74fb423e79b3206a0771ba5989776187"),
            "speakers_xtts.pth": Pin(7_754_818, "f0f6137c19a4eab0cbbe4c99b5babacf68b1746e50da90807708c10e645b943b"),
            "vocab.json": Pin(361_219, "928260878a59da8a72a2a5b7687fea29d5106137669d90945430fe17e415304a"),
        },
    ),
    "Helsinki-NLP/opus-mt-en-es": Pinned(
        "5bc4493d463cf000c1f0b50f8d56886a392ed4ab",
        {"pytorch_model.bin": Pin(312_087_523, "befce0f620e8e63f83bbb7f0818eb51d541cba28057a7cc14b00466d85c4994c")},
    ),
}
"""The pinned repositories, by name."""

FILES: dict[str, Mapping[str, Pin]] = {
    "kokoro-82m": {
        "kokoro-v1.0.int8.onnx": Pin(92_361_271, "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"),
    },
    "bergamot-en-pt": {
        "model.enpt.intgemm.alphas.bin": Pin(
            17_140_836, "d968735704c75e33c2e183b9241f14c0b2a560d01d88a2728e5c0119a4d7fb22"
        ),
        "lex.50.50.enpt.s2t.bin": Pin(4_472_528, "1e96599123d275afa37353dfe84677a4070f013494fbdc9c52a28445cc9bc38d"),
        "vocab.enpt.spm": Pin(812_781, "633a3d782c79f7d5e4b94ab96848f47c2fdf8ba82dd99efd1742b8a696bbd0cc"),
    },
    "bergamot-pt-en": {
        "model.pten.intgemm.alphas.bin": Pin(
            17_140_836, "6c3b7af01772022a19712410c63342ba581468c2f1aac34d7488409c4043e697"
        ),
        "lex.50.50.pten.s2t.bin": Pin(5_001_420, "212ed0ae44a6f920cd6d17ca02f0a523ba6c4b0ef5078ae310c20bc4c51484c5"),
        "vocab.pten.spm": Pin(812_889, "8389979e3c965688b07aeb712a7e44406e5dcdb2b84087229d26fcc71448c4ed"),
    },
}
"""The files of models that only packages have, by the model's name."""
