#ifndef STILLWATCH_HASHES_H
#define STILLWATCH_HASHES_H

#include <stddef.h>
#include <stdint.h>

// The pseudorandom functions of the schemes, as inline functions so that loops over them can be vectorised.

// The compiler makes one version for each kind of processor and the loader picks the best.
#if defined(__x86_64__) && defined(__linux__)
#define SWM_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SWM_CLONES
#endif
#define SWM_INLINE static inline __attribute__((always_inline))

// SynthID: one step of the linear congruential fold, wrapping.
#define SWM_LCG 6364136223846793005ULL

SWM_INLINE uint64_t swm_fold(uint64_t hash, uint64_t data) { return (hash + data) * SWM_LCG + 1; }

// SynthID, DeepMind's main: the bit of one layer, from the fold with that layer's key.
SWM_INLINE uint32_t swm_hashed_bit(uint64_t hash) {
    int64_t value = (int64_t)hash;
    for (int i = 0; i < 12; i++) value = (int64_t)(((uint64_t)value + 1) * SWM_LCG + 1) >> 5;
    return (uint32_t)((uint64_t)(value >> 30) & 1);
}

// Philox4x32-10 (Salmon et al. 2011, DOI 10.1145/2063384.2063405).
typedef struct swm_words {
    uint32_t w[4];
} swm_words;

SWM_INLINE swm_words swm_philox(swm_words counter, uint32_t key0, uint32_t key1) {
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)0xD2511F53U * counter.w[0];
        uint64_t product1 = (uint64_t)0xCD9E8D57U * counter.w[2];
        swm_words next = {{
            (uint32_t)(product1 >> 32) ^ counter.w[1] ^ key0,
            (uint32_t)product1,
            (uint32_t)(product0 >> 32) ^ counter.w[3] ^ key1,
            (uint32_t)product0,
        }};
        counter = next;
        key0 += 0x9E3779B9U;
        key1 += 0xBB67AE85U;
    }
    return counter;
}

#define SWM_CONTEXT_DOMAIN 0x574D4358U
#define SWM_TOKEN_DOMAIN 0x574D544BU
// The payload scheme's own, so that its numbers are not those of the same key under `gumbel`.
#define SWM_PAYLOAD_DOMAIN 0x574D5059U
#define SWM_SYMBOL_DOMAIN 0x574D5359U

// vLLM: the state after a context. `context[i]` is the i-th token of the window, oldest first.
SWM_INLINE swm_words swm_philox_context(
    const uint32_t *context, uint32_t width, uint32_t domain, uint32_t key0, uint32_t key1) {
    swm_words state = {{domain, width, 0, 0}};
    for (uint32_t offset = 0; offset < width; offset += 4) {
        for (uint32_t i = 0; i < 4; i++)
            state.w[i] ^= offset + i < width ? context[offset + i] : 0xFFFFFFFFU - i;
        state = swm_philox(state, key0 ^ offset, key1);
    }
    return state;
}

// vLLM: the words of the four tokens that share `token >> 2`. `key1` carries the domain.
SWM_INLINE swm_words swm_philox_tokens(uint32_t quarter, swm_words state, uint32_t key0, uint32_t key1) {
    swm_words counter = {{quarter, state.w[0], state.w[1], state.w[2]}};
    return swm_philox(counter, key0 ^ state.w[3], key1);
}

// vLLM: a word as a number inside 0...1. The float's rounding is part of the definition.
SWM_INLINE float swm_philox_uniform(uint32_t word) {
    return (float)(((double)(word >> 8) + 1.0) / 16777217.0);
}

// The payload scheme: the second key word for tokens under a symbol's value.
SWM_INLINE uint32_t swm_payload_key(uint32_t key1, uint32_t value) {
    return key1 ^ SWM_TOKEN_DOMAIN ^ ((value + 1) * 0x9E3779B9U);
}

// The payload scheme: which symbol a context belongs to.
SWM_INLINE uint32_t swm_payload_symbol(swm_words state, uint32_t key0, uint32_t key1, uint32_t symbols) {
    swm_words counter = {{0, state.w[0], state.w[1], state.w[2]}};
    uint32_t word = swm_philox(counter, key0 ^ state.w[3], key1 ^ SWM_SYMBOL_DOMAIN).w[0];
    return (uint32_t)(((uint64_t)word * symbols) >> 32);
}

// MurmurHash3 x86 32-bit over whole words (Appleby), seed 0.
SWM_INLINE uint32_t swm_rotated(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

SWM_INLINE uint32_t swm_murmur_mix(uint32_t state, uint32_t word) {
    word = swm_rotated(word * 0xCC9E2D51U, 15) * 0x1B873593U;
    return swm_rotated(state ^ word, 13) * 5 + 0xE6546B64U;
}

SWM_INLINE uint32_t swm_murmur_finish(uint32_t state, uint32_t words) {
    state ^= 4 * words;
    state = (state ^ state >> 16) * 0x85EBCA6BU;
    state = (state ^ state >> 13) * 0xC2B2AE35U;
    return state ^ state >> 16;
}

SWM_INLINE uint32_t swm_murmur_context(const uint32_t *context, uint32_t count) {
    uint32_t state = 0;
    for (uint32_t i = 0; i < count; i++) state = swm_murmur_mix(state, context[i]);
    return swm_murmur_finish(state, count);
}

// SGLang: the part of a token's hash that all tokens of a context share.
SWM_INLINE uint32_t swm_murmur_prefix(uint64_t key, uint32_t context) {
    return swm_murmur_mix(swm_murmur_mix(swm_murmur_mix(0, (uint32_t)key), (uint32_t)(key >> 32)), context);
}

SWM_INLINE uint32_t swm_murmur_token(uint32_t prefix, uint32_t token) {
    return swm_murmur_finish(swm_murmur_mix(prefix, token), 4);
}

// SGLang: which of two keys a context uses: the first when this is below the threshold.
SWM_INLINE uint32_t swm_murmur_coin(uint64_t first, uint64_t second, uint32_t context) {
    uint32_t state = swm_murmur_mix(swm_murmur_mix(0, (uint32_t)first), (uint32_t)(first >> 32));
    state = swm_murmur_mix(swm_murmur_mix(state, (uint32_t)second), (uint32_t)(second >> 32));
    return swm_murmur_finish(swm_murmur_mix(state, context), 5);
}

// MT19937 (Matsumoto and Nishimura 1998).
#define SWM_MT_SIZE 624
#define SWM_MT_SHIFT 397

SWM_INLINE void swm_mt_seed(uint32_t *state, uint32_t seed) {
    state[0] = seed;
    for (uint32_t i = 1; i < SWM_MT_SIZE; i++)
        state[i] = 1812433253U * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
}

SWM_INLINE uint32_t swm_mt_twisted(uint32_t high, uint32_t low, uint32_t far) {
    uint32_t mixed = (high & 0x80000000U) | (low & 0x7FFFFFFFU);
    return far ^ (mixed >> 1) ^ ((0U - (mixed & 1U)) & 0x9908B0DFU);
}

// The next 624 states.
SWM_INLINE void swm_mt_twist(uint32_t *s) {
    for (uint32_t i = 0; i < SWM_MT_SIZE - SWM_MT_SHIFT; i++)
        s[i] = swm_mt_twisted(s[i], s[i + 1], s[i + SWM_MT_SHIFT]);
    for (uint32_t i = SWM_MT_SIZE - SWM_MT_SHIFT; i < SWM_MT_SIZE - 1; i++)
        s[i] = swm_mt_twisted(s[i], s[i + 1], s[i + SWM_MT_SHIFT - SWM_MT_SIZE]);
    s[SWM_MT_SIZE - 1] = swm_mt_twisted(s[SWM_MT_SIZE - 1], s[0], s[SWM_MT_SHIFT - 1]);
}

SWM_INLINE uint32_t swm_mt_tempered(uint32_t y) {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C5680U;
    y ^= (y << 15) & 0xEFC60000U;
    return y ^ y >> 18;
}

#endif
