"""The process that serves the model: `python -m ...llm_server MODEL HOST PORT` until a signal."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import xllamacpp  # type: ignore[import-untyped]

from l7audit_stack.deploy.components.model import CONTEXT, NAME

_SLOTS = 4
_MAGIC = b"GGUF"
"""How a model begins."""


def main() -> None:
    """Serve the OpenAI protocol: chat, streaming and embeddings."""
    # Told first: a server that fails to load may end the process before it says why.
    with Path(sys.argv[1]).open("rb") as model:
        if model.read(len(_MAGIC)) != _MAGIC:
            sys.exit(_unusable("no GGUF file"))
    settings = xllamacpp.CommonParams()
    settings.model.path = sys.argv[1]
    settings.model_alias = {NAME}
    settings.hostnames = [sys.argv[2]]
    settings.port = int(sys.argv[3])
    settings.n_parallel = _SLOTS
    settings.n_ctx = CONTEXT * _SLOTS
    settings.cpuparams.n_threads = 1
    settings.warmup = False
    settings.endpoint_metrics = True
    settings.endpoint_slots = False  # it would show other callers' prompts
    settings.ui = False
    settings.embedding = True
    settings.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    try:
        server = xllamacpp.Server(settings)
    except RuntimeError as error:
        sys.exit(_unusable(str(error)))
    sys.stdout.write(f"listening on {server.listening_address}\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


def _unusable(why: str) -> str:
    return f"{sys.argv[1]} can't be served ({why}): delete it, it is made anew."


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
