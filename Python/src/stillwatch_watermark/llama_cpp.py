"""For llama-cpp-python.

    processor = WatermarkLogitsProcessor(manifest, keys, temperature=0.8, top_k=40, top_p=0.95)
    llama.create_completion(prompt, logits_processor=LogitsProcessorList([processor]))

llama.cpp calls the processor before its own temperature, top-k and top-p, so they are given here: the processor draws
the token and leaves nothing else to choose.
"""

import numpy as np

from .manifest import payload_code, scheme
from .sampling import choose, keep_only, truncate


class WatermarkLogitsProcessor:
    """Marks one answer after another. `account` is whose answers these are, for `gumbel_payload`."""

    def __init__(
            self, manifest, keys, *, temperature=0.8, top_k=40, top_p=0.95, min_p=0.05, account=None, random=None):
        if not temperature > 0:
            raise ValueError("temperature must be above 0: an answer without choice bears no mark")
        self.settings = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p}
        self.random = random
        self.generator = scheme(manifest, keys).generator()
        if manifest.scheme == "gumbel_payload":
            if account is None:
                raise ValueError("scheme 'gumbel_payload' needs 'account': whose answers these are")
            self.generator.set_payload(payload_code(manifest, keys, account))
        elif account is not None:
            raise ValueError(f"scheme '{manifest.scheme}' bears no payload")
        self._seen = None

    def reset(self):
        """Forgets the answer so far. Not needed where the next call's tokens show that a new one begins."""
        self._seen = None

    def __call__(self, input_ids, scores):
        tokens = np.asarray(input_ids)
        if self._seen is not None and len(tokens) == len(self._seen) + 1 and np.array_equal(tokens[:-1], self._seen):
            self.generator.accept(int(tokens[-1]))
        else:
            self.generator.reset(tokens.tolist())
        self._seen = tokens.copy()
        row = np.array(scores, dtype=np.float32)
        truncate(row, **self.settings)
        keep_only(row, choose(self.generator, row, self.random))
        return row
