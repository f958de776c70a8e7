// Kernels of the graph cut: what a label costs, the graph of labelings, and the graph of one expansion move. A label is one
// gain and one offset per channel for many pixels, eight floats like a pixel vector of nct_transfer.h, and "packed source" is
// that of nct_transfer.h.
#pragma once

#include "nct_kernels.h"
#include <stddef.h>
#include <stdint.h>

// cost[i] = confidence * |gain * S + offset - G|^2 * scale, rounded, at most 2^28; the guidance in Lab.
void nct_labels_data(const float *packed, const float *guidance, const float *label, float scale, size_t count,
                     int32_t *cost);

// Lays out pairs of nodes (two numbers each) as arcs, as nct_maxflow takes them: `first` has nodes + 1 places, the others
// two a pair. Both arcs get their pair's weight, and a node's arcs stand in the order of its pairs.
void nct_labels_arcs(const int32_t *pairs, const int32_t *weights, size_t count, size_t nodes, int32_t *first,
                     int32_t *head, int32_t *reverse, int32_t *weight);

// A labeling, and one label that nodes may change to.
typedef struct {
    size_t nodes;
    const int32_t *first, *head, *reverse, *weight;
    const uint8_t *labels;
    // labelCount x labelCount, a metric.
    const int32_t *distances;
    size_t labelCount;
    // What each node's own label costs it, and what `label` would.
    const int32_t *cost, *other;
    uint8_t label;
} nct_expansion;

// The nodes of other labels that may change to this one: those that have it among their candidates (a bit a label), and
// those that have an arc to a node of this label; but of these only nodes that were touched at `since` or later. `number`
// gets each node's place in the list, -1 for the others. Returns how many there are.
size_t nct_expansion_nodes(const nct_expansion *expansion, const uint64_t *candidates, const int32_t *touched,
                           int32_t since, int32_t *list, int32_t *number);

// The graph of the nodes in the list, for a cut whose sink side takes the label: what that changes in the energy is the
// flow plus the sum of the negative terminals, which is returned. The graph's first has count + 1 places; `arcNumber` is
// scratch, one an arc.
int64_t nct_expansion_graph(const nct_expansion *expansion, const int32_t *list, size_t count, const int32_t *number,
                            int32_t *arcNumber, int32_t *first, int32_t *head, int32_t *reverse, int32_t *residual,
                            int32_t *terminal);

// Twice the labeling's pair costs.
int64_t nct_expansion_pairs(const nct_expansion *expansion);
