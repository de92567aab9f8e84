#include "stillwatch_scoring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hashes.h"
#include "scheme.h"

// Positions are taken in blocks whose contexts lie side by side, so that each step of a hash runs over many of them.
#define BLOCK 64

static uint64_t start_of(const swm_scheme *scheme) {
    return scheme->config.kind == SWM_SYNTHID_HASH ? scheme->config.hash_start : 1;
}

// The low 16 bits of the hash of `width` tokens, for every position.
SWM_CLONES static void low_hashes(const uint32_t *tokens, size_t count, uint32_t width, uint32_t *hashes) {
    for (size_t i = 0; i < count; i++) hashes[i] = 1;
    for (uint32_t k = 0; k < width; k++)
        for (size_t i = 0; i < count; i++) hashes[i] = (hashes[i] + tokens[i + k]) * (uint32_t)SWM_LCG + 1;
}

SWM_CLONES static void full_hashes(
    const uint32_t *tokens, size_t count, uint32_t width, uint64_t start, uint64_t *hashes) {
    for (size_t i = 0; i < count; i++) hashes[i] = start;
    for (uint32_t k = 0; k < width; k++)
        for (size_t i = 0; i < count; i++) hashes[i] = swm_fold(hashes[i], tokens[i + k]);
}

SWM_CLONES static void hashed_layers(const int64_t *keys, uint32_t depth, uint64_t *layers, size_t count) {
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t size = count - start < BLOCK ? count - start : BLOCK;
        uint64_t hashes[BLOCK], sums[BLOCK];
        for (size_t i = 0; i < BLOCK; i++) {
            hashes[i] = i < size ? layers[start + i] : 0;
            sums[i] = 0;
        }
        for (uint32_t layer = 0; layer < depth; layer++) {
            uint64_t key = (uint64_t)keys[layer];
            for (size_t i = 0; i < BLOCK; i++)
                sums[i] |= (uint64_t)swm_hashed_bit(swm_fold(hashes[i], key)) << layer;
        }
        memcpy(layers + start, sums, size * sizeof(uint64_t));
    }
}

void swm_synthid_layers(const swm_scheme *scheme, const uint32_t *tokens, size_t count, uint64_t *layers) {
    const swm_config *c = &scheme->config;
    if (count <= c->context_width) return;
    size_t positions = count - c->context_width;
    if (scheme->folded != NULL) {
        uint32_t hashes[1024];
        for (size_t start = 0; start < positions; start += 1024) {
            size_t size = positions - start < 1024 ? positions - start : 1024;
            low_hashes(tokens + start, size, c->context_width + 1, hashes);
            for (size_t i = 0; i < size; i++) layers[start + i] = scheme->folded[hashes[i] % SWM_FOLDED_SIZE];
        }
        return;
    }
    full_hashes(tokens, positions, c->context_width + 1, start_of(scheme), layers);
    if (c->kind == SWM_SYNTHID_HASH) {
        hashed_layers(c->keys, c->key_count, layers, positions);
    } else {
        for (size_t i = 0; i < positions; i++) layers[i] = swm_layers(scheme, layers[i]);
    }
}

void swm_synthid_contexts(const swm_scheme *scheme, const uint32_t *tokens, size_t count, uint64_t *hashes) {
    uint32_t width = scheme->config.context_width;
    if (count <= width) return;
    full_hashes(tokens, count - width, width, start_of(scheme), hashes);
}

void swm_synthid_layers_of_hashes(const swm_scheme *scheme, uint64_t *hashes, size_t count) {
    if (scheme->config.kind == SWM_SYNTHID_HASH) {
        hashed_layers(scheme->config.keys, scheme->config.key_count, hashes, count);
    } else {
        for (size_t i = 0; i < count; i++) hashes[i] = swm_layers(scheme, hashes[i]);
    }
}

// The contexts of a block, the k-th tokens of all side by side; what lies before the text is 0xFFFFFFFF.
static void gather(
    const uint32_t *tokens, const uint32_t *positions, size_t count, uint32_t width, uint32_t (*words)[BLOCK]) {
    for (size_t i = 0; i < BLOCK; i++) {
        uint32_t position = i < count ? positions[i] : 0;
        for (uint32_t k = 0; k < width; k++)
            words[k][i] = position + k >= width ? tokens[position + k - width] : 0xFFFFFFFFU;
    }
}

typedef struct states {
    uint32_t w[4][BLOCK];
} states;

SWM_INLINE void philox_block(states *s, const uint32_t *key0, uint32_t key1) {
    for (size_t i = 0; i < BLOCK; i++) {
        swm_words counter = {{s->w[0][i], s->w[1][i], s->w[2][i], s->w[3][i]}};
        swm_words out = swm_philox(counter, key0[i], key1);
        s->w[0][i] = out.w[0];
        s->w[1][i] = out.w[1];
        s->w[2][i] = out.w[2];
        s->w[3][i] = out.w[3];
    }
}

SWM_CLONES static void context_block(
    states *s, uint32_t (*words)[BLOCK], uint32_t width, uint32_t domain, uint64_t key) {
    uint32_t keys[BLOCK];
    for (size_t i = 0; i < BLOCK; i++) {
        s->w[0][i] = domain;
        s->w[1][i] = width;
        s->w[2][i] = 0;
        s->w[3][i] = 0;
    }
    for (uint32_t offset = 0; offset < width; offset += 4) {
        for (uint32_t k = 0; k < 4; k++)
            for (size_t i = 0; i < BLOCK; i++)
                s->w[k][i] ^= offset + k < width ? words[offset + k][i] : 0xFFFFFFFFU - k;
        for (size_t i = 0; i < BLOCK; i++) keys[i] = (uint32_t)key ^ offset;
        philox_block(s, keys, (uint32_t)(key >> 32));
    }
}

// 1 - u of each token of the block under one second key word.
SWM_CLONES static void token_block(
    const states *state, const uint32_t *tokens, uint32_t key0, uint32_t key1, double *complements, size_t stride) {
    states s;
    uint32_t keys[BLOCK];
    for (size_t i = 0; i < BLOCK; i++) {
        s.w[0][i] = tokens[i] >> 2;
        s.w[1][i] = state->w[0][i];
        s.w[2][i] = state->w[1][i];
        s.w[3][i] = state->w[2][i];
        keys[i] = key0 ^ state->w[3][i];
    }
    philox_block(&s, keys, key1);
    for (size_t i = 0; i < BLOCK; i++) {
        uint32_t pick = tokens[i] & 3;
        uint32_t low = pick & 1 ? s.w[1][i] : s.w[0][i], high = pick & 1 ? s.w[3][i] : s.w[2][i];
        complements[i * stride] = 1.0 - (double)swm_philox_uniform(pick & 2 ? high : low);
    }
}

void swm_philox_complements(
    const swm_scheme *scheme, uint32_t key_index, const uint32_t *tokens, const uint32_t *positions, size_t count,
    double *complements) {
    uint64_t key = scheme->key[key_index & 1];
    uint32_t width = scheme->config.context_width;
    uint32_t words[64][BLOCK], targets[BLOCK];
    double out[BLOCK];
    states s;
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t size = count - start < BLOCK ? count - start : BLOCK;
        gather(tokens, positions + start, size, width, words);
        for (size_t i = 0; i < BLOCK; i++) targets[i] = i < size ? tokens[positions[start + i]] : 0;
        context_block(&s, words, width, SWM_CONTEXT_DOMAIN, key);
        token_block(&s, targets, (uint32_t)key, (uint32_t)(key >> 32) ^ SWM_TOKEN_DOMAIN, out, 1);
        memcpy(complements + start, out, size * sizeof(double));
    }
}

void swm_payload_complements(
    const swm_scheme *scheme, const uint32_t *tokens, const uint32_t *positions, size_t count, uint8_t *symbols,
    double *complements) {
    const swm_config *c = &scheme->config;
    uint64_t key = scheme->key[0];
    uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32), radix = c->payload_radix;
    uint32_t words[64][BLOCK], targets[BLOCK];
    double out[BLOCK];
    states s;
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t size = count - start < BLOCK ? count - start : BLOCK;
        gather(tokens, positions + start, size, c->context_width, words);
        for (size_t i = 0; i < BLOCK; i++) targets[i] = i < size ? tokens[positions[start + i]] : 0;
        context_block(&s, words, c->context_width, SWM_PAYLOAD_DOMAIN, key);
        for (size_t i = 0; i < size; i++) {
            swm_words state = {{s.w[0][i], s.w[1][i], s.w[2][i], s.w[3][i]}};
            symbols[start + i] = (uint8_t)swm_payload_symbol(state, key0, key1, c->payload_symbols);
        }
        for (uint32_t value = 0; value < radix; value++) {
            token_block(&s, targets, key0, swm_payload_key(key1, value), out, 1);
            for (size_t i = 0; i < size; i++) complements[(start + i) * radix + value] = out[i];
        }
    }
}

void swm_murmur_complements(
    const swm_scheme *scheme, uint32_t key_index, const uint32_t *tokens, const uint32_t *positions, size_t count,
    double *complements, uint8_t *used) {
    const swm_config *c = &scheme->config;
    uint32_t width = c->context_width;
    double scaled = c->alpha * 4294967296.0;
    uint64_t threshold = c->key_count == 2 ? (uint64_t)scaled : UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        uint32_t position = positions[i], known = position < width ? position : width;
        uint32_t context = swm_murmur_context(tokens + (position - known), known);
        uint32_t second = 0;
        if (threshold != UINT64_MAX) second = swm_murmur_coin(scheme->key[0], scheme->key[1], context) >= threshold;
        if (used != NULL) used[i] = (uint8_t)second;
        uint64_t key = scheme->key[key_index == 2 ? second : key_index & 1];
        uint32_t hash = swm_murmur_token(swm_murmur_prefix(key, context), tokens[position]);
        complements[i] = 1.0 - ((double)hash + 0.5) / 4294967296.0;
    }
}

// The finaliser of MurmurHash3 x64 (Appleby): a bijection, so that equal hashes come of equal sums alone.
SWM_INLINE uint64_t finished(uint64_t value) {
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCDULL;
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53ULL;
    return value ^ value >> 33;
}

SWM_CLONES void swm_window_hashes(
    const uint32_t *tokens, const uint32_t *positions, size_t count, uint32_t width, uint64_t *contexts,
    uint64_t *pairs) {
    for (size_t i = 0; i < count; i++) {
        uint32_t position = positions[i], known = position < width ? position : width;
        uint64_t hash = known;
        for (uint32_t k = position - known; k < position; k++)
            hash = finished(hash * 0x9E3779B97F4A7C15ULL + tokens[k]);
        contexts[i] = hash;
        pairs[i] = finished(hash * 0x9E3779B97F4A7C15ULL + tokens[position]);
    }
}

struct swm_green_cache {
    const swm_scheme *scheme;
    // `lefthash`: the green list after each token as bits, made when first asked for, as far as `left` bytes allow.
    _Atomic(uint8_t *) *lists;
    atomic_size_t left;
    // Answers for a token and a seed: seed's low 32 bits, token, and the answer in the lowest bit. 0 is none.
    _Atomic(uint64_t) *answers;
    uint64_t answer_mask;
};

swm_green_cache *swm_green_cache_create(const swm_scheme *scheme, size_t bytes) {
    swm_green_cache *cache = calloc(1, sizeof(swm_green_cache));
    if (cache == NULL) return NULL;
    cache->scheme = scheme;
    size_t answers = 1 << 12;
    int is_left = scheme->config.kind == SWM_KGW_LEFT;
    while (answers < (1 << 24) && answers * 16 < (is_left ? bytes / 16 : bytes)) answers *= 2;
    cache->answer_mask = answers - 1;
    cache->answers = calloc(answers, sizeof(*cache->answers));
    if (is_left) cache->lists = calloc(scheme->config.vocabulary_size, sizeof(*cache->lists));
    if (cache->answers == NULL || (is_left && cache->lists == NULL)) {
        swm_green_cache_destroy(cache);
        return NULL;
    }
    size_t spent = answers * 8 + (is_left ? scheme->config.vocabulary_size * sizeof(*cache->lists) : 0);
    atomic_init(&cache->left, bytes > spent ? bytes - spent : 0);
    return cache;
}

void swm_green_cache_destroy(swm_green_cache *cache) {
    if (cache == NULL) return;
    for (uint32_t i = 0; cache->lists != NULL && i < cache->scheme->config.vocabulary_size; i++)
        free(atomic_load(&cache->lists[i]));
    free(cache->lists);
    free(cache->answers);
    free(cache);
}

// The bits of the green list after `last`, or NULL when there is no room for them.
static const uint8_t *list_after(swm_green_cache *cache, uint32_t last) {
    uint8_t *known = atomic_load_explicit(&cache->lists[last], memory_order_acquire);
    if (known != NULL) return known;
    const swm_scheme *scheme = cache->scheme;
    uint32_t size = scheme->config.vocabulary_size;
    size_t bytes = (size_t)size / 8 + 1, left = atomic_load(&cache->left);
    do {
        if (left < bytes) return NULL;
    } while (!atomic_compare_exchange_weak(&cache->left, &left, left - bytes));
    uint8_t *bits = calloc(bytes, 1);
    uint32_t *scratch = malloc(2 * (size_t)size * sizeof(uint32_t));
    if (bits == NULL || scratch == NULL) {
        free(bits);
        free(scratch);
        return NULL;
    }
    swm_green_list(scheme, swm_green_seed(scheme, &last, 1), scratch, scratch + size);
    for (uint32_t i = 0; i < scheme->green_count; i++) {
        uint32_t token = scratch[size + i];
        bits[token / 8] |= (uint8_t)(1U << (token % 8));
    }
    free(scratch);
    if (!atomic_compare_exchange_strong(&cache->lists[last], &known, bits)) {
        // Another thread was first.
        free(bits);
        atomic_fetch_add(&cache->left, bytes);
        return known;
    }
    return bits;
}

static uint8_t answer(swm_green_cache *cache, uint64_t seed, uint32_t token) {
    uint64_t entry = (uint64_t)(uint32_t)seed << 32 | (uint64_t)token << 1;
    _Atomic(uint64_t) *slot = &cache->answers[finished(entry) & cache->answer_mask];
    uint64_t known = atomic_load_explicit(slot, memory_order_relaxed);
    if (entry != 0 && (known & ~1ULL) == entry) return (uint8_t)(known & 1);
    uint64_t green = (uint64_t)swm_is_green(cache->scheme, seed, token);
    atomic_store_explicit(slot, entry | green, memory_order_relaxed);
    return (uint8_t)green;
}

void swm_green_flags(
    swm_green_cache *cache, const uint32_t *tokens, const uint32_t *positions, size_t count, uint8_t *flags) {
    const swm_config *c = &cache->scheme->config;
    for (size_t i = 0; i < count; i++) {
        uint32_t position = positions[i], token = tokens[position];
        if (c->kind == SWM_KGW_SELF) {
            uint32_t width = c->context_width;
            flags[i] = answer(cache, swm_green_seed(cache->scheme, tokens + (position + 1 - width), width), token);
            continue;
        }
        uint32_t last = tokens[position - 1];
        const uint8_t *bits = last < c->vocabulary_size ? list_after(cache, last) : NULL;
        flags[i] = bits != NULL ? (bits[token / 8] >> (token % 8)) & 1
                                : answer(cache, swm_green_seed(cache->scheme, &last, 1), token);
    }
}

void swm_green_draws(
    const swm_scheme *scheme, const uint32_t *tokens, const uint32_t *positions, size_t count, uint64_t *draws) {
    int is_self = scheme->config.kind == SWM_KGW_SELF;
    uint32_t width = is_self ? scheme->config.context_width : 1;
    for (size_t i = 0; i < count; i++) {
        // The window ends with the token itself or before it.
        uint32_t end = positions[i] + (is_self ? 1 : 0);
        uint64_t seed = swm_green_seed(scheme, tokens + (end - width), width);
        draws[i] = finished((uint64_t)(uint32_t)seed << 32 | tokens[positions[i]]);
    }
}

uint32_t swm_green_tokens(
    const swm_scheme *scheme, const uint32_t *window, uint32_t width, uint32_t *scratch, uint32_t *list) {
    if (list != NULL) swm_green_list(scheme, swm_green_seed(scheme, window, width), scratch, list);
    return scheme->green_count;
}

void swm_test_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    swm_words words = {{counter[0], counter[1], counter[2], counter[3]}};
    words = swm_philox(words, key[0], key[1]);
    memcpy(out, words.w, sizeof(words.w));
}

uint32_t swm_test_murmur(const uint32_t *words, size_t count) {
    return swm_murmur_context(words, (uint32_t)count);
}

void swm_test_mt19937(uint32_t seed, uint32_t *out, size_t count) {
    uint32_t state[SWM_MT_SIZE];
    swm_mt_seed(state, seed);
    for (size_t i = 0; i < count; i++) {
        if (i % SWM_MT_SIZE == 0) swm_mt_twist(state);
        out[i] = swm_mt_tempered(state[i % SWM_MT_SIZE]);
    }
}
