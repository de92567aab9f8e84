#include "CLeiden.h"

#include <igraph/igraph.h>
#include <stdlib.h>

int sw_leiden(
    size_t nodes, size_t links, const uint32_t *first, const uint32_t *second, const double *weights,
    double resolution, uint64_t seed, uint32_t *membership) {
    igraph_vector_int_t edges, communities;
    igraph_vector_t edge_weights, strengths;
    igraph_t graph;
    igraph_error_t status;

    igraph_set_error_handler(igraph_error_handler_ignore);
    if ((status = igraph_rng_seed(igraph_rng_default(), (igraph_uint_t)seed))) return status;
    if ((status = igraph_vector_int_init(&edges, (igraph_integer_t)(2 * links)))) return status;
    if ((status = igraph_vector_int_init(&communities, 0))) goto free_edges;
    if ((status = igraph_vector_init(&edge_weights, (igraph_integer_t)links))) goto free_communities;
    if ((status = igraph_vector_init(&strengths, (igraph_integer_t)nodes))) goto free_weights;

    for (size_t i = 0; i < links; i++) {
        VECTOR(edges)[2 * i] = first[i];
        VECTOR(edges)[2 * i + 1] = second[i];
        VECTOR(edge_weights)[i] = weights[i];
        VECTOR(strengths)[first[i]] += weights[i];
        VECTOR(strengths)[second[i]] += weights[i];
    }
    if ((status = igraph_create(&graph, &edges, (igraph_integer_t)nodes, IGRAPH_UNDIRECTED))) goto free_strengths;

    // With node weights equal to strengths and the resolution given over twice the graph's total weight, the constant
    // Potts objective that igraph optimises is modularity.
    status = igraph_community_leiden(
        &graph, &edge_weights, &strengths, resolution, 0.01, 0, 2, &communities,
        NULL, NULL);
    if (status == IGRAPH_SUCCESS) {
        for (size_t i = 0; i < nodes; i++) membership[i] = (uint32_t)VECTOR(communities)[i];
    }
    igraph_destroy(&graph);
free_strengths:
    igraph_vector_destroy(&strengths);
free_weights:
    igraph_vector_destroy(&edge_weights);
free_communities:
    igraph_vector_int_destroy(&communities);
free_edges:
    igraph_vector_int_destroy(&edges);
    return status;
}
