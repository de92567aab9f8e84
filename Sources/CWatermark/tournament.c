#include <float.h>
#include <math.h>

#include "kernels.h"

// Up to so many tokens that are possible are copied to one place before the layers; more are worked on where they are.
#define COMPACT 2048
// Single-precision sums end after so many tokens and go on in double precision.
#define RUN 512
#define HASHED 64
#define NO_LAYER 32

SWM_CLONES swm_survey swm_survey_scores(const float *scores, size_t count) {
    swm_survey survey = {-INFINITY, 0, 1};
    swm_floats largest = (swm_floats){0} - INFINITY;
    swm_ints finite = {0}, bad = {0};
    size_t i = 0;
    for (; i + SWM_LANES <= count; i += SWM_LANES) {
        swm_floats x;
        memcpy(&x, scores + i, sizeof(x));
        // Comparisons give -1 where they hold.
        swm_ints is_larger = x > largest;
        largest = (swm_floats)(((swm_ints)x & is_larger) | ((swm_ints)largest & ~is_larger));
        finite -= x >= -FLT_MAX;
        bad |= ~(x <= FLT_MAX);
    }
    for (int j = 0; j < SWM_LANES; j++) {
        if (largest[j] > survey.largest) survey.largest = largest[j];
        survey.finite += (uint32_t)finite[j];
        if (bad[j]) survey.is_valid = 0;
    }
    for (; i < count; i++) {
        if (scores[i] > survey.largest) survey.largest = scores[i];
        survey.finite += scores[i] >= -FLT_MAX;
        if (!(scores[i] <= FLT_MAX)) survey.is_valid = 0;
    }
    return survey;
}

// The natural logarithm of a number above 0, within 2 units in the last place, less another; the least finite value for
// 0. The polynomial is that of Cephes.
SWM_INLINE float logarithm(float x, float total) {
    float scaled = x < FLT_MIN ? x * 33554432.0f : x;
    float exponent = x < FLT_MIN ? -25.0f : 0.0f;
    uint32_t bits;
    memcpy(&bits, &scaled, sizeof(bits));
    exponent += (float)((int32_t)(bits >> 23) - 126);
    bits = (bits & 0x007FFFFFU) | 0x3F000000U;
    float m;
    memcpy(&m, &bits, sizeof(m));
    float below = m < 0.707106781f ? 1.0f : 0.0f;
    exponent -= below;
    m = m + below * m - 1.0f;
    float z = m * m, y = 7.0376836292e-2f;
    y = y * m - 1.1514610310e-1f;
    y = y * m + 1.1676998740e-1f;
    y = y * m - 1.2420140846e-1f;
    y = y * m + 1.4249322787e-1f;
    y = y * m - 1.6668057665e-1f;
    y = y * m + 2.0000714765e-1f;
    y = y * m - 2.4999993993e-1f;
    y = y * m + 3.3333331174e-1f;
    y = y * m * z - exponent * 2.12194440e-4f - 0.5f * z;
    float result = m + y + exponent * 0.693359375f - total;
    return x > 0.0f ? result : -FLT_MAX;
}

typedef struct masses {
    // Of the tokens whose g-value is 0, and 1.
    double zero, one;
} masses;

// Turns scores into probabilities up to a constant.
SWM_CLONES static void exponentiate(float *restrict p, float largest, size_t count) {
    for (size_t i = 0; i < count; i++) p[i] = swm_exponential(p[i] - largest);
}

// Multiplies by the factors of a layer, `factor` for g = 0 and one more for g = 1, and sums up for the next. A shift of
// `NO_LAYER` is that of no layer: it multiplies by `factor` alone.
SWM_CLONES static masses next_layer(
    float *restrict p, const uint32_t *last, uint32_t last_shift, const uint32_t *next, uint32_t next_shift,
    float factor, size_t count) {
    masses sum = {0, 0};
    uint32_t last_mask = last_shift != NO_LAYER;
    last_shift %= 32;
    size_t i = 0;
    while (i < count) {
        swm_floats zero = {0}, one = {0};
        size_t end = count - i < RUN ? count : i + RUN;
        for (; i + SWM_LANES <= end; i += SWM_LANES) {
            swm_floats x;
            swm_uints before, after;
            memcpy(&x, p + i, sizeof(x));
            memcpy(&before, last + i, sizeof(before));
            memcpy(&after, next + i, sizeof(after));
            x *= factor + __builtin_convertvector((swm_ints)(before >> last_shift & last_mask), swm_floats);
            swm_floats g = __builtin_convertvector((swm_ints)(after >> next_shift & 1), swm_floats);
            memcpy(p + i, &x, sizeof(x));
            one += x * g;
            zero += x * (1.0f - g);
        }
        for (int j = 0; j < SWM_LANES; j++) {
            sum.zero += zero[j];
            sum.one += one[j];
        }
        for (; i < end; i++) {
            p[i] *= factor + (float)(int32_t)(last[i] >> last_shift & last_mask);
            *(next[i] >> next_shift & 1 ? &sum.one : &sum.zero) += p[i];
        }
    }
    return sum;
}

// Multiplies by the factors of the last layer.
SWM_CLONES static void take_logarithms(
    float *restrict p, const uint32_t *restrict last, uint32_t shift, float factor, float total, size_t count) {
    for (size_t i = 0; i < count; i++)
        p[i] = logarithm(p[i] * (factor + (float)(int32_t)(last[i] >> shift & 1)), total);
}

// A layer multiplies the probability of a token by 1 + g - (mass of the tokens with g = 1). Here probabilities need not
// sum up to 1, only to the same total all the way, and 1 - mass is the mass of the others over that total: so it keeps
// its precision where nearly all mass is on one side.
static void play(
    float *p, const uint32_t *low, const uint32_t *high, uint32_t depth, size_t count, float largest) {
    exponentiate(p, largest, count);
    masses sum = next_layer(p, low, NO_LAYER, low, 0, 1, count);
    for (uint32_t layer = 1; layer < depth; layer++) {
        float factor = (float)(sum.zero / (sum.zero + sum.one));
        const uint32_t *last = layer <= 32 ? low : high, *next = layer < 32 ? low : high;
        sum = next_layer(p, last, (layer - 1) % 32, next, layer % 32, factor, count);
    }
    double total = sum.zero + sum.one;
    take_logarithms(
        p, depth <= 32 ? low : high, (depth - 1) % 32, (float)(sum.zero / total), (float)log(total), count);
}

// The g-values of tokens after a context. `ids` are the tokens, or NULL for 0..<count; their scores come in the same
// order.
static void folded_layers(
    const swm_scheme *scheme, uint32_t hash, const uint32_t *ids, size_t count, uint32_t *low, uint32_t *high) {
    for (size_t i = 0; i < count; i++) {
        uint32_t token = ids != NULL ? ids[i] : (uint32_t)i;
        uint64_t layers = scheme->folded[((hash + token) * (uint32_t)SWM_LCG + 1) % SWM_FOLDED_SIZE];
        low[i] = (uint32_t)layers;
        if (high != NULL) high[i] = (uint32_t)(layers >> 32);
    }
}

// Layers of a block of tokens, in place of their hashes.
SWM_CLONES static void hashed_layers(const int64_t *keys, uint32_t depth, uint64_t *hashes) {
    uint64_t sums[HASHED] = {0};
    for (uint32_t layer = 0; layer < depth; layer++) {
        uint64_t key = (uint64_t)keys[layer];
        for (int j = 0; j < HASHED; j++) sums[j] |= (uint64_t)swm_hashed_bit(swm_fold(hashes[j], key)) << layer;
    }
    memcpy(hashes, sums, sizeof(sums));
}

static void other_layers(
    const swm_scheme *scheme, uint64_t hash, const uint32_t *ids, size_t count, uint32_t *low, uint32_t *high) {
    const swm_config *c = &scheme->config;
    for (size_t i = 0; i < count; i += HASHED) {
        size_t size = count - i < HASHED ? count - i : HASHED;
        uint64_t layers[HASHED] = {0};
        for (size_t j = 0; j < size; j++) layers[j] = swm_fold(hash, ids != NULL ? ids[i + j] : i + j);
        if (c->kind == SWM_SYNTHID_HASH) {
            hashed_layers(c->keys, c->key_count, layers);
        } else {
            for (size_t j = 0; j < size; j++) layers[j] = swm_layers(scheme, layers[j]);
        }
        for (size_t j = 0; j < size; j++) {
            low[i + j] = (uint32_t)layers[j];
            if (high != NULL) high[i + j] = (uint32_t)(layers[j] >> 32);
        }
    }
}

static void fill_layers(
    const swm_scheme *scheme, uint64_t hash, const uint32_t *ids, size_t count, uint32_t *low, uint32_t *high) {
    if (scheme->folded != NULL) {
        folded_layers(scheme, (uint32_t)hash, ids, count, low, high);
    } else {
        other_layers(scheme, hash, ids, count, low, high);
    }
}

void swm_tournament(
    const swm_scheme *scheme, uint64_t hash, float *scores, size_t count, swm_survey survey, uint32_t *low,
    uint32_t *high) {
    uint32_t depth = scheme->config.key_count;
    if (survey.finite > COMPACT) {
        fill_layers(scheme, hash, NULL, count, low, high);
        play(scores, low, high, depth, count, survey.largest);
        return;
    }
    uint32_t ids[COMPACT] = {0};
    float p[COMPACT];
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(scores[i] >= -FLT_MAX)) continue;
        ids[found] = (uint32_t)i;
        p[found++] = scores[i];
    }
    fill_layers(scheme, hash, ids, found, low, high);
    play(p, low, high, depth, found, survey.largest);
    for (size_t i = 0; i < count; i++) scores[i] = -FLT_MAX;
    for (size_t i = 0; i < found; i++) scores[ids[i]] = p[i];
}
