#include "CKernelTwins.h"

#include <math.h>

void nct_labels_data_scalar(const float *packed, const float *guidance, const float *label, float scale, size_t count,
                            int32_t *cost) {
    for (size_t i = 0; i < count; i++) {
        double misfit = 0;
        for (size_t c = 0; c < 3; c++) {
            double difference = (double)label[c] * (double)packed[4 * i + c] + (double)label[4 + c];
            difference -= 0.01 * (double)guidance[3 * i + c];
            misfit += difference * difference;
        }
        cost[i] = (int32_t)fmin(floor((double)scale * (double)packed[4 * i + 3] * misfit + 0.5), 268435456);
    }
}

void nct_labels_arcs_scalar(const int32_t *pairs, const int32_t *weights, size_t count, size_t nodes, int32_t *first,
                            int32_t *head, int32_t *reverse, int32_t *weight) {
    int32_t arcs = 0;
    for (size_t p = 0; p < nodes; p++) {
        first[p] = arcs;
        for (size_t i = 0; i < count; i++)
            for (size_t end = 0; end < 2; end++)
                if (pairs[2 * i + end] == (int32_t)p) {
                    head[arcs] = pairs[2 * i + 1 - end];
                    weight[arcs++] = weights[i];
                }
    }
    first[nodes] = arcs;
    // The k-th arc from p to q belongs to the k-th from q to p.
    for (size_t p = 0; p < nodes; p++)
        for (int32_t arc = first[p]; arc < first[p + 1]; arc++) {
            int32_t q = head[arc], before = 0;
            for (int32_t other = first[p]; other < arc; other++) before += head[other] == q;
            for (int32_t back = first[q]; back < first[q + 1]; back++)
                if (head[back] == (int32_t)p && before-- == 0) reverse[arc] = back;
        }
}

size_t nct_expansion_nodes_scalar(const nct_expansion *e, const uint64_t *candidates, const int32_t *touched,
                                  int32_t since, int32_t *list, int32_t *number) {
    size_t count = 0;
    for (size_t p = 0; p < e->nodes; p++) {
        int may = (candidates[p] & (uint64_t)1 << e->label) != 0;
        for (int32_t arc = e->first[p]; arc < e->first[p + 1]; arc++) may |= e->labels[e->head[arc]] == e->label;
        may &= e->labels[p] != e->label && touched[p] >= since;
        if (may) list[count] = (int32_t)p;
        number[p] = may ? (int32_t)count++ : -1;
    }
    return count;
}

// The four costs of a pair: both stay, q changes, p changes, both change.
static void pair_costs(const nct_expansion *e, int32_t p, int32_t q, int32_t weight, int64_t costs[4]) {
    const int32_t *d = e->distances;
    size_t k = e->labelCount, a = e->labels[p], b = e->labels[q], x = e->label;
    costs[0] = (int64_t)weight * d[a * k + b];
    costs[1] = (int64_t)weight * d[a * k + x];
    costs[2] = (int64_t)weight * d[x * k + b];
    costs[3] = (int64_t)weight * d[x * k + x];
}

int64_t nct_expansion_graph_scalar(const nct_expansion *e, const int32_t *list, size_t count, const int32_t *number,
                                   int32_t *arcNumber, int32_t *first, int32_t *head, int32_t *reverse,
                                   int32_t *residual, int32_t *terminal) {
    (void)arcNumber;
    int64_t sum = 0;
    int32_t arcs = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t p = list[i];
        int64_t change = (int64_t)e->other[p] - e->cost[p], costs[4];
        first[i] = arcs;
        for (int32_t arc = e->first[p]; arc < e->first[p + 1]; arc++) {
            int32_t q = e->head[arc];
            if (number[q] < 0) {
                pair_costs(e, p, q, e->weight[arc], costs);
                change += costs[2] - costs[0];
                continue;
            }
            // The change of the node of lower number: half of what both save, within what keeps either arc positive.
            int32_t low = p < q ? p : q, high = p < q ? q : p;
            pair_costs(e, low, high, e->weight[arc], costs);
            int64_t lowShare = -(costs[0] / 2);
            if (lowShare < -costs[1]) lowShare = -costs[1];
            if (lowShare > costs[2] - costs[0]) lowShare = costs[2] - costs[0];
            int64_t highShare = -costs[0] - lowShare;
            change += p == low ? lowShare : highShare;
            residual[arcs] = (int32_t)(p == low ? costs[1] + lowShare : costs[2] + highShare);
            head[arcs] = number[q];
            // Which of the arcs of q's that are kept leads back.
            int32_t back = 0;
            for (int32_t other = e->first[q]; other < e->reverse[arc]; other++) back += number[e->head[other]] >= 0;
            for (int32_t k = 0; k < number[q]; k++)
                for (int32_t other = e->first[list[k]]; other < e->first[list[k] + 1]; other++)
                    back += number[e->head[other]] >= 0;
            reverse[arcs++] = back;
        }
        terminal[i] = (int32_t)change;
        if (change < 0) sum += change;
    }
    first[count] = arcs;
    return sum;
}

int64_t nct_expansion_pairs_scalar(const nct_expansion *e) {
    int64_t sum = 0, costs[4];
    for (size_t p = 0; p < e->nodes; p++)
        for (int32_t arc = e->first[p]; arc < e->first[p + 1]; arc++) {
            pair_costs(e, (int32_t)p, e->head[arc], e->weight[arc], costs);
            sum += costs[0];
        }
    return sum;
}
