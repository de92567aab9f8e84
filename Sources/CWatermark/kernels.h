#ifndef STILLWATCH_KERNELS_H
#define STILLWATCH_KERNELS_H

#include <string.h>

#include "hashes.h"
#include "scheme.h"

// What generators do with the scores of one token. Private.

// Scores that are summed up or tested side by side.
#define SWM_LANES 16

// Numbers side by side, in what vector registers there are: compilers differ in what they make of such loops.
typedef float swm_floats __attribute__((vector_size(4 * SWM_LANES)));
typedef uint32_t swm_uints __attribute__((vector_size(4 * SWM_LANES)));
typedef int32_t swm_ints __attribute__((vector_size(4 * SWM_LANES)));

// What a first look at scores finds.
typedef struct swm_survey {
    // Largest score; -infinity where all are.
    float largest;
    // Scores that are not -infinity.
    size_t finite;
    // No score is NaN or +infinity.
    int is_valid;
} swm_survey;

swm_survey swm_survey_scores(const float *scores, size_t count);

// e^x for x <= 0, within 2 units in the last place; 0 below -104 and for -infinity. Written so that loops over it can
// be vectorised (the polynomial is that of Cephes, Moshier 1984).
SWM_INLINE float swm_exponential(float x) {
    x = x > -104.0f ? x : -104.0f;
    // Adding 1.5 * 2^23 leaves the nearest whole number in the low bits.
    float shifted = x * 1.44269504f + 12582912.0f;
    float whole = shifted - 12582912.0f;
    float r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1.0f;
    // In two factors, since the result may be subnormal.
    int32_t power = (int32_t)whole, half = power >> 1;
    uint32_t first_bits = (uint32_t)(half + 127) << 23, second_bits = (uint32_t)(power - half + 127) << 23;
    float first, second;
    memcpy(&first, &first_bits, sizeof(first));
    memcpy(&second, &second_bits, sizeof(second));
    return y * first * second;
}

// SynthID's tournament over the scores of all tokens, in place. `low` and, for more than 32 layers, `high` have room
// for as many words as there are scores. `hash` is that of the context.
void swm_tournament(
    const swm_scheme *scheme, uint64_t hash, float *scores, size_t count, swm_survey survey, uint32_t *low,
    uint32_t *high);

// Gumbel-max: where the words of the tokens come from.
typedef struct swm_noise {
    // Philox: the context's state and the key's words, the second with the domain.
    swm_words state;
    uint32_t key0, key1;
    // Murmur: what all tokens of the context share.
    uint32_t prefix;
    int is_murmur;
} swm_noise;

// The token with the largest sum of score and noise; of equal ones the first. There is a finite score.
uint32_t swm_race(const swm_noise *noise, const float *scores, size_t count, swm_survey survey);

// A token drawn by the scores' softmax from one number uniform in 0...2^64-1. `sums` has room for a number for each 256
// scores begun. There is a finite score.
uint32_t swm_draw(const float *scores, size_t count, swm_survey survey, uint64_t random, double *sums);

// KGW: fills `best` with the ids of the tokens with the largest scores, best first, of equal ones the lowest id first.
// Returns how many there are: `most`, or all scores that are finite.
uint32_t swm_best(const float *scores, size_t count, uint32_t most, uint32_t *best);

// KGW: adds `bias` to the scores whose bit is set.
void swm_add_bias(float *scores, size_t count, const uint8_t *bits, float bias);

#endif
