#ifndef STILLWATCH_SCHEME_H
#define STILLWATCH_SCHEME_H

#include "stillwatch_watermark.h"

// Entries of the folded table: SynthID's table variant reads only the low 16 bits of its hash wherever the sampling
// table's size divides 65536, so all layers of a position are one entry of a table made once per key set.
#define SWM_FOLDED_SIZE 65536
#define SWM_FIXED_TABLE 1000003

struct swm_scheme {
    // `keys` points to the scheme's own copy.
    swm_config config;
    // SYNTHID_TABLE: `table_size` entries of 0 or 1.
    uint8_t *table;
    // SYNTHID_TABLE where it applies, else NULL: bit i of entry h is layer i's g-value of a position with hash h.
    uint64_t *folded;
    // KGW_SELF: transformers' fixed permutation of 0..<1000003.
    uint32_t *fixed;
    // KGW: number of green tokens.
    uint32_t green_count;
    // KGW: 1/(vocabulary - i) for i < green_count, to test remainders without dividing.
    double *inverses;
    // The two keys of a scheme with two: vLLM derives them before they get here, so both are as given.
    uint64_t key[2];
};

// The g-values of all layers of a position with this hash (current token folded in), layer i in bit i.
uint64_t swm_layers(const swm_scheme *scheme, uint64_t hash);

// KGW: the seed of the green list after a context whose last `context_width` tokens are `window`, for selfhash with the
// target as the last of them.
uint64_t swm_green_seed(const swm_scheme *scheme, const uint32_t *window, uint32_t width);

// KGW: fills `list` with the `green_count` green tokens of a seed, in transformers' order. `scratch` has room for the
// vocabulary and is overwritten.
void swm_green_list(const swm_scheme *scheme, uint64_t seed, uint32_t *scratch, uint32_t *list);

// KGW: whether one token is in the green list of a seed, without making the list.
int swm_is_green(const swm_scheme *scheme, uint64_t seed, uint32_t token);

#endif
