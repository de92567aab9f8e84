#ifndef STILLWATCH_CNATIVE_H
#define STILLWATCH_CNATIVE_H

#include <stddef.h>
#include <stdint.h>

/// Sum of the products of two rows of `count` signed bytes, a multiple of 64. Exact: no sum of 2^16 products overflows.
int32_t sw_dot_bytes(const int8_t *a, const int8_t *b, size_t count);

/// Gives freed memory that the allocator keeps back to the system.
void sw_give_back_memory(void);

#endif
