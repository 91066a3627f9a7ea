"""A language model of half a megabyte with random weights.

It speaks no sense, but it is a real transformer behind a real server: prompts are tokenised,
tokens are sampled and streamed, context runs out. The weights come from a fixed seed, so every
machine has the same model.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from l7audit_stack.deploy.cache import cache_folder

NAME = "l7audit-random"
CONTEXT = 2048
_VERSION = 1  # part of the file's name: raise it when the model changes
_WIDTH, _LAYERS, _HEADS, _INNER, _SEED = 64, 2, 4, 128, 7
_TEXT = (
    "a agent all and answer any ask at be by call can data do each end find first for from get "
    "give has have how if in is it keep key last let line list make may model more must new next "
    "no not note of on one open or other our out plan read reply run say see send set show so "
    "some state step stop system take task test text than that the them then there these they "
    "this time to tool true try turn two up use user value wait was we what when which who will "
    "with word work write yes you"
)
_WORDS = _TEXT.split()


def model_file() -> Path:
    """The model in this user's cache folder; it is written there the first time."""
    cache = cache_folder()
    path = cache / f"random-{_VERSION}.gguf"
    if not path.exists():
        descriptor, unfinished = tempfile.mkstemp(dir=cache, suffix=".unfinished")
        os.close(descriptor)
        try:
            write_model(Path(unfinished))
            Path(unfinished).rename(path)  # two runs may do this at once: both files are whole
        finally:
            Path(unfinished).unlink(missing_ok=True)
    return path


def vocabulary() -> tuple[list[bytes], list[int]]:
    """Tokens of a SentencePiece vocabulary and their types; bytes make every text expressible."""
    special = [b"<unk>", b"<s>", b"</s>"]
    octets = [f"<0x{octet:02X}>".encode() for octet in range(256)]
    words = [f"\u2581{word}".encode() for word in _WORDS]
    letters = ["\u2581".encode(), *(chr(code).encode() for code in range(33, 127))]
    tokens = [*special, *octets, *words, *letters]
    return tokens, [2, 3, 3, *([6] * 256), *([1] * (len(words) + len(letters)))]


def write_model(path: Path) -> None:
    """Write the model as GGUF."""
    # Imported here: they cost a second, and only the first run on a machine writes the model.
    import numpy  # noqa: PLC0415
    from gguf import GGUFWriter  # noqa: PLC0415

    tokens, types = vocabulary()
    draw = numpy.random.default_rng(_SEED)

    def weights(*shape: int) -> Any:
        return (draw.standard_normal(shape) * 0.08).astype(numpy.float32)

    def ones() -> Any:
        return numpy.ones(_WIDTH, numpy.float32)

    output = weights(len(tokens), _WIDTH) * 20
    output[: 3 + 256] = 0  # words win over raw bytes and the end, so answers are readable
    output[3 + 256 + len(_WORDS) :] = 0
    tensors = {
        "token_embd.weight": weights(len(tokens), _WIDTH),
        "output_norm.weight": ones(),
        "output.weight": output,
    }
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        tensors |= {f"{block}.{norm}_norm.weight": ones() for norm in ("attn", "ffn")}
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensors[f"{block}.{part}.weight"] = weights(_WIDTH, _WIDTH)
        tensors[f"{block}.ffn_gate.weight"] = weights(_INNER, _WIDTH)
        tensors[f"{block}.ffn_up.weight"] = weights(_INNER, _WIDTH)
        tensors[f"{block}.ffn_down.weight"] = weights(_WIDTH, _INNER)

    writer = GGUFWriter(path, "llama")
    writer.add_name(NAME)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(0)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
