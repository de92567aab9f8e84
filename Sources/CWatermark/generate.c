#include <stdlib.h>

#include "kernels.h"

#define WIDEST 64
#define UNKNOWN 0xFFFFFFFFU
// transformers: how many candidates `selfhash` tries.
#define CANDIDATES 40
// KGW: bytes of green lists that a generator keeps, as bits.
#define LISTS_BYTES (1U << 20)
#define MOST_LISTS 64

// The contexts of the last positions of an answer. Positions count from 1; those with the same low bits of the hash are
// chained from new to old, and links to positions that are no longer remembered are never followed.
typedef struct history {
    uint64_t *hashes;
    uint32_t *previous;
    uint32_t *heads;
    uint32_t size, mask;
    uint32_t count;
} history;

struct swm_generator {
    const swm_scheme *scheme;
    // The last tokens, oldest first, `known` of them.
    uint32_t window[WIDEST];
    uint32_t known;
    history past;
    // Murmur: what is known of the token that is accepted next.
    enum { NOT_CHOSEN, CHOSEN, MARKED } choice;
    uint8_t payload[256];
    int has_payload;
    // SynthID: g-values. KGW: room to make a green list in, and the list.
    uint32_t *low, *high;
    // Sums of probabilities.
    double *sums;
    // KGW `lefthash`: green lists as bits, and the token each comes after.
    uint8_t *lists;
    size_t list_bytes;
    uint32_t list_count;
    uint32_t list_after[MOST_LISTS];
};

static int is_synthid(uint32_t kind) { return kind == SWM_SYNTHID_TABLE || kind == SWM_SYNTHID_HASH; }
static int is_kgw(uint32_t kind) { return kind == SWM_KGW_LEFT || kind == SWM_KGW_SELF; }
static int is_philox(uint32_t kind) { return kind == SWM_GUMBEL_PHILOX || kind == SWM_GUMBEL_PAYLOAD; }

static uint32_t bucket(const history *past, uint64_t hash) {
    return (uint32_t)(hash * 0x9E3779B97F4A7C15ULL >> 32) & past->mask;
}

static int create_history(history *past, uint32_t size) {
    if (size == 0) return SWM_OK;
    uint32_t heads = 1;
    while (heads < size) heads *= 2;
    past->size = size;
    past->mask = heads - 1;
    past->hashes = calloc(size, sizeof(uint64_t));
    past->previous = calloc(size, sizeof(uint32_t));
    past->heads = calloc(heads, sizeof(uint32_t));
    return past->hashes && past->previous && past->heads ? SWM_OK : SWM_NO_MEMORY;
}

static void clear_history(history *past) {
    if (past->size == 0) return;
    memset(past->heads, 0, ((size_t)past->mask + 1) * sizeof(uint32_t));
    past->count = 0;
}

static int remembers(const history *past, uint64_t hash) {
    if (past->size == 0) return 0;
    uint32_t position = past->heads[bucket(past, hash)];
    while (position != 0 && past->count - position < past->size) {
        uint32_t place = (position - 1) % past->size;
        if (past->hashes[place] == hash) return 1;
        position = past->previous[place];
    }
    return 0;
}

static void remember(history *past, uint64_t hash) {
    if (past->size == 0) return;
    // An answer without an end forgets what was before.
    if (past->count == UINT32_MAX) clear_history(past);
    uint32_t place = past->count % past->size, *head = past->heads + bucket(past, hash);
    past->hashes[place] = hash;
    past->previous[place] = *head;
    *head = ++past->count;
}

// The hash by which a context is remembered: SynthID's own, SGLang's own, and for vLLM one of 64 bits in place of the
// window.
static uint64_t context_hash(const swm_generator *g) {
    const swm_config *c = &g->scheme->config;
    if (c->kind == SWM_GUMBEL_MURMUR) return swm_murmur_context(g->window, g->known);
    uint64_t hash = c->kind == SWM_SYNTHID_HASH ? c->hash_start : 1;
    if (is_synthid(c->kind)) {
        for (uint32_t i = 0; i < g->known; i++) hash = swm_fold(hash, g->window[i]);
        return hash;
    }
    for (uint32_t i = 0; i < g->known; i++) {
        hash = (hash ^ g->window[i]) * 0xFF51AFD7ED558CCDULL;
        hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53ULL;
        hash ^= hash >> 29;
    }
    return hash;
}

static void push(swm_generator *g, uint32_t token) {
    uint32_t width = g->scheme->config.context_width;
    if (g->known == width) {
        memmove(g->window, g->window + 1, (width - 1) * sizeof(uint32_t));
        g->window[width - 1] = token;
    } else {
        g->window[g->known++] = token;
    }
}

static int make_room(swm_generator *g) {
    const swm_config *c = &g->scheme->config;
    size_t size = c->vocabulary_size;
    if (is_synthid(c->kind)) {
        g->low = malloc(size * sizeof(uint32_t));
        if (c->key_count > 32) g->high = malloc(size * sizeof(uint32_t));
        if (g->low == NULL || (c->key_count > 32 && g->high == NULL)) return SWM_NO_MEMORY;
    } else if (c->kind == SWM_KGW_LEFT) {
        g->list_bytes = size / 8 + 1;
        size_t count = LISTS_BYTES / g->list_bytes;
        g->list_count = count < 1 ? 1 : count > MOST_LISTS ? MOST_LISTS : (uint32_t)count;
        for (uint32_t i = 0; i < MOST_LISTS; i++) g->list_after[i] = UNKNOWN;
        g->low = malloc(size * sizeof(uint32_t));
        g->high = malloc(((size_t)g->scheme->green_count + 1) * sizeof(uint32_t));
        g->lists = malloc(g->list_count * g->list_bytes);
        if (g->low == NULL || g->high == NULL || g->lists == NULL) return SWM_NO_MEMORY;
    } else if (!is_kgw(c->kind)) {
        g->sums = malloc((size / 256 + 1) * sizeof(double));
        if (g->sums == NULL) return SWM_NO_MEMORY;
    }
    return is_kgw(c->kind) ? SWM_OK : create_history(&g->past, c->context_history);
}

int swm_generator_create(const swm_scheme *scheme, swm_generator **result) {
    if (result != NULL) *result = NULL;
    if (scheme == NULL || result == NULL) return SWM_NULL_POINTER;
    swm_generator *g = calloc(1, sizeof(swm_generator));
    if (g == NULL) return SWM_NO_MEMORY;
    g->scheme = scheme;
    int status = make_room(g);
    if (status == SWM_OK) status = swm_generator_reset(g, NULL, 0);
    if (status != SWM_OK) {
        swm_generator_destroy(g);
        return status;
    }
    *result = g;
    return SWM_OK;
}

void swm_generator_destroy(swm_generator *g) {
    if (g == NULL) return;
    free(g->past.hashes);
    free(g->past.previous);
    free(g->past.heads);
    free(g->low);
    free(g->high);
    free(g->sums);
    free(g->lists);
    free(g);
}

int swm_generator_reset(swm_generator *g, const uint32_t *prompt, size_t count) {
    if (g == NULL || (prompt == NULL && count > 0)) return SWM_NULL_POINTER;
    const swm_config *c = &g->scheme->config;
    uint32_t width = c->context_width;
    // Only the end of the prompt is read, and none of it where the context does not hold it.
    if (is_synthid(c->kind) || is_philox(c->kind)) count = 0;
    if (count > width) {
        prompt += count - width;
        count = width;
    }
    for (size_t i = 0; i < count; i++)
        if (prompt[i] >= c->vocabulary_size) return SWM_BAD_TOKEN;
    g->known = 0;
    uint32_t filler = is_synthid(c->kind) ? 0 : UNKNOWN;
    if (is_synthid(c->kind) || is_philox(c->kind))
        while (g->known < width) g->window[g->known++] = filler;
    for (size_t i = 0; i < count; i++) push(g, prompt[i]);
    clear_history(&g->past);
    g->choice = NOT_CHOSEN;
    return SWM_OK;
}

int swm_generator_set_payload(swm_generator *g, const uint8_t *symbols, size_t count) {
    if (g == NULL || symbols == NULL) return SWM_NULL_POINTER;
    const swm_config *c = &g->scheme->config;
    if (c->kind != SWM_GUMBEL_PAYLOAD) return SWM_BAD_SCHEME;
    if (count != c->payload_symbols) return SWM_BAD_PARAMETER;
    for (size_t i = 0; i < count; i++)
        if (symbols[i] >= c->payload_radix) return SWM_BAD_PARAMETER;
    memcpy(g->payload, symbols, count);
    g->has_payload = 1;
    return SWM_OK;
}

// The bits of the green list after the last token.
static const uint8_t *green_bits(swm_generator *g, uint32_t last) {
    uint32_t place = last % g->list_count;
    uint8_t *bits = g->lists + place * g->list_bytes;
    if (g->list_after[place] == last) return bits;
    const swm_scheme *scheme = g->scheme;
    swm_green_list(scheme, swm_green_seed(scheme, &last, 1), g->low, g->high);
    memset(bits, 0, g->list_bytes);
    for (uint32_t i = 0; i < scheme->green_count; i++) bits[g->high[i] / 8] |= (uint8_t)(1U << (g->high[i] % 8));
    g->list_after[place] = last;
    return bits;
}

static void apply_kgw(swm_generator *g, float *scores, size_t count) {
    const swm_scheme *scheme = g->scheme;
    uint32_t width = scheme->config.context_width;
    float bias = (float)scheme->config.bias;
    // As in transformers, a context that is too short leaves the scores as they are.
    if (g->known < width) return;
    if (scheme->config.kind == SWM_KGW_LEFT) {
        swm_add_bias(scores, count, green_bits(g, g->window[width - 1]), bias);
        return;
    }
    uint32_t best[CANDIDATES], window[WIDEST];
    uint32_t found = swm_best(scores, count, CANDIDATES, best);
    memcpy(window, g->window + 1, (width - 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < found; i++) {
        window[width - 1] = best[i];
        if (swm_is_green(scheme, swm_green_seed(scheme, window, width), best[i])) scores[best[i]] += bias;
    }
}

int swm_generator_apply(swm_generator *g, float *scores, size_t count) {
    if (g == NULL || scores == NULL) return SWM_NULL_POINTER;
    const swm_config *c = &g->scheme->config;
    if (!is_synthid(c->kind) && !is_kgw(c->kind)) return SWM_BAD_SCHEME;
    if (count != c->vocabulary_size) return SWM_BAD_VOCABULARY;
    swm_survey survey = swm_survey_scores(scores, count);
    if (!survey.is_valid) return SWM_BAD_SCORE;
    if (survey.finite == 0) return SWM_NO_CHOICE;
    if (is_kgw(c->kind)) {
        apply_kgw(g, scores, count);
        return SWM_OK;
    }
    uint64_t hash = context_hash(g);
    // transformers' history starts as zeros.
    int is_zero = hash == 0 && g->past.count < g->past.size;
    if (!is_zero && !remembers(&g->past, hash)) swm_tournament(g->scheme, hash, scores, count, survey, g->low, g->high);
    return SWM_OK;
}

// Whether the next token is to carry the mark, by its context.
static int may_mark(const swm_generator *g) {
    if (g->scheme->config.kind == SWM_GUMBEL_MURMUR) {
        if (g->known == 0) return 0;
        if (g->past.size > 0 && g->past.count >= g->past.size) return 0;
    }
    return !remembers(&g->past, context_hash(g));
}

static swm_noise noise_of(const swm_generator *g, uint64_t random) {
    const swm_scheme *scheme = g->scheme;
    const swm_config *c = &scheme->config;
    swm_noise noise = {{{0, 0, 0, 0}}, 0, 0, 0, 0};
    uint64_t key = scheme->key[0];
    if (c->kind == SWM_GUMBEL_MURMUR) {
        uint32_t context = swm_murmur_context(g->window, g->known);
        if (c->key_count == 2 &&
            swm_murmur_coin(scheme->key[0], scheme->key[1], context) >= (uint64_t)(c->alpha * 4294967296.0))
            key = scheme->key[1];
        noise.is_murmur = 1;
        noise.prefix = swm_murmur_prefix(key, context);
        return noise;
    }
    int is_payload = c->kind == SWM_GUMBEL_PAYLOAD;
    if (!is_payload && c->key_count == 2 && (double)(random >> 11) * 0x1p-53 < c->alpha) key = scheme->key[1];
    uint32_t key1 = (uint32_t)(key >> 32);
    noise.key0 = (uint32_t)key;
    noise.state = swm_philox_context(
        g->window, g->known, is_payload ? SWM_PAYLOAD_DOMAIN : SWM_CONTEXT_DOMAIN, noise.key0, key1);
    noise.key1 = key1 ^ SWM_TOKEN_DOMAIN;
    if (is_payload) {
        uint32_t symbol = swm_payload_symbol(noise.state, noise.key0, key1, c->payload_symbols);
        noise.key1 = swm_payload_key(key1, g->payload[symbol]);
    }
    return noise;
}

int swm_generator_choose(
    swm_generator *g, const float *scores, size_t count, const uint64_t random[2], uint32_t *token, int *is_marked) {
    if (g == NULL || scores == NULL || random == NULL || token == NULL) return SWM_NULL_POINTER;
    const swm_config *c = &g->scheme->config;
    if (is_synthid(c->kind) || is_kgw(c->kind)) return SWM_BAD_SCHEME;
    if (count != c->vocabulary_size) return SWM_BAD_VOCABULARY;
    if (c->kind == SWM_GUMBEL_PAYLOAD && !g->has_payload) return SWM_BAD_PARAMETER;
    swm_survey survey = swm_survey_scores(scores, count);
    if (!survey.is_valid) return SWM_BAD_SCORE;
    if (survey.finite == 0) return SWM_NO_CHOICE;
    g->choice = may_mark(g) ? MARKED : CHOSEN;
    if (g->choice == MARKED) {
        swm_noise noise = noise_of(g, random[1]);
        *token = swm_race(&noise, scores, count, survey);
    } else {
        *token = swm_draw(scores, count, survey, random[0], g->sums);
    }
    if (is_marked != NULL) *is_marked = g->choice == MARKED;
    return SWM_OK;
}

int swm_generator_accept(swm_generator *g, uint32_t token) {
    if (g == NULL) return SWM_NULL_POINTER;
    const swm_config *c = &g->scheme->config;
    if (token >= c->vocabulary_size) return SWM_BAD_TOKEN;
    // SGLang remembers the contexts that were marked, the others those of all positions. An answer that is taken up
    // again is accepted without choices: as in SGLang, they count as marked.
    int is_remembered = !is_kgw(c->kind);
    if (c->kind == SWM_GUMBEL_MURMUR)
        is_remembered = g->choice == MARKED || (g->choice == NOT_CHOSEN && may_mark(g));
    if (is_remembered) remember(&g->past, context_hash(g));
    g->choice = NOT_CHOSEN;
    push(g, token);
    return SWM_OK;
}
