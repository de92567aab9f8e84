"""For Hugging Face transformers.

    config = WatermarkConfig(manifest, keys)
    model.generate(**inputs, do_sample=True, watermarking_config=config)

`watermarking_config` puts the mark after temperature, top-k and top-p, where it belongs; `logits_processor` would put
it before. `WatermarkLogitsProcessor` is for one's own generation loops.
"""

import torch
from transformers import LogitsProcessor
from transformers.generation.configuration_utils import BaseWatermarkingConfig

from .manifest import payload_code, scheme
from .sampling import numbers


class WatermarkLogitsProcessor(LogitsProcessor):
    """Marks a batch of answers. Scores come after temperature, top-k and top-p.

    SynthID and KGW rewrite the scores. Gumbel leaves one token: sample, do not take beams.

    - `pad_token_id`: what fills prompts on the left, which is then no part of a context.
    - `account`: whose answers these are, for `gumbel_payload`: one id, or one for each row.
    - `random`: a `random.Random`, for runs that can be repeated; else the system's random numbers.
    """

    def __init__(self, manifest, keys, *, pad_token_id=None, account=None, random=None):
        self.manifest = manifest
        self.scheme = scheme(manifest, keys)
        self.pad_token_id, self.random = pad_token_id, random
        self._payloads = None
        if manifest.scheme == "gumbel_payload":
            accounts = [account] if isinstance(account, str) else list(account or [])
            if not accounts:
                raise ValueError("scheme 'gumbel_payload' needs 'account': whose answers these are")
            self._payloads = [payload_code(manifest, keys, name) for name in accounts]
        elif account is not None:
            raise ValueError(f"scheme '{manifest.scheme}' bears no payload")
        self.reset()

    def reset(self):
        """Forgets the answers so far. Not needed where another batch of prompts shows that new ones begin."""
        self._generators, self._seen, self._prompt_length = [], None, 0

    def _start(self, row, generator):
        prompt = row[:self._prompt_length]
        if self.pad_token_id is not None:
            while prompt and prompt[0] == self.pad_token_id:
                prompt = prompt[1:]
        generator.reset(prompt)
        for token in row[self._prompt_length:]:
            generator.accept(token)

    def _follow(self, input_ids):
        rows, length = input_ids.shape
        seen = self._seen
        goes_on = seen is not None and seen.shape == (rows, length - 1)
        if goes_on and torch.equal(input_ids[:, :-1], seen):
            for token, generator in zip(input_ids[:, -1].tolist(), self._generators):
                generator.accept(token)
        else:
            # Rows of beams change places; anything else is a new batch.
            known = {tuple(row) for row in seen.tolist()} if goes_on else set()
            lists = input_ids.tolist()
            if not goes_on or not all(tuple(row[:-1]) in known for row in lists):
                self._prompt_length = length
                if self._payloads and len(self._payloads) not in (1, rows):
                    raise ValueError(f"{len(self._payloads)} accounts for {rows} rows")
                if len(self._generators) != rows:
                    self._generators = [self.scheme.generator() for _ in range(rows)]
                for number, generator in enumerate(self._generators):
                    if self._payloads:
                        generator.set_payload(self._payloads[number % len(self._payloads)])
            for row, generator in zip(lists, self._generators):
                self._start(row, generator)
        self._seen = input_ids.clone()

    def __call__(self, input_ids, scores):
        self._follow(input_ids)
        marked = scores.detach().to("cpu", torch.float32, copy=True).contiguous()
        for row, generator in zip(marked, self._generators):
            if self.scheme.rewrites_scores:
                generator.apply(row)
            else:
                token, _ = generator.choose(row, numbers(self.random))
                row.fill_(-torch.inf)
                row[token] = 0
        return marked.to(scores.device, scores.dtype)


class WatermarkConfig(BaseWatermarkingConfig):
    """For `generate(watermarking_config=...)`; the arguments are those of `WatermarkLogitsProcessor`."""

    def __init__(self, manifest, keys, **options):
        self._arguments = (manifest, keys, options)
        # Tells at once what is wrong with them.
        WatermarkLogitsProcessor(manifest, keys, **options)

    def __deepcopy__(self, memo):
        return self

    def validate(self):
        """Nothing: manifest and keys have been checked."""

    def to_dict(self):
        """Names the manifest. Keys are never part of a configuration."""
        return {"manifest": self._arguments[0].fingerprint}

    def to_json_string(self):
        return str(self.to_dict()).replace("'", '"') + "\n"

    def __iter__(self):
        yield from self.to_dict().items()

    def construct_processor(self, vocab_size, device=None):
        """The processor of one call of `generate`."""
        manifest, keys, options = self._arguments
        return WatermarkLogitsProcessor(manifest, keys, **options)
