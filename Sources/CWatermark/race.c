#include <float.h>
#include <math.h>

#include "kernels.h"

// Four tokens that share a call of Philox.
#define QUARTERS 64
// The noise of no token is above these: u is at most 1 - 2^-24 in vLLM, and 1 - 2^-33 in SGLang.
#define MOST_PHILOX 16.64f
#define MOST_MURMUR 22.88f
// What float rounding may take from a bound.
#define SLACK 1e-3f
#define DRAWN 256

// Quarters that may hold the winner, and what is known of their tokens. The k-th tokens of all lie side by side.
typedef struct batch {
    uint32_t quarter[QUARTERS];
    float scores[4][QUARTERS];
    uint32_t words[4][QUARTERS];
    float bounds[4][QUARTERS];
    uint32_t count;
} batch;

typedef struct race {
    const swm_noise *noise;
    const float *scores;
    size_t count;
    // What is taken from all scores first: nothing for Philox, the largest for Murmur.
    float offset;
    // The best so far, as upstream computes it, and as score plus noise for bounds.
    float best, bound;
    uint32_t token;
    int is_empty;
} race;

SWM_CLONES static void philox_words(batch *b, swm_words state, uint32_t key0, uint32_t key1) {
    for (int i = 0; i < QUARTERS; i++) {
        swm_words words = swm_philox_tokens(b->quarter[i], state, key0, key1);
        b->words[0][i] = words.w[0];
        b->words[1][i] = words.w[1];
        b->words[2][i] = words.w[2];
        b->words[3][i] = words.w[3];
    }
}

SWM_CLONES static void murmur_words(batch *b, uint32_t prefix) {
    for (uint32_t k = 0; k < 4; k++)
        for (int i = 0; i < QUARTERS; i++) b->words[k][i] = swm_murmur_token(prefix, 4 * b->quarter[i] + k);
}

// An upper bound of score plus noise: noise is at most -log(1 - u), and the bits of a float read as a number lie below
// its logarithm to base 2 (a chord of a concave curve).
SWM_INLINE float bound(float score, float complement) {
    int32_t bits;
    memcpy(&bits, &complement, sizeof(bits));
    // Rounding keeps the order of two sums with the same score.
    return score + ((127.0f - (float)bits * 0x1p-23f) * 0.693147181f + SLACK);
}

// Bounds of all tokens of a batch; returns the largest.
SWM_CLONES static float philox_bounds(batch *b) {
    float most[QUARTERS];
    for (int i = 0; i < QUARTERS; i++) most[i] = -INFINITY;
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < QUARTERS; i++) {
            float complement = (float)(int32_t)(0x1000000U - (b->words[k][i] >> 8)) * 0x1p-24f;
            float value = bound(b->scores[k][i], complement);
            b->bounds[k][i] = value;
            most[i] = value > most[i] ? value : most[i];
        }
    for (int i = 1; i < QUARTERS; i++) most[0] = most[i] > most[0] ? most[i] : most[0];
    return most[0];
}

SWM_CLONES static float murmur_bounds(batch *b) {
    float most[QUARTERS];
    for (int i = 0; i < QUARTERS; i++) most[i] = -INFINITY;
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < QUARTERS; i++) {
            // Converted in two halves, since many processors know signed numbers alone.
            uint32_t rest = ~b->words[k][i];
            float complement = (float)(int32_t)(rest >> 16) * 0x1p-16f;
            complement += ((float)(int32_t)(rest & 0xFFFF) + 0.5f) * 0x1p-32f;
            float value = bound(b->scores[k][i], complement);
            b->bounds[k][i] = value;
            most[i] = value > most[i] ? value : most[i];
        }
    for (int i = 1; i < QUARTERS; i++) most[0] = most[i] > most[0] ? most[i] : most[0];
    return most[0];
}

// What vLLM maximises: score plus Gumbel noise in single precision.
static float philox_value(float score, uint32_t word) {
    float u = swm_philox_uniform(word);
    if (u < FLT_MIN) u = FLT_MIN;
    return score - logf(-logf(u));
}

// What SGLang maximises: log u over the probability.
static float murmur_value(float probability, uint32_t word) {
    float log_u = word < 0x80000000U ? logf(((float)word + 0.5f) / 4294967296.0f)
                                     : log1pf(-((float)~word + 0.5f) / 4294967296.0f);
    return log_u / probability;
}

static void enter(race *r, uint32_t token, float score, uint32_t word) {
    float value;
    if (r->noise->is_murmur) {
        float probability = expf(score);
        if (!(probability > 0)) return;
        value = murmur_value(probability, word);
    } else {
        value = philox_value(score, word);
    }
    if (!r->is_empty && (value < r->best || (value == r->best && token > r->token))) return;
    r->best = value;
    r->bound = r->noise->is_murmur ? -logf(-value) : value;
    r->token = token;
    r->is_empty = 0;
}

// Tries the tokens of a batch, in the order of their ids.
static void run(race *r, batch *b) {
    if (b->count == 0) return;
    for (uint32_t i = b->count; i < QUARTERS; i++) {
        b->quarter[i] = b->quarter[0];
        for (int k = 0; k < 4; k++) b->scores[k][i] = -INFINITY;
    }
    float most;
    if (r->noise->is_murmur) {
        murmur_words(b, r->noise->prefix);
        most = murmur_bounds(b);
    } else {
        philox_words(b, r->noise->state, r->noise->key0, r->noise->key1);
        most = philox_bounds(b);
    }
    if (r->is_empty || most >= r->bound) {
        for (uint32_t i = 0; i < b->count; i++)
            for (uint32_t k = 0; k < 4; k++) {
                if (!(b->scores[k][i] >= -FLT_MAX) || (!r->is_empty && b->bounds[k][i] < r->bound)) continue;
                enter(r, 4 * b->quarter[i] + k, b->scores[k][i], b->words[k][i]);
            }
    }
    b->count = 0;
}

static void add_quarter(const race *r, batch *b, size_t quarter) {
    b->quarter[b->count] = (uint32_t)quarter;
    for (size_t k = 0; k < 4; k++) {
        size_t token = 4 * quarter + k;
        b->scores[k][b->count] = token < r->count ? r->scores[token] - r->offset : -INFINITY;
    }
    b->count++;
}

// Whether any of 64 scores reaches a limit.
SWM_CLONES static int reaches(const float *scores, float limit) {
    uint32_t found[SWM_LANES] = {0};
    for (int i = 0; i < 64; i += SWM_LANES)
        for (int j = 0; j < SWM_LANES; j++) found[j] |= scores[i + j] >= limit;
    for (int j = 1; j < SWM_LANES; j++) found[0] |= found[j];
    return found[0] != 0;
}

uint32_t swm_race(const swm_noise *noise, const float *scores, size_t count, swm_survey survey) {
    race r = {noise, scores, count, noise->is_murmur ? survey.largest : 0, 0, 0, 0, 1};
    float reach = (noise->is_murmur ? MOST_MURMUR : MOST_PHILOX) + SLACK;
    batch b;
    b.count = 0;
    // The most probable token first, since its value lets most others be passed over.
    size_t first = 0;
    while (first < count && scores[first] < survey.largest) first++;
    add_quarter(&r, &b, first / 4);
    run(&r, &b);
    for (size_t start = 0; start < count; start += 64) {
        float limit = r.offset + (r.bound - reach);
        limit -= 1e-6f * fabsf(limit);
        if (start + 64 <= count && !reaches(scores + start, limit)) continue;
        size_t end = start + 64 < count ? start + 64 : count;
        for (size_t token = start; token < end; token += 4) {
            int is_near = 0;
            for (size_t k = token; k < token + 4 && k < end; k++) is_near |= scores[k] >= limit;
            if (!is_near) continue;
            add_quarter(&r, &b, token / 4);
            if (b.count == QUARTERS) run(&r, &b);
        }
    }
    run(&r, &b);
    return r.token;
}

SWM_CLONES static double sum_of(const float *scores, size_t count, float largest) {
    float sums[SWM_LANES] = {0};
    size_t i = 0;
    for (; i + SWM_LANES <= count; i += SWM_LANES)
        for (int j = 0; j < SWM_LANES; j++) sums[j] += swm_exponential(scores[i + (size_t)j] - largest);
    for (; i < count; i++) sums[0] += swm_exponential(scores[i] - largest);
    double sum = 0;
    for (int j = 0; j < SWM_LANES; j++) sum += sums[j];
    return sum;
}

uint32_t swm_draw(const float *scores, size_t count, swm_survey survey, uint64_t random, double *sums) {
    double total = 0;
    for (size_t start = 0; start < count; start += DRAWN) {
        size_t size = count - start < DRAWN ? count - start : DRAWN;
        sums[start / DRAWN] = sum_of(scores + start, size, survey.largest);
        total += sums[start / DRAWN];
    }
    double left = (double)(random >> 11) * 0x1p-53 * total;
    size_t block = 0, last = (count - 1) / DRAWN;
    while (block < last && left >= sums[block]) left -= sums[block++];
    uint32_t found = 0;
    float best = -INFINITY;
    for (size_t i = block * DRAWN; i < count; i++) {
        float probability = swm_exponential(scores[i] - survey.largest);
        if (probability > 0 && left < probability) return (uint32_t)i;
        left -= probability;
    }
    // Rounding left a little over: the most probable token.
    for (size_t i = 0; i < count; i++) {
        if (scores[i] > best) {
            best = scores[i];
            found = (uint32_t)i;
        }
    }
    return found;
}

uint32_t swm_best(const float *scores, size_t count, uint32_t most, uint32_t *best) {
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        float score = scores[i];
        if (!(score >= -FLT_MAX) || (found == most && score <= scores[best[found - 1]])) continue;
        uint32_t place = found < most ? found++ : found - 1;
        while (place > 0 && scores[best[place - 1]] < score) {
            best[place] = best[place - 1];
            place--;
        }
        best[place] = (uint32_t)i;
    }
    return found;
}

SWM_CLONES void swm_add_bias(float *scores, size_t count, const uint8_t *bits, float bias) {
    swm_ints lane, bias_bits = {0};
    for (int j = 0; j < SWM_LANES; j++) {
        lane[j] = j;
        memcpy((char *)&bias_bits + 4 * j, &bias, 4);
    }
    size_t i = 0;
    for (; i + SWM_LANES <= count; i += SWM_LANES) {
        swm_floats x;
        memcpy(&x, scores + i, sizeof(x));
        int32_t flags = bits[i / 8] | bits[i / 8 + 1] << 8;
        // Adding 0 changes nothing but the sign of -0, and that no softmax sees.
        x += (swm_floats)(bias_bits & -(((swm_ints){0} + flags) >> lane & 1));
        memcpy(scores + i, &x, sizeof(x));
    }
    for (; i < count; i++)
        if (bits[i / 8] >> (i % 8) & 1) scores[i] += bias;
}
