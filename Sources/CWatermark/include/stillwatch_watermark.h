#ifndef STILLWATCH_WATERMARK_H
#define STILLWATCH_WATERMARK_H

#include <stddef.h>
#include <stdint.h>

/// Marks for a language model's answers: what a serving engine calls for each token.
///
/// A scheme holds the keys and is read-only once made: any number of threads may use it. A generator belongs to one answer
/// and to one thread at a time. Nothing here logs, allocates while a token is marked, or reads a clock, a file or the
/// environment. No function ends the process: what is wrong with its arguments comes back as a status.
///
/// The interface is stable: fields are only added at the end of `swm_config`, whose `struct_size` says which are there, and
/// functions are only added.

#if defined(_WIN32)
#define SWM_EXPORT __declspec(dllexport)
#else
#define SWM_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Version of this interface; `swm_abi_version()` gives that of the library.
#define SWM_ABI_VERSION 1

typedef enum swm_status {
    SWM_OK = 0,
    /// A pointer that must not be NULL is.
    SWM_NULL_POINTER = 1,
    /// `struct_size` is smaller than the first version's, or larger than the library knows.
    SWM_BAD_SIZE = 2,
    /// No such scheme, or not one that this function is for.
    SWM_BAD_SCHEME = 3,
    /// No keys, too many, or a key that the scheme cannot take.
    SWM_BAD_KEYS = 4,
    /// Width, history, table, gamma, bias, alpha or payload outside its range.
    SWM_BAD_PARAMETER = 5,
    /// A token id that is not below the vocabulary's size.
    SWM_BAD_TOKEN = 6,
    /// The number of scores is not the vocabulary's size.
    SWM_BAD_VOCABULARY = 7,
    /// A score that is NaN or +infinity.
    SWM_BAD_SCORE = 8,
    /// Every score is -infinity.
    SWM_NO_CHOICE = 9,
    SWM_NO_MEMORY = 10
} swm_status;

typedef enum swm_scheme_kind {
    /// SynthID-Text as in Hugging Face transformers: one sampling table.
    SWM_SYNTHID_TABLE = 1,
    /// SynthID-Text as in google-deepmind/synthid-text's main branch: a start value from the keys, no table.
    SWM_SYNTHID_HASH = 2,
    /// Green lists as in transformers, `lefthash`.
    SWM_KGW_LEFT = 3,
    /// Green lists as in transformers, `selfhash`.
    SWM_KGW_SELF = 4,
    /// Gumbel-max as vLLM's `gumbel` and `dual_key_gumbel`: Philox4x32-10.
    SWM_GUMBEL_PHILOX = 5,
    /// Gumbel-max as SGLang's: MurmurHash3.
    SWM_GUMBEL_MURMUR = 6,
    /// Gumbel-max over Philox with a payload: each context belongs to one symbol of it, which picks the numbers used there.
    SWM_GUMBEL_PAYLOAD = 7
} swm_scheme_kind;

/// Keys and parameters of a scheme. Set everything to zero, then `struct_size`, `kind` and what the scheme reads.
typedef struct swm_config {
    /// sizeof(swm_config) of the header the caller was compiled with.
    uint32_t struct_size;
    /// A `swm_scheme_kind`.
    uint32_t kind;
    /// Tokens before the one that is marked: SynthID's ngram_len - 1, vLLM's context_width, SGLang's context_window,
    /// transformers' context_width. 1...64.
    uint32_t context_width;
    /// Token ids are below this: 2...2^31-1.
    uint32_t vocabulary_size;
    /// Contexts remembered so that one that comes again is not marked: SynthID's context_history_size, vLLM's
    /// deduplicate_contexts_max_history, SGLang's 4096 (after which nothing is marked). 0...2^20; 0 remembers none.
    /// KGW does not read it.
    uint32_t context_history;
    /// SYNTHID_TABLE: entries of the sampling table (65536 in transformers), 2...2^24, and its seed.
    uint32_t table_size;
    uint32_t table_seed;
    /// Number of `keys`. SynthID: depth, 1...64. KGW: 1. GUMBEL_PHILOX and GUMBEL_MURMUR: 1, or 2 for two keys.
    /// GUMBEL_PAYLOAD: 1.
    uint32_t key_count;
    const int64_t *keys;
    /// SYNTHID_HASH: SHA-256 of the keys as little-endian 64-bit numbers, as a big-endian number, modulo 2^63-1.
    uint64_t hash_start;
    /// KGW: share of the vocabulary that is green, above 0 and below 1, and what is added to a green token's score.
    double gamma;
    double bias;
    /// Two keys. PHILOX: the probability of the second key. MURMUR: the probability of the first. 0...1.
    double alpha;
    /// GUMBEL_PAYLOAD: symbols in a payload, 1...256, and values a symbol may have, 2...256.
    uint32_t payload_symbols;
    uint32_t payload_radix;
} swm_config;

typedef struct swm_scheme swm_scheme;
typedef struct swm_generator swm_generator;

/// The library's interface version.
SWM_EXPORT uint32_t swm_abi_version(void);

/// What a status means, in English; never NULL.
SWM_EXPORT const char *swm_status_text(int status);

/// A scheme, to be given back with `swm_scheme_destroy`. The keys are copied.
SWM_EXPORT int swm_scheme_create(const swm_config *config, swm_scheme **scheme);
/// NULL is allowed. No generator of the scheme may be used afterwards. Keys are overwritten.
SWM_EXPORT void swm_scheme_destroy(swm_scheme *scheme);

/// A generator for one answer after the other. The scheme must outlive it.
SWM_EXPORT int swm_generator_create(const swm_scheme *scheme, swm_generator **generator);
SWM_EXPORT void swm_generator_destroy(swm_generator *generator);

/// Starts an answer to a prompt of `count` tokens.
///
/// SynthID's context does not hold the prompt and starts with zeros, as in transformers; vLLM's (GUMBEL_PHILOX, and
/// GUMBEL_PAYLOAD like it) does not either and is filled with 0xFFFFFFFF. SGLang's and KGW's goes on from the prompt, and
/// is short where that is shorter than the context.
SWM_EXPORT int swm_generator_reset(swm_generator *generator, const uint32_t *prompt, size_t count);

/// Sets the payload of this answer and those that follow: `payload_symbols` values below `payload_radix`.
SWM_EXPORT int swm_generator_set_payload(swm_generator *generator, const uint8_t *symbols, size_t count);

/// Rewrites the scores of the next token in place: SynthID and KGW. `count` is the vocabulary's size.
///
/// SynthID: scores are log-probabilities up to a constant (temperature, top-k and top-p already applied; -infinity for what
/// cannot be chosen), and become log-probabilities; what becomes impossible gets the least finite value, as in
/// transformers. KGW adds the bias to green tokens.
SWM_EXPORT int swm_generator_apply(swm_generator *generator, float *scores, size_t count);

/// Chooses the next token: Gumbel. `count` is the vocabulary's size; scores as above.
///
/// `random` are two numbers uniform in 0...2^64-1, fresh for each call: used where a context comes again, or history is
/// full, and to pick between two keys of GUMBEL_PHILOX. `is_marked` may be NULL.
SWM_EXPORT int swm_generator_choose(
    swm_generator *generator, const float *scores, size_t count, const uint64_t random[2], uint32_t *token,
    int *is_marked);

/// Tells the generator which token was taken in the end, before the next one is marked.
SWM_EXPORT int swm_generator_accept(swm_generator *generator, uint32_t token);

#ifdef __cplusplus
}
#endif
#endif
