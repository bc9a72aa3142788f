"""Small models of Pocket TTS with random weights, loaded by the library's own code; what they say is noise."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from dropdub.engines.pocket.geometry import configuration
from dropdub.engines.pocket.languages import CONFIG, LANGUAGES, TOKENIZER, WEIGHTS

ALPHABET = " abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZáéíóúâêôãõçàüñÁÉÍÓÚÂÊÔÃÕÇ.,!?;:'-…"
WIDTH, LATENT = 32, 8
ENDS_AT, ENDS_NOW_AND_THEN = -4.0, -0.5
"""The library's threshold for an end, and how far the model is from it on average."""
LOUDNESS = 0.1


def make_tiny_pocket(models_dir: Path, tag: str = "pt", *, clones: bool = True, seed: int = 0) -> Path:
    """Write the model of a language, with a voice of its own, and return its folder.

    Without `clones`, it is like the makers' public weights: the part that hears voices consists of zeros.
    """
    import torch
    from pocket_tts import TTSModel, export_model_state
    from pocket_tts.utils.config import Config
    from safetensors.torch import save_file

    folder = models_dir / LANGUAGES[tag].model
    folder.mkdir(parents=True)
    geometry = _geometry(_write_tokenizer(folder / TOKENIZER))
    (folder / CONFIG).write_text(json.dumps(geometry), encoding="utf-8")
    torch.manual_seed(seed)
    logging.getLogger("pocket_tts").setLevel(logging.ERROR)
    config = Config(**{**configuration(folder, LANGUAGES[tag]), "weights_path": None})
    model: Any = TTSModel._from_pydantic_config_with_weights(config, 0.3, 1, None, ENDS_AT)
    with torch.no_grad():
        model.flow_lm.speaker_proj_weight.normal_()
        model.flow_lm.out_eos.weight.normal_(0, WIDTH**-0.5)
        model.flow_lm.out_eos.bias.fill_(ENDS_AT + ENDS_NOW_AND_THEN)
        voice = model.get_state_for_audio_prompt(torch.randn(1, 24_000) * 0.1)
        sound = model.generate_audio(voice, "Bom dia.")
        model.mimi.decoder.model[-1].conv.weight *= LOUDNESS / float(sound.std())
        if not clones:
            for one in model.mimi.encoder.parameters():
                one.zero_()
    export_model_state(voice, folder / "rafael.safetensors")
    save_file({name: one.contiguous() for name, one in model.state_dict().items()}, folder / WEIGHTS)
    return folder


def _write_tokenizer(path: Path) -> int:
    """Write a tokenizer of single letters; return the size of its vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    pieces = [("<unk>", 0.0), *((one, -1.0) for one in ALPHABET.replace(" ", "▁"))]
    tokenizer = Tokenizer(models.Unigram(pieces, 0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.save(str(path))
    size: int = tokenizer.get_vocab_size()
    return size


def _geometry(words: int) -> dict[str, Any]:
    """Return the published geometry with little in each part. `words`: how many the tokenizer knows."""
    published = configuration(Path(), LANGUAGES["pt"])
    flow_lm, mimi = published["flow_lm"], published["mimi"]
    transformer = {"d_model": WIDTH, "num_heads": 2, "num_layers": 1}
    return {
        "flow_lm": {
            **flow_lm,
            "flow": {"depth": 1, "dim": WIDTH},
            "transformer": {**flow_lm["transformer"], **transformer, "hidden_scale": 2},
            "lookup_table": {"dim": WIDTH, "n_bins": words},
        },
        "mimi": {
            **mimi,
            "inner_dim": LATENT,
            "outer_dim": WIDTH,
            "seanet": {**mimi["seanet"], "dimension": WIDTH, "n_filters": 2},
            "transformer": {
                **mimi["transformer"],
                **transformer,
                "context": 50,
                "dim_feedforward": WIDTH,
                "input_dimension": WIDTH,
                "output_dimensions": [WIDTH],
            },
            "quantizer": {"dimension": LATENT, "output_dimension": WIDTH},
        },
    }
