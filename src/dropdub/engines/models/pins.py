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

KOKORO_VOICE_BYTES = 510 * 256 * 4
"""A vector of 256 floats for each number of phonemes up to 510."""
KOKORO_VOICES = {
    "af_alloy": "c4a6b876047fd7fb472edf4ebd63cfac7c3b958a7cae7c106e8f038ca6308c45",
    "af_aoede": "4a004c33430762e2461eedb2013fad808ef4ab3121f5300f554476caf58d8361",
    "af_bella": "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "af_jessica": "a240a5e3c15b43563d6e923bdca8ef5613a23471d9b77653694012435df23bd8",
    "af_kore": "9be5221b6a941c04b561959b8ff0b06e809444dcc4ab7e75a7b23606f691819e",
    "af_nicole": "cd2191ab31b914ed7b318416b0e4440fdf392ddad9106a060819aa600a64f59a",
    "af_nova": "18778272caa0d0eebaea251c35fd635f038434f9eee5e691d02a174bd328414f",
    "af_river": "00a2bcf82b1d86e8f19902ede58c65ccf6c0e43b44b7d74fad54e5d8933c9c30",
    "af_sarah": "4409fbc125afabacc615d94db5398d847006a737b0247d6892b7a9a0007a2f0a",
    "af_sky": "4435255c9744f3f31659e0d714ab7689bf65d9e77ec1cce060f083912614f0b9",
    "am_adam": "162b035ed91cfc48b6046982184c645f72edcdd1b82843347f605d7bf7b15716",
    "am_echo": "3968b92c3c4cd1c4416dbded36c13eaa388a90d5788d02a13e4d781f5f8cf3c3",
    "am_eric": "e8b5be17edd1e3636901ce7598baafe2dc8dd8ff707a0c23bf9e461add7e2832",
    "am_fenrir": "c27989f741f7ee34d273a39d8a595cc0837d35f5ced9a29b7cc162614616df43",
    "am_liam": "52403be32fd047c6a44517cb0bcd6b134f2a18baa73e70ef41651e0eab921ade",
    "am_michael": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
    "am_onyx": "da5d135b424164916d75a68ffb4c2abce3d7d5ccc82dd1ee6cf447ce286145e6",
    "am_puck": "fcf73c989033e9233e0b98713eca600c8c74dcc1614b37009d5450ff4a2274a0",
    "am_santa": "61150cf726ab6c5ed7a99f90a304f91f5a72c00c592e89ec94e5df11c319227a",
    "bf_alice": "08afa6ba24da61ea5e8efa139e5aadc938d83f0a6da5a900adaf763ac1da5573",
    "bf_emma": "669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73",
    "bf_isabella": "3754352c4aaa46d17f27654ab7518d65b62ad6163a0f55a5f4330c2da2c4e94f",
    "bf_lily": "5e0ee32ebe64a467124976b14e69590746f1c4ce41a12b587a50c862edfea335",
    "bm_daniel": "6b3194bbceffb746733cbc22c8f593dd44e401a71d53895a2dca891bc595a1e8",
    "bm_fable": "f889083196807b4adb15e9204252165f503b8d33d3982e681c52443c49d798f1",
    "bm_george": "c4b235a4c1f2cd3b939fed08b899ce9385638b763f7b73a59616c4fc9bd6c9bc",
    "bm_lewis": "b8f671cef828c30e66fdf0b0756a76bba58f6bb3398cbbf27058642acbcedb97",
    "ef_dora": "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532",
    "em_alex": "27809e9eafdcbcfff90a3016c697568676531de2a2c39cee29c96c7bd6b83e95",
    "em_santa": "ad43b774e1ca24d05c6161297d8aeb770ac3d29bb95daf516727af5f7d543683",
    "ff_siwis": "a35f5675ad08948e326ae75fd0ea16ba5d0042e4f76b5f3d1df77d0a48c54861",
    "hf_alpha": "040be6a4425411cc01fda5fd06693c76bfa78572632852bc8cda9c99232ffb56",
    "hf_beta": "cd83ae0bb9b2e4e4fb92b4973bd8d1822ca0036d3c498bf4fc89aa8e33917cc7",
    "hm_omega": "b02d9222d9ed00ce26b302173a862c2c93f96cc40b5c422b8d14910b9ff34137",
    "hm_psi": "644daf88ba8aeb7bd08950bbdcd4453bb280864e49dc4df93fabc6be32e03f37",
    "if_sara": "409b69248798fcdc2542330c76953d230710f19b057e59cb82fdc3c4cf71265c",
    "im_nicola": "bc578e510d52a96d6940d46f12e96d7b3df00905dbea075113226d100e6e1ab0",
    "pm_santa": "8b012db3185778afe2e45a62cbad69db73021774fe68dda634bcc748a982eede",
}
"""The SHA-256 of the voices that Dropdub does not bring itself, without those for Japanese and Chinese."""

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
    # As at least three programs that pin these files record them, alike. Nobody of Dropdub has downloaded them; for the
    # two voices that Dropdub brings, those programs record the sums of our files.
    "onnx-community/Kokoro-82M-v1.0-ONNX": Pinned(
        "1939ad2a8e416c0acfeecc08a694d14ef25f2231",
        {f"{voice}.bin": Pin(KOKORO_VOICE_BYTES, digest) for voice, digest in KOKORO_VOICES.items()},
    ),
    # As at least three programs that pin these files record them, alike. Nobody of Dropdub has downloaded them.
    "adefossez/HTDemucs": Pinned(
        "bf35a81b663819a8255c8fefee17f9d812b786b5",
        {
            "955717e8.safetensors": Pin(84_025_440, "d9fa14133cfcc034a6758923bb3a8ca9f8dfd0b582134643bbf83f72c17576dd"),
        },
    ),
    # As at least seven programs that pin this file record it, alike; two of them compared it with the checksums of
    # sherpa-onnx's release. Nobody of Dropdub has downloaded it.
    "csukuangfj/speaker-embedding-models": Pinned(
        "0743f301363dec56491a490f6d6cbc9d67f9a3bf",
        {
            "3dspeaker_speech_campplus_sv_zh_en_16k-common_advanced.onnx": Pin(
                28_281_164, "aa3cfc16963a10586a9393f5035d6d6b57e98d358b347f80c2a30bf4f00ceba2"
            )
        },
    ),
    "csukuangfj/sherpa-onnx-spleeter-2stems-fp16": Pinned(
        "93ba771920ade509f8cbd6825b1a90856c797e08",
        {
            "vocals.fp16.onnx": Pin(19_681_017, "24cef84aedcd1fe87c0b743ef3370ad34dc1fabf6c9014d6128a75a538c7b668"),
            "accompaniment.fp16.onnx": Pin(
                19_681_024, "d14cea55793cc531a5875f5f4da08207d1c5ab9292e8e0099a104eecb014fcc0"
            ),
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
    # As at least seven other programs record the file of iic/speech_campplus_sv_zh_en_16k-common_advanced, v1.0.0.
    "campplus": {
        "campplus_cn_en_common.pt": Pin(28_044_640, "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"),
    },
    "kokoro-82m": {
        "kokoro-v1.0.int8.onnx": Pin(92_361_271, "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"),
    },
    # The same file as in microsoft/DNS-Challenge, DNSMOS/DNSMOS, at 591184a9fcb2cbdec02520fed81a32bbbf9d73ff.
    "dnsmos": {
        "sig_bak_ovr.onnx": Pin(1_157_965, "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd"),
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
