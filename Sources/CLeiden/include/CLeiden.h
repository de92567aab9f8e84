#ifndef STILLWATCH_CLEIDEN_H
#define STILLWATCH_CLEIDEN_H

#include <stddef.h>
#include <stdint.h>

/// Communities of a weighted undirected graph by igraph's Leiden algorithm with modularity as the objective.
///
/// `first`, `second` and `weights` hold `links` entries; `membership` receives `nodes` community numbers.
/// `resolution` 1 is plain modularity. Returns 0, or igraph's error code; then `membership` is untouched.
/// Deterministic: igraph's random generator is seeded at each call, so calls must not run at the same time.
int sw_leiden(
    size_t nodes, size_t links, const uint32_t *first, const uint32_t *second, const double *weights,
    double resolution, uint64_t seed, uint32_t *membership);

#endif
