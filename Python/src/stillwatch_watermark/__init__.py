"""Marks the answers of a language model so that a detector that has the keys finds them.

`Manifest` and `Keys` read what generator and detector agree on; `scheme` makes a `Scheme` of them, and a `Generator` of
that marks one answer after another. `hf`, `vllm` and `llama_cpp` put a generator into those libraries.
"""

from .native import Generator, Kind, Scheme, WatermarkError
from .manifest import Keys, Manifest, ManifestError, payload_code, scheme

__all__ = [
    "Generator", "Keys", "Kind", "Manifest", "ManifestError", "Scheme", "WatermarkError", "payload_code", "scheme"]
