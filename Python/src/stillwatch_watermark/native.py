"""The C library, as its header says: nothing but `ctypes`."""

import ctypes
import enum
import operator
import os
import pathlib

ABI_VERSION = 1
# Statuses of the header.
BAD_KEYS, BAD_PARAMETER, BAD_TOKEN, BAD_VOCABULARY, BAD_SCORE, NO_CHOICE = 4, 5, 6, 7, 8, 9


class WatermarkError(ValueError):
    """What the library reports. `status` is its number in the header."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Kind(enum.IntEnum):
    """Schemes, with their numbers in the header."""

    SYNTHID_TABLE = 1
    SYNTHID_HASH = 2
    KGW_LEFT = 3
    KGW_SELF = 4
    GUMBEL_PHILOX = 5
    GUMBEL_MURMUR = 6
    GUMBEL_PAYLOAD = 7


REWRITES = {Kind.SYNTHID_TABLE, Kind.SYNTHID_HASH, Kind.KGW_LEFT, Kind.KGW_SELF}


class _Config(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("kind", ctypes.c_uint32), ("context_width", ctypes.c_uint32),
        ("vocabulary_size", ctypes.c_uint32), ("context_history", ctypes.c_uint32), ("table_size", ctypes.c_uint32),
        ("table_seed", ctypes.c_uint32), ("key_count", ctypes.c_uint32), ("keys", ctypes.POINTER(ctypes.c_int64)),
        ("hash_start", ctypes.c_uint64), ("gamma", ctypes.c_double), ("bias", ctypes.c_double),
        ("alpha", ctypes.c_double), ("payload_symbols", ctypes.c_uint32), ("payload_radix", ctypes.c_uint32)]


def _loaded():
    library = ctypes.CDLL(str(pathlib.Path(__file__).with_name("libstillwatch_watermark.so")))
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    for name, result, arguments in (
            ("swm_abi_version", ctypes.c_uint32, []),
            ("swm_status_text", ctypes.c_char_p, [ctypes.c_int]),
            ("swm_scheme_create", ctypes.c_int, [pointer, pointer]),
            ("swm_scheme_destroy", None, [pointer]),
            ("swm_generator_create", ctypes.c_int, [pointer, pointer]),
            ("swm_generator_destroy", None, [pointer]),
            ("swm_generator_reset", ctypes.c_int, [pointer, pointer, size]),
            ("swm_generator_set_payload", ctypes.c_int, [pointer, ctypes.c_char_p, size]),
            ("swm_generator_apply", ctypes.c_int, [pointer, pointer, size]),
            ("swm_generator_choose", ctypes.c_int, [pointer, pointer, size, pointer, pointer, pointer]),
            ("swm_generator_accept", ctypes.c_int, [pointer, ctypes.c_uint32])):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.swm_abi_version() != ABI_VERSION:
        raise ImportError(f"the library has interface {library.swm_abi_version()}, this package needs {ABI_VERSION}")
    return library


_library = _loaded()


def _check(status):
    if status != 0:
        raise WatermarkError(status, _library.swm_status_text(status).decode())


def _tokens(ids):
    try:
        ids = [operator.index(token) for token in ids]
    except (TypeError, ValueError):
        raise TypeError("token ids are whole numbers") from None
    for token in ids:
        if not 0 <= token < 1 << 32:
            raise WatermarkError(BAD_TOKEN, f"{token} is no token id")
    return (ctypes.c_uint32 * len(ids))(*ids)


def _row(scores, is_written):
    """Address and length of a row of scores that is used where it is: single precision, contiguous, in main memory."""
    if hasattr(scores, "data_ptr"):
        if str(scores.dtype) != "torch.float32" or scores.device.type != "cpu" or not scores.is_contiguous():
            raise TypeError("scores must be a contiguous float32 tensor on the CPU")
        return scores.data_ptr(), scores.numel(), scores
    view = memoryview(scores)
    if view.format != "f" or not view.c_contiguous:
        raise TypeError("scores must be a contiguous array of float32")
    if is_written and view.readonly:
        raise TypeError("scores cannot be written to")
    count = view.nbytes // 4
    if not view.readonly:
        return ctypes.addressof(ctypes.c_char.from_buffer(view)) if count else None, count, view
    copy = (ctypes.c_float * count).from_buffer_copy(view)
    return ctypes.addressof(copy), count, copy


class Scheme:
    """Keys and parameters. May be used by any number of threads, and outlives its generators.

    The arguments are the fields of the header's `swm_config`; keys are whole numbers of 64 bits, signed or not.
    """

    def __init__(
            self, kind, *, keys, context_width, vocabulary_size, context_history=0, table_size=0, table_seed=0,
            hash_start=0, gamma=0.0, bias=0.0, alpha=0.0, payload_symbols=0, payload_radix=0):
        self.kind = Kind(kind)
        self._pointer = None
        numbers = []
        for key in keys:
            if not -(1 << 63) <= key < 1 << 64:
                raise WatermarkError(BAD_KEYS, "a key is no number of 64 bits")
            numbers.append(key - (1 << 64) if key >= 1 << 63 else key)
        counts = {
            "context_width": context_width, "vocabulary_size": vocabulary_size, "context_history": context_history,
            "table_size": table_size, "table_seed": table_seed, "payload_symbols": payload_symbols,
            "payload_radix": payload_radix}
        for name, count in counts.items():
            if not 0 <= count < 1 << 32:
                raise WatermarkError(BAD_PARAMETER, f"{name} is outside its range")
        held = (ctypes.c_int64 * len(numbers))(*numbers)
        config = _Config(
            struct_size=ctypes.sizeof(_Config), kind=self.kind, key_count=len(numbers), keys=held,
            hash_start=hash_start, gamma=gamma, bias=bias, alpha=alpha, **counts)
        pointer = ctypes.c_void_p()
        status = _library.swm_scheme_create(ctypes.byref(config), ctypes.byref(pointer))
        ctypes.memset(held, 0, ctypes.sizeof(held))
        _check(status)
        self._pointer = pointer
        self.context_width = context_width
        self.vocabulary_size = vocabulary_size
        self.payload_symbols = payload_symbols

    @property
    def rewrites_scores(self):
        """Whether it changes scores (SynthID, KGW); the others choose the token."""
        return self.kind in REWRITES

    def generator(self):
        """A generator for one answer at a time."""
        return Generator(self)

    def __del__(self):
        if getattr(self, "_pointer", None):
            _library.swm_scheme_destroy(self._pointer)


class Generator:
    """Marks one answer after another; for one thread at a time."""

    def __init__(self, scheme):
        self._pointer = None
        self.scheme = scheme
        pointer = ctypes.c_void_p()
        _check(_library.swm_generator_create(scheme._pointer, ctypes.byref(pointer)))
        self._pointer = pointer
        self._random = (ctypes.c_uint64 * 2)()
        self._token = ctypes.c_uint32()
        self._is_marked = ctypes.c_int()

    def __del__(self):
        if getattr(self, "_pointer", None):
            _library.swm_generator_destroy(self._pointer)

    def _check(self, status, count):
        if status == BAD_VOCABULARY:
            raise WatermarkError(
                status, f"{count} scores, and the scheme's vocabulary_size is {self.scheme.vocabulary_size}: another "
                "model, or another manifest?")
        _check(status)

    def reset(self, prompt=()):
        """Starts an answer to a prompt."""
        # Only the end of the prompt can be part of a context.
        tokens = _tokens(prompt[-self.scheme.context_width:])
        _check(_library.swm_generator_reset(self._pointer, tokens, len(tokens)))

    def set_payload(self, symbols):
        """Sets the payload of this answer and those that follow."""
        symbols = bytes(symbols)
        _check(_library.swm_generator_set_payload(self._pointer, symbols, len(symbols)))

    def apply(self, scores):
        """Rewrites the scores of the next token in place."""
        address, count, _held = _row(scores, True)
        self._check(_library.swm_generator_apply(self._pointer, address, count), count)

    def choose(self, scores, random=None):
        """Chooses the next token: its id, and whether it bears the mark.

        `random` are two numbers uniform in 0...2^64-1, fresh for each token; without them the system gives them.
        """
        address, count, _held = _row(scores, False)
        if random is None:
            ctypes.memmove(self._random, os.urandom(16), 16)
        else:
            self._random[0], self._random[1] = random
        status = _library.swm_generator_choose(
            self._pointer, address, count, self._random, ctypes.byref(self._token), ctypes.byref(self._is_marked))
        self._check(status, count)
        return self._token.value, bool(self._is_marked.value)

    def accept(self, token):
        """Says which token was taken."""
        token = operator.index(token)
        if not 0 <= token < 1 << 32:
            raise WatermarkError(BAD_TOKEN, f"{token} is no token id")
        _check(_library.swm_generator_accept(self._pointer, token))
