// Calls the interface of watermark generators in ways that no careful caller would, and aborts where it breaks a
// promise.
//
// With libFuzzer the input comes of its mutations; compiled with -DSEEDED_DRIVER, of random numbers: PROGRAM SECONDS
// SEED.

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stillwatch_watermark.h"

#define REQUIRE(condition)                                                                  \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                        \
        }                                                                                   \
    } while (0)

typedef struct input {
    const uint8_t *bytes;
    size_t left;
    uint64_t state;
} input;

// What is not in the input is a large byte, which is mostly one that is allowed.
static uint32_t byte(input *in) {
    if (in->left == 0) return 0xFF;
    in->left--;
    return *in->bytes++;
}

static uint32_t word(input *in) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) value = value << 8 | byte(in);
    return value;
}

// SplitMix64, for what is too much to be in an input.
static uint64_t next(input *in) {
    uint64_t z = in->state += 0x9E3779B97F4A7C15ULL;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
    return z ^ z >> 31;
}

// Mostly a number that is allowed.
static uint32_t number(input *in, uint32_t least, uint32_t most) {
    uint32_t kind = byte(in);
    if (kind < 8) return word(in);
    if (kind < 16) return kind % 2 ? least - 1 : most + 1;
    return least + (kind < 128 ? byte(in) : word(in)) % (most - least + 1);
}

static double real(input *in) {
    static const double special[] = {
        0.25, 0.5, 0, 1, -1, 2, 1e-9, 1 - 1e-16, NAN, INFINITY, -INFINITY, 1e300, 1e-300, 5e5};
    uint32_t kind = byte(in);
    if (kind < 64) return special[kind % (sizeof(special) / sizeof(special[0]))];
    if (kind < 80) {
        uint64_t bits = (uint64_t)word(in) << 32 | word(in);
        double value;
        memcpy(&value, &bits, sizeof(value));
        return value;
    }
    return kind / 256.0;
}

static void fill_scores(input *in, float *scores, size_t count) {
    static const float special[] = {
        NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, 0, -0.0f, 1e-45f, 1e30f, -1e30f, 87, -104};
    uint32_t shape = byte(in);
    float width = (float)(1 << (shape % 8));
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)next(in);
        scores[i] = width * ((float)bits / 4294967296.0f - 0.5f);
        if (shape & 8 && bits % 4 != 0) scores[i] = -INFINITY;
        if (shape & 16) scores[i] = roundf(scores[i] * 0.1f);
        if ((shape & 0xE0) == 0xE0) memcpy(scores + i, &bits, sizeof(bits));
    }
    for (uint32_t i = 0; count > 0 && i < (shape >> 5); i++)
        scores[word(in) % count] = special[byte(in) % (sizeof(special) / sizeof(special[0]))];
    if (shape == 42)
        for (size_t i = 0; i < count; i++) scores[i] = -INFINITY;
}

static int known(int status) { return status >= SWM_OK && status <= SWM_NO_MEMORY; }

// An array of exactly so many bytes, so that a look past its end is noticed.
static void *exactly(size_t bytes) {
    void *memory = malloc(bytes);
    REQUIRE(memory != NULL || bytes == 0);
    return memory;
}

static int is_bad(const float *scores, size_t count, int *has_choice) {
    int bad = 0;
    *has_choice = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(scores[i]) || scores[i] == INFINITY) bad = 1;
        if (scores[i] >= -FLT_MAX) *has_choice = 1;
    }
    return bad;
}

static void mark(input *in, swm_generator *generator, const swm_config *config, uint32_t *last) {
    int rewrites = config->kind <= SWM_KGW_SELF, has_choice;
    size_t count = byte(in) < 12 ? byte(in) : config->vocabulary_size;
    float *scores = exactly(count * sizeof(float)), *before = exactly(count * sizeof(float));
    fill_scores(in, scores, count);
    if (count > 0) memcpy(before, scores, count * sizeof(float));
    int bad = is_bad(scores, count, &has_choice), calls_apply = byte(in) < 240 ? rewrites : !rewrites;
    if (calls_apply) {
        int status = swm_generator_apply(generator, scores, count);
        REQUIRE(known(status));
        if (status != SWM_OK) {
            REQUIRE(count == 0 || memcmp(scores, before, count * sizeof(float)) == 0);
        } else {
            REQUIRE(rewrites && count == config->vocabulary_size && !bad && has_choice);
            for (size_t i = 0; i < count; i++) REQUIRE(!isnan(scores[i]) && scores[i] != INFINITY);
            for (size_t i = 0; i < count; i++)
                if (before[i] == -INFINITY) REQUIRE(scores[i] <= -FLT_MAX);
        }
    } else {
        uint64_t random[2] = {next(in), next(in)};
        if (byte(in) == 7) random[0] = random[1] = UINT64_MAX;
        uint32_t token = UINT32_MAX;
        int is_marked = 2, status = swm_generator_choose(generator, scores, count, random, &token, &is_marked);
        REQUIRE(known(status));
        REQUIRE(count == 0 || memcmp(scores, before, count * sizeof(float)) == 0);
        if (status == SWM_OK) {
            REQUIRE(!rewrites && count == config->vocabulary_size && !bad && has_choice);
            REQUIRE(token < count && scores[token] >= -FLT_MAX && (is_marked == 0 || is_marked == 1));
            *last = token;
        } else {
            REQUIRE(token == UINT32_MAX && is_marked == 2);
        }
    }
    free(before);
    free(scores);
}

static void use(input *in, swm_generator *generator, const swm_config *config) {
    uint32_t last = 0;
    int most = config->vocabulary_size < 1000 ? 64 : 4;
    for (int call = 0; call < most && in->left > 0; call++) {
        switch (byte(in) % 8) {
        case 0: {
            size_t count = byte(in) % 80;
            uint32_t *prompt = exactly(count * sizeof(uint32_t));
            for (size_t i = 0; i < count; i++) prompt[i] = number(in, 0, config->vocabulary_size - 1);
            REQUIRE(known(swm_generator_reset(generator, byte(in) == 3 ? NULL : prompt, count)));
            free(prompt);
            break;
        }
        case 1: {
            size_t count = byte(in) < 64 ? byte(in) : config->payload_symbols % 512;
            uint8_t *symbols = exactly(count);
            for (size_t i = 0; i < count; i++)
                symbols[i] = (uint8_t)(byte(in) % (config->payload_radix % 256 ? config->payload_radix : 256));
            REQUIRE(known(swm_generator_set_payload(generator, byte(in) == 3 ? NULL : symbols, count)));
            free(symbols);
            break;
        }
        case 2:
            // Runs of few tokens, so that contexts come again.
            for (uint32_t i = byte(in); i > 0; i--) {
                int status = swm_generator_accept(generator, i % 3 % config->vocabulary_size);
                REQUIRE(status == SWM_OK);
            }
            break;
        case 3: {
            uint32_t token = number(in, 0, config->vocabulary_size - 1);
            int status = swm_generator_accept(generator, token);
            REQUIRE(status == (token < config->vocabulary_size ? SWM_OK : SWM_BAD_TOKEN));
            break;
        }
        case 4: REQUIRE(swm_generator_accept(generator, last) == SWM_OK); break;
        default: mark(in, generator, config, &last);
        }
    }
}

static void null_pointers(const swm_config *config) {
    uint64_t random[2] = {0, 0};
    uint32_t token;
    float score = 0;
    swm_scheme *scheme = NULL;
    swm_generator *generator = NULL;
    REQUIRE(swm_scheme_create(NULL, &scheme) == SWM_NULL_POINTER);
    REQUIRE(swm_scheme_create(config, NULL) == SWM_NULL_POINTER);
    REQUIRE(swm_generator_create(NULL, &generator) == SWM_NULL_POINTER);
    REQUIRE(swm_generator_reset(NULL, NULL, 0) == SWM_NULL_POINTER);
    REQUIRE(swm_generator_set_payload(NULL, NULL, 0) == SWM_NULL_POINTER);
    REQUIRE(swm_generator_apply(NULL, &score, 1) == SWM_NULL_POINTER);
    REQUIRE(swm_generator_choose(NULL, &score, 1, random, &token, NULL) == SWM_NULL_POINTER);
    REQUIRE(swm_generator_accept(NULL, 0) == SWM_NULL_POINTER);
    swm_scheme_destroy(NULL);
    swm_generator_destroy(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input held = {data, size, 0}, *in = &held;
    in->state = word(in);
    int64_t keys[70];
    for (int i = 0; i < 70; i++) keys[i] = (int64_t)(next(in) >> (next(in) % 64));
    swm_config config;
    memset(&config, 0, sizeof(config));
    config.struct_size = byte(in) == 1 ? word(in) : sizeof(config);
    config.kind = number(in, SWM_SYNTHID_TABLE, SWM_GUMBEL_PAYLOAD);
    // The permutation of `selfhash` takes as long as a hundred other inputs.
    if (config.kind == SWM_KGW_SELF && byte(in) % 32 != 0) config.kind = SWM_GUMBEL_PHILOX;
    config.context_width = number(in, 1, 64);
    config.vocabulary_size = number(in, 2, byte(in) % 16 == 0 ? 70000 : 700);
    config.context_history = number(in, 0, 40);
    config.table_size = byte(in) % 2 ? 1U << (byte(in) % 26) : number(in, 2, 70000);
    config.table_seed = word(in);
    int is_synthid = config.kind == SWM_SYNTHID_TABLE || config.kind == SWM_SYNTHID_HASH;
    config.key_count = number(in, 1, is_synthid ? 64 : config.kind == SWM_GUMBEL_MURMUR ? 2 : 1);
    config.keys = byte(in) == 1 ? NULL : keys;
    config.hash_start = (uint64_t)word(in) << 31 | word(in);
    config.gamma = real(in);
    config.bias = real(in);
    config.alpha = real(in);
    config.payload_symbols = number(in, 1, 256);
    config.payload_radix = number(in, 2, 256);
    REQUIRE(swm_abi_version() == SWM_ABI_VERSION);
    REQUIRE(swm_status_text((int)word(in)) != NULL);
    if (byte(in) == 1) null_pointers(&config);

    swm_scheme *scheme = (swm_scheme *)keys;
    int status = swm_scheme_create(&config, &scheme);
    REQUIRE(known(status));
    REQUIRE((status == SWM_OK) == (scheme != NULL));
    if (status != SWM_OK) return 0;
    memset(keys, 0, sizeof(keys));
    swm_generator *generators[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        status = swm_generator_create(scheme, &generators[i]);
        REQUIRE(status == SWM_OK || status == SWM_NO_MEMORY);
        REQUIRE((status == SWM_OK) == (generators[i] != NULL));
    }
    // Scores for a huge vocabulary would be all that is tested.
    if (config.vocabulary_size <= 70001)
        for (int i = 0; i < 2; i++)
            if (generators[i] != NULL) use(in, generators[i], &config);
    swm_generator_destroy(generators[0]);
    swm_generator_destroy(generators[1]);
    swm_scheme_destroy(scheme);
    return 0;
}

#ifdef SEEDED_DRIVER
int main(int count, char **arguments) {
    double seconds = count > 1 ? atof(arguments[1]) : 20;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    time_t end = time(NULL) + (time_t)seconds;
    input in = {NULL, 0, seed};
    uint64_t runs = 0;
    uint8_t bytes[2048];
    while (time(NULL) < end) {
        size_t size = next(&in) % sizeof(bytes);
        // Small bytes choose what is not allowed; each input has its own share of them.
        uint64_t large = next(&in) % 4;
        for (size_t i = 0; i < size; i++) {
            uint64_t value = next(&in);
            bytes[i] = (uint8_t)(value % 16 < 4 * large ? 17 + (value >> 8) % 239 : value >> 8);
        }
        LLVMFuzzerTestOneInput(bytes, size);
        runs++;
    }
    printf("%llu inputs of seed %llu\n", (unsigned long long)runs, (unsigned long long)seed);
    return 0;
}
#endif
