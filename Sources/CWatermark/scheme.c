#include "scheme.h"

#include <stdlib.h>
#include <string.h>

#include "hashes.h"

uint32_t swm_abi_version(void) { return SWM_ABI_VERSION; }

const char *swm_status_text(int status) {
    switch (status) {
    case SWM_OK: return "no error";
    case SWM_NULL_POINTER: return "a pointer that must not be NULL is NULL";
    case SWM_BAD_SIZE: return "struct_size is not one that this library knows";
    case SWM_BAD_SCHEME: return "no such scheme, or not one that this function is for";
    case SWM_BAD_KEYS: return "no keys, too many keys, or a key that the scheme cannot take";
    case SWM_BAD_PARAMETER: return "a parameter of the scheme is outside its range";
    case SWM_BAD_TOKEN: return "a token id is not below the vocabulary's size";
    case SWM_BAD_VOCABULARY: return "the number of scores is not the vocabulary's size";
    case SWM_BAD_SCORE: return "a score is NaN or +infinity";
    case SWM_NO_CHOICE: return "every score is -infinity";
    case SWM_NO_MEMORY: return "out of memory";
    default: return "unknown status";
    }
}

static int is_synthid(uint32_t kind) { return kind == SWM_SYNTHID_TABLE || kind == SWM_SYNTHID_HASH; }
static int is_kgw(uint32_t kind) { return kind == SWM_KGW_LEFT || kind == SWM_KGW_SELF; }
static int is_gumbel(uint32_t kind) { return kind == SWM_GUMBEL_PHILOX || kind == SWM_GUMBEL_MURMUR; }

static int check(const swm_config *c) {
    if (c->kind < SWM_SYNTHID_TABLE || c->kind > SWM_GUMBEL_PAYLOAD) return SWM_BAD_SCHEME;
    if (c->context_width < 1 || c->context_width > 64) return SWM_BAD_PARAMETER;
    if (c->vocabulary_size < 2 || c->vocabulary_size > INT32_MAX) return SWM_BAD_PARAMETER;
    if (c->context_history > 1U << 20) return SWM_BAD_PARAMETER;
    uint32_t most = is_synthid(c->kind) ? 64 : is_gumbel(c->kind) ? 2 : 1;
    if (c->keys == NULL) return SWM_NULL_POINTER;
    if (c->key_count < 1 || c->key_count > most) return SWM_BAD_KEYS;
    if (c->kind == SWM_SYNTHID_TABLE && (c->table_size < 2 || c->table_size > 1U << 24)) return SWM_BAD_PARAMETER;
    if (c->kind == SWM_SYNTHID_HASH && c->hash_start >= INT64_MAX) return SWM_BAD_PARAMETER;
    if (is_kgw(c->kind)) {
        // Written so that NaN fails.
        if (!(c->gamma > 0 && c->gamma < 1) || !(c->bias > -1e6 && c->bias < 1e6)) return SWM_BAD_PARAMETER;
        if ((uint32_t)((double)c->vocabulary_size * c->gamma) < 1) return SWM_BAD_PARAMETER;
    }
    if (is_gumbel(c->kind) && c->key_count == 2 && !(c->alpha >= 0 && c->alpha <= 1)) return SWM_BAD_PARAMETER;
    if (c->kind == SWM_GUMBEL_PAYLOAD &&
        (c->payload_symbols < 1 || c->payload_symbols > 256 || c->payload_radix < 2 || c->payload_radix > 256))
        return SWM_BAD_PARAMETER;
    return SWM_OK;
}

// torch.randint(0, 2, (size,)) of a generator with this seed.
static int make_table(swm_scheme *scheme) {
    uint32_t size = scheme->config.table_size;
    scheme->table = malloc(size);
    if (scheme->table == NULL) return SWM_NO_MEMORY;
    uint32_t state[SWM_MT_SIZE];
    swm_mt_seed(state, scheme->config.table_seed);
    for (uint32_t i = 0; i < size; i++) {
        if (i % SWM_MT_SIZE == 0) swm_mt_twist(state);
        scheme->table[i] = swm_mt_tempered(state[i % SWM_MT_SIZE]) & 1;
    }
    if (SWM_FOLDED_SIZE % size != 0) return SWM_OK;
    scheme->folded = malloc(SWM_FOLDED_SIZE * sizeof(uint64_t));
    if (scheme->folded == NULL) return SWM_NO_MEMORY;
    for (uint32_t hash = 0; hash < SWM_FOLDED_SIZE; hash++) {
        uint64_t layers = 0;
        for (uint32_t i = 0; i < scheme->config.key_count; i++)
            layers |= (uint64_t)scheme->table[swm_fold(hash, (uint64_t)scheme->config.keys[i]) % size] << i;
        scheme->folded[hash] = layers;
    }
    return SWM_OK;
}

// torch.randperm(1000003) of a generator seeded with the key.
static int make_fixed(swm_scheme *scheme) {
    uint32_t *fixed = malloc(SWM_FIXED_TABLE * sizeof(uint32_t));
    if (fixed == NULL) return SWM_NO_MEMORY;
    scheme->fixed = fixed;
    uint32_t state[SWM_MT_SIZE];
    swm_mt_seed(state, (uint32_t)scheme->key[0]);
    for (uint32_t i = 0; i < SWM_FIXED_TABLE; i++) fixed[i] = i;
    for (uint32_t i = 0; i + 1 < SWM_FIXED_TABLE; i++) {
        if (i % SWM_MT_SIZE == 0) swm_mt_twist(state);
        uint32_t j = i + swm_mt_tempered(state[i % SWM_MT_SIZE]) % (SWM_FIXED_TABLE - i);
        uint32_t taken = fixed[i];
        fixed[i] = fixed[j];
        fixed[j] = taken;
    }
    return SWM_OK;
}

static int make_inverses(swm_scheme *scheme) {
    uint32_t size = scheme->config.vocabulary_size;
    scheme->green_count = (uint32_t)((double)size * scheme->config.gamma);
    scheme->inverses = malloc(scheme->green_count * sizeof(double));
    if (scheme->inverses == NULL) return SWM_NO_MEMORY;
    for (uint32_t i = 0; i < scheme->green_count; i++) scheme->inverses[i] = 1.0 / (double)(size - i);
    return SWM_OK;
}

int swm_scheme_create(const swm_config *config, swm_scheme **result) {
    if (config == NULL || result == NULL) return SWM_NULL_POINTER;
    *result = NULL;
    if (config->struct_size != sizeof(swm_config)) return SWM_BAD_SIZE;
    int status = check(config);
    if (status != SWM_OK) return status;
    swm_scheme *scheme = calloc(1, sizeof(swm_scheme));
    if (scheme == NULL) return SWM_NO_MEMORY;
    scheme->config = *config;
    int64_t *keys = malloc(config->key_count * sizeof(int64_t));
    scheme->config.keys = keys;
    if (keys == NULL) {
        swm_scheme_destroy(scheme);
        return SWM_NO_MEMORY;
    }
    memcpy(keys, config->keys, config->key_count * sizeof(int64_t));
    for (uint32_t i = 0; i < 2 && i < config->key_count; i++) scheme->key[i] = (uint64_t)keys[i];
    if (config->kind == SWM_SYNTHID_TABLE) status = make_table(scheme);
    if (config->kind == SWM_KGW_SELF) status = make_fixed(scheme);
    if (status == SWM_OK && is_kgw(config->kind)) status = make_inverses(scheme);
    if (status != SWM_OK) {
        swm_scheme_destroy(scheme);
        return status;
    }
    *result = scheme;
    return SWM_OK;
}

void swm_scheme_destroy(swm_scheme *scheme) {
    if (scheme == NULL) return;
    // Through volatile pointers, so that the compiler keeps what nothing reads any more.
    volatile int64_t *keys = (int64_t *)scheme->config.keys;
    for (uint32_t i = 0; keys != NULL && i < scheme->config.key_count; i++) keys[i] = 0;
    free((void *)scheme->config.keys);
    free(scheme->table);
    free(scheme->folded);
    free(scheme->fixed);
    free(scheme->inverses);
    volatile uint8_t *bytes = (uint8_t *)scheme;
    for (size_t i = 0; i < sizeof(*scheme); i++) bytes[i] = 0;
    free(scheme);
}

uint64_t swm_layers(const swm_scheme *scheme, uint64_t hash) {
    if (scheme->folded != NULL) return scheme->folded[hash % SWM_FOLDED_SIZE];
    const swm_config *c = &scheme->config;
    uint64_t layers = 0;
    for (uint32_t i = 0; i < c->key_count; i++) {
        uint64_t key = swm_fold(hash, (uint64_t)c->keys[i]);
        uint64_t bit;
        if (c->kind == SWM_SYNTHID_HASH) {
            bit = swm_hashed_bit(key);
        } else {
            int64_t rest = (int64_t)key % (int64_t)c->table_size;
            bit = scheme->table[rest < 0 ? rest + (int64_t)c->table_size : rest];
        }
        layers |= bit << i;
    }
    return layers;
}

// What torch's generator takes of a seed modulo 2^64-1: its low 32 bits, which are all of it that MT19937 reads.
static uint64_t python_modulo(__int128 seed) {
    __int128 modulus = ((__int128)1 << 64) - 1;
    __int128 rest = seed % modulus;
    return (uint64_t)(rest < 0 ? rest + modulus : rest);
}

uint64_t swm_green_seed(const swm_scheme *scheme, const uint32_t *window, uint32_t width) {
    uint32_t last = window[width - 1];
    if (scheme->config.kind == SWM_KGW_LEFT)
        return python_modulo((__int128)scheme->config.keys[0] * (__int128)last);
    uint64_t of_last = (uint64_t)scheme->fixed[last % SWM_FIXED_TABLE] + 1;
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < width; i++) {
        uint64_t value = scheme->key[0] * ((uint64_t)scheme->fixed[window[i] % SWM_FIXED_TABLE] + 1) * of_last;
        if ((int64_t)value < least) least = (int64_t)value;
    }
    return python_modulo(least);
}

SWM_CLONES static void temper_all(const uint32_t *state, uint32_t *out) {
    for (uint32_t i = 0; i < SWM_MT_SIZE; i++) out[i] = swm_mt_tempered(state[i]);
}

SWM_CLONES static void twist(uint32_t *state) { swm_mt_twist(state); }

void swm_green_list(const swm_scheme *scheme, uint64_t seed, uint32_t *scratch, uint32_t *list) {
    uint32_t state[SWM_MT_SIZE], words[SWM_MT_SIZE];
    uint32_t size = scheme->config.vocabulary_size;
    swm_mt_seed(state, (uint32_t)seed);
    for (uint32_t i = 0; i < size; i++) scratch[i] = i;
    for (uint32_t start = 0; start < scheme->green_count; start += SWM_MT_SIZE) {
        twist(state);
        temper_all(state, words);
        uint32_t end = scheme->green_count - start < SWM_MT_SIZE ? scheme->green_count - start : SWM_MT_SIZE;
        for (uint32_t k = 0; k < end; k++) {
            uint32_t i = start + k, modulus = size - i;
            // The quotient by the inverse is off by one at most.
            uint64_t quotient = (uint64_t)((double)words[k] * scheme->inverses[i]);
            int64_t rest = (int64_t)words[k] - (int64_t)(quotient * modulus);
            if (rest < 0) rest += modulus;
            if (rest >= modulus) rest -= modulus;
            uint32_t j = i + (uint32_t)rest, taken = scratch[i];
            scratch[i] = scratch[j];
            scratch[j] = taken;
        }
    }
    memcpy(list, scratch, scheme->green_count * sizeof(uint32_t));
}

// Whether some step i in start..<end draws exactly `place - i`, which moves the token at `place` into the list for
// good.
// `words[k]` is the draw of step `start + k`.
SWM_CLONES static int is_drawn(
    const uint32_t *words, const double *inverses, uint32_t start, uint32_t end, uint32_t size, uint32_t place) {
    uint32_t found = 0;
    for (uint32_t i = start; i < end; i++) {
        uint32_t word = words[i - start], rest = place - i;
        uint32_t difference = word - rest;
        // A multiple of size - i has a quotient that rounds to the right whole number.
        int64_t quotient = (int64_t)((double)difference * inverses[i - start] + 0.5);
        found |= (uint32_t)((word >= rest) & ((uint32_t)quotient * (size - i) == difference));
    }
    return found != 0;
}

int swm_is_green(const swm_scheme *scheme, uint64_t seed, uint32_t token) {
    uint32_t state[SWM_MT_SIZE], words[SWM_MT_SIZE];
    uint32_t size = scheme->config.vocabulary_size, count = scheme->green_count, place = token;
    swm_mt_seed(state, (uint32_t)seed);
    for (uint32_t start = 0; start < count; start += SWM_MT_SIZE) {
        twist(state);
        temper_all(state, words);
        uint32_t end = count - start < SWM_MT_SIZE ? count : start + SWM_MT_SIZE;
        uint32_t i = start;
        while (i < end) {
            uint32_t stop = place < end ? place : end;
            if (stop > i && is_drawn(words + (i - start), scheme->inverses + i, i, stop, size, place)) return 1;
            i = stop;
            if (i == end) break;
            // The step that takes the token's own place: it stays there, or goes to where the draw says.
            uint32_t rest = words[i - start] % (size - i);
            if (rest == 0) return 1;
            place = i + rest;
            i++;
        }
    }
    return 0;
}
