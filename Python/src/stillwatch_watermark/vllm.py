"""For vLLM, by its entry points: both the interface of its first model runner and that of its second.

    STILLWATCH_WATERMARK_MANIFEST=manifest.json vllm serve ...

The keys are those in keys.json beside the manifest, or in the file that STILLWATCH_WATERMARK_KEYS names. Without
STILLWATCH_WATERMARK_MANIFEST nothing is marked. A request turns the mark off with
`SamplingParams(extra_args={"stillwatch_watermark": False})`, and under `gumbel_payload` says whose answer it is with
`"stillwatch_account"`. No request can name keys. Answers without choice (temperature 0) are left as they are.
"""

import datetime
import functools
import logging
import os
import random
import weakref

from .native import BAD_SCORE, NO_CHOICE, WatermarkError
from .manifest import Keys, Manifest, ManifestError, payload_code, scheme
from .sampling import choose, keep_only, truncate

SWITCH, ACCOUNT = "stillwatch_watermark", "stillwatch_account"
LEAST_TEMPERATURE = 1e-5

_bases = []
try:
    from vllm.v1.sample.logits_processor.interface import LogitsProcessor as _First
    from vllm.v1.sample.logits_processor.interface import MoveDirectionality
    _bases.append(_First)
except ImportError:
    pass
try:
    from vllm.v1.worker.gpu.sample.logits_processor.interface import LogitsProcessor as _Second
    _bases.append(_Second)
except ImportError:
    pass
if not _bases:
    raise ImportError("this vLLM has no interface for logits processors that is known here")


@functools.cache
def _manifest():
    path = os.environ.get("STILLWATCH_WATERMARK_MANIFEST")
    return Manifest.read(path) if path else None


def _keys(manifest):
    beside = os.path.join(os.path.dirname(manifest.path), "keys.json")
    return Keys.read(os.environ.get("STILLWATCH_WATERMARK_KEYS") or beside, manifest)


class _Request:
    """One answer in the batch."""

    def __init__(self, generator, params):
        self.generator = generator
        self.temperature = params.temperature
        self.top_k = max(params.top_k, 0)
        self.top_p = params.top_p
        self.min_p = params.min_p
        seed = params.seed
        self.random = None if seed is None else random.Random(f"stillwatch-{seed}")
        self.accepted = None

    def follow(self, prompt, output):
        """Takes in what was added to the answer."""
        if self.accepted is None:
            self.generator.reset(prompt())
            self.accepted = 0
        for token in output(self.accepted):
            if token < 0:
                raise RuntimeError(
                    "vLLM does not say which tokens were taken: start it with --logits-processors "
                    "stillwatch_watermark.vllm:WatermarkLogitsProcessor, or with --no-async-scheduling")
            self.generator.accept(token)
            self.accepted += 1


class WatermarkLogitsProcessor(*_bases):
    """Marks the answers of all requests that do not decline, by the manifest of the server."""

    # Configurations and their processors, as weak references: an entry point and an option may both ask for one.
    _serving = []

    def __init__(self, vllm_config, *arguments):
        # The first model runner gives a device and whether memory is pinned, the second its state.
        self._state = arguments[0] if len(arguments) == 1 else None
        self._requests = {}
        self._scheme = None
        self._manifest = _manifest()
        if self._manifest is None or self._is_second(vllm_config):
            return
        self._check_server(vllm_config)
        self._keys = _keys(self._manifest)
        self._scheme = scheme(self._manifest, self._keys)
        self._spare = []
        logging.getLogger(__name__).info(
            "answers are marked by %s, fingerprint %s", self._manifest.path, self._manifest.fingerprint)

    def _is_second(self, vllm_config):
        """Whether a processor of this configuration marks already."""
        serving = [(config, processor) for config, processor in self._serving if processor() is not None]
        is_second = any(config() is vllm_config for config, _ in serving)
        if not is_second:
            serving.append((weakref.ref(vllm_config), weakref.ref(self)))
        WatermarkLogitsProcessor._serving = serving
        return is_second

    def _check_server(self, vllm_config):
        """Fails where what is marked could not be read, before any request comes."""
        if getattr(vllm_config, "speculative_config", None) is not None:
            raise ValueError("answers cannot be marked under speculative decoding")
        if not self._manifest.is_valid(datetime.datetime.now(datetime.timezone.utc)):
            raise ManifestError(self._manifest.path, "valid_until", "the manifest is not in force")
        model = getattr(vllm_config, "model_config", None)
        if model is not None and model.get_vocab_size() != self._manifest.fields.get("vocabulary_size"):
            raise ManifestError(
                self._manifest.path, "vocabulary_size", f"the model's is {model.get_vocab_size()}")

    @classmethod
    def validate_params(cls, sampling_params):
        manifest = _manifest()
        arguments = sampling_params.extra_args or {}
        if manifest is None:
            return
        switch, account = arguments.get(SWITCH, True), arguments.get(ACCOUNT)
        if switch not in (True, False):
            raise ValueError(f"{SWITCH} is true or false")
        if account is not None and manifest.scheme != "gumbel_payload":
            raise ValueError(f"{ACCOUNT} is given, and the server's scheme '{manifest.scheme}' bears no payload")
        if manifest.scheme == "gumbel_payload" and switch:
            if not isinstance(account, str) or not 1 <= len(account.encode()) <= 1024:
                raise ValueError(f"{ACCOUNT} must say whose answer this is, in 1 to 1024 bytes")

    def _request(self, params):
        """What is known of a request, or None if it is not to be marked."""
        arguments = params.extra_args or {}
        if self._scheme is None or params.temperature < LEAST_TEMPERATURE or not arguments.get(SWITCH, True):
            return None
        generator = self._spare.pop() if self._spare else self._scheme.generator()
        if self._manifest.scheme == "gumbel_payload":
            generator.set_payload(payload_code(self._manifest, self._keys, arguments.get(ACCOUNT) or ""))
        return _Request(generator, params)

    def _drop(self, index):
        request = self._requests.pop(index, None)
        if request is not None:
            self._spare.append(request.generator)

    # The first model runner.

    def is_argmax_invariant(self):
        """True: vLLM then calls `apply` after temperature and min-p, and only for what is sampled."""
        return True

    def update_state(self, batch_update):
        if batch_update is None or self._scheme is None:
            return
        for index in batch_update.removed:
            self._drop(index)
        for index, params, prompt, output in batch_update.added:
            self._drop(index)
            request = self._request(params)
            if request is not None:
                request.tokens = (prompt or [], output)
                self._requests[index] = request
        for first, second, direction in batch_update.moved:
            a, b = self._requests.pop(first, None), self._requests.pop(second, None)
            if a is not None:
                self._requests[second] = a
            if b is not None:
                if direction == MoveDirectionality.SWAP:
                    self._requests[first] = b
                else:
                    self._spare.append(b.generator)

    def _apply_first(self, logits):
        for index, request in self._requests.items():
            prompt, output = request.tokens
            request.follow(lambda: prompt, lambda start: output[start:])
            # vLLM would cut the marked distribution once more, so that the token is drawn here if it would.
            is_drawn = not self._scheme.rewrites_scores or request.top_k > 0 or request.top_p < 1
            _mark(logits, index, request, is_drawn, top_k=request.top_k, top_p=request.top_p)
        return logits

    # The second.

    def add_request(self, req_idx, sampling_params):
        if self._scheme is None:
            return False
        self._drop(req_idx)
        request = self._request(sampling_params)
        if request is not None:
            self._requests[req_idx] = request
        return request is not None

    def _apply_second(self, logits, context):
        if not self._requests:
            return logits
        state = self._state
        for index, slot in enumerate(context.idx_mapping_np.tolist()):
            request = self._requests.get(slot)
            if request is None:
                continue
            tokens, start = state.all_token_ids.gpu[slot], int(state.prompt_len.np[slot])
            end = int(state.total_len.gpu[slot])
            request.follow(lambda: tokens[:start].tolist(), lambda known: tokens[start + known:end].tolist())
            # vLLM's own temperature and cuts come after this and find one token.
            _mark(
                logits, index, request, True, temperature=request.temperature, top_k=request.top_k,
                top_p=request.top_p, min_p=request.min_p)
        return logits

    def apply(self, logits, context=None):
        return self._apply_first(logits) if context is None else self._apply_second(logits, context)


def _mark(logits, index, request, is_drawn, **cuts):
    """Marks one row of a batch in place: draws its token, or leaves that to vLLM."""
    import torch

    # A copy, so that a row that cannot be marked stays as it is.
    row = logits[index].detach().to("cpu", torch.float32, copy=True).contiguous().numpy()
    try:
        if is_drawn:
            truncate(row, **cuts)
            keep_only(row, choose(request.generator, row, request.random))
        else:
            request.generator.apply(row)
    except WatermarkError as error:
        # Scores that are no numbers are the model's affair; the server goes on.
        if error.status not in (BAD_SCORE, NO_CHOICE):
            raise
        return
    logits[index] = torch.from_numpy(row).to(logits.device, logits.dtype)
