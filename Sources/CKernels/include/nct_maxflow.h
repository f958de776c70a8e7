// Maximum flow by the algorithm of Boykov and Kolmogorov, *An experimental comparison of min-cut/max-flow algorithms for
// energy minimization in vision*, 2004: a search tree from the source and one from the sink, kept from one augmenting path
// to the next and mended where a path has saturated an arc.
#pragma once

#include "nct_kernels.h"
#include <stddef.h>
#include <stdint.h>

// A graph whose arcs stand in pairs, an arc and its reverse, and what the search keeps a node.
//
// Capacities must leave room: an arc's and its reverse's together, and a terminal's, stay below 2^31.
typedef struct {
    size_t nodes;
    // Arcs of node i: first[i] ..< first[i + 1], which lead to head[arc]; reverse[arc] leads back.
    const int32_t *first, *head, *reverse;
    // What an arc can still carry.
    int32_t *residual;
    // What a node can still get from the source (positive) or give to the sink (negative).
    int32_t *terminal;
    // Scratch of `nodes` each.
    int32_t *parent, *next, *stamp, *distance, *orphans;
    uint8_t *tree;
} nct_flow_graph;

// Pushes all flow that there is from source to sink and returns it. The residuals that are left are a maximum flow's, and
// sink[i] (one per node) is 1 for the nodes that can still reach the sink, which no choice of paths changes: the smallest
// sink side of a minimum cut.
int64_t nct_maxflow(const nct_flow_graph *graph, uint8_t *sink);
