#ifndef STILLWATCH_SCORING_H
#define STILLWATCH_SCORING_H

#include "stillwatch_watermark.h"

#ifdef __cplusplus
extern "C" {
#endif

// What a detector asks of a scheme. Not part of the stable interface.
//
// Token ids are any 32-bit numbers here. `positions[i]` is the index in `tokens` of a token to score; its context is what
// stands before it in `tokens`, at most `context_width` of it.

/// SynthID: the g-values of every position from `context_width` on, layer i in bit i: count - context_width entries, none
/// for shorter texts.
void swm_synthid_layers(const swm_scheme *scheme, const uint32_t *tokens, size_t count, uint64_t *layers);

/// SynthID: the hash of the context of every such position, as the context mask compares it.
void swm_synthid_contexts(const swm_scheme *scheme, const uint32_t *tokens, size_t count, uint64_t *hashes);

/// SynthID: the g-values of positions with these hashes, of which the table variant reads the low 16 bits alone. Hashes
/// are replaced by their layers.
void swm_synthid_layers_of_hashes(const swm_scheme *scheme, uint64_t *hashes, size_t count);

/// Gumbel over Philox: 1 - u of each position under the first key (0) or the second (1).
void swm_philox_complements(
    const swm_scheme *scheme, uint32_t key_index, const uint32_t *tokens, const uint32_t *positions, size_t count,
    double *complements);

/// Gumbel over MurmurHash3: 1 - u of each position; with two keys `used` says which of them the context uses.
/// `key_index` 2 takes the key that the context uses. `used` may be NULL.
void swm_murmur_complements(
    const swm_scheme *scheme, uint32_t key_index, const uint32_t *tokens, const uint32_t *positions, size_t count,
    double *complements, uint8_t *used);

/// Gumbel with a payload: the symbol that each position belongs to, and 1 - u under every value of it,
/// `payload_radix` numbers a position.
void swm_payload_complements(
    const swm_scheme *scheme, const uint32_t *tokens, const uint32_t *positions, size_t count, uint8_t *symbols,
    double *complements);

/// A 64-bit hash of each position's context, and of context and token, under no key. Equal windows, equal hashes; the
/// width is that of the scheme's null: `width` tokens, fewer at the start.
void swm_window_hashes(
    const uint32_t *tokens, const uint32_t *positions, size_t count, uint32_t width, uint64_t *contexts, uint64_t *pairs);

/// KGW: answers that were worked out before. Any number of threads may use one.
typedef struct swm_green_cache swm_green_cache;

/// A cache of at most about `bytes`. NULL when out of memory.
swm_green_cache *swm_green_cache_create(const swm_scheme *scheme, size_t bytes);
void swm_green_cache_destroy(swm_green_cache *cache);

/// KGW: whether the token at each position is green. Positions are at least 1 (`lefthash`) or `context_width` - 1
/// (`selfhash`, whose window ends with the token itself).
void swm_green_flags(
    swm_green_cache *cache, const uint32_t *tokens, const uint32_t *positions, size_t count, uint8_t *flags);

/// KGW: a hash of the draw that decides each position: equal draws, equal flags. `selfhash` draws by the least of its
/// window's hashes, so that windows that differ can be one draw; `lefthash` by the last token, however wide its window.
void swm_green_draws(
    const swm_scheme *scheme, const uint32_t *tokens, const uint32_t *positions, size_t count, uint64_t *draws);

/// KGW: fills `list` with the green tokens after a window, in transformers' order; returns how many there are.
/// `scratch` has room for the vocabulary. With a NULL list only the number is returned.
uint32_t swm_green_tokens(
    const swm_scheme *scheme, const uint32_t *window, uint32_t width, uint32_t *scratch, uint32_t *list);

// For tests against published vectors.
void swm_test_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
uint32_t swm_test_murmur(const uint32_t *words, size_t count);
void swm_test_mt19937(uint32_t seed, uint32_t *out, size_t count);

#ifdef __cplusplus
}
#endif
#endif
