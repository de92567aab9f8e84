"""The marks that are measured: what a generator is set to, and the manifest and keys for the detector."""

# The default keys of transformers' SynthID, thirty layers.
SYNTHID_KEYS = [654, 400, 836, 123, 340, 443, 597, 160, 57, 29, 590, 639, 13, 715, 468, 990, 966, 226, 324, 585, 118, 504, 421,
                521, 129, 669, 732, 225, 90, 960]
VOCABULARY = 49152

SETTINGS = {
    "unmarked": None,
    "synthid": {"keys": SYNTHID_KEYS, "ngram_len": 5},
    "gumbel": {"key": 42, "context_width": 4},
    "kgw": {"key": 15485863, "gamma": 0.25, "bias": 2.0},
    "sglang": {"key": "0123456789abcdef", "context_width": 4},
}

TITLES = {
    "unmarked": "no mark",
    "synthid": "SynthID (transformers)",
    "gumbel": "Gumbel (vLLM)",
    "kgw": "KGW (transformers)",
    "sglang": "Gumbel (SGLang)",
}
