#include "nct_labels.h"

NCT_MULTIVERSIONED
void nct_labels_data(const float *packed, const float *guidance, const float *label, float scale, size_t count,
                     int32_t *cost) {
    for (size_t i = 0; i < count; i++) {
        const float *s = packed + 4 * i, *g = guidance + 3 * i;
        float l = label[0] * s[0] + label[4] - 0.01f * g[0];
        float a = label[1] * s[1] + label[5] - 0.01f * g[1];
        float b = label[2] * s[2] + label[6] - 0.01f * g[2];
        float value = scale * s[3] * (l * l + a * a + b * b) + 0.5f;
        cost[i] = (int32_t)(value < 268435456.0f ? value : 268435456.0f);
    }
}

void nct_labels_arcs(const int32_t *pairs, const int32_t *weights, size_t count, size_t nodes, int32_t *first,
                     int32_t *head, int32_t *reverse, int32_t *weight) {
    for (size_t i = 0; i <= nodes; i++) first[i] = 0;
    for (size_t i = 0; i < 2 * count; i++) first[pairs[i]]++;
    int32_t sum = 0;
    for (size_t i = 0; i <= nodes; i++) {
        sum += first[i];
        first[i] = sum;
    }
    // From the last pair to the first: the end of a node's arcs moves down to where they begin.
    for (size_t i = count; i-- > 0;) {
        int32_t p = pairs[2 * i], q = pairs[2 * i + 1], to = --first[p], back = --first[q];
        head[to] = q;
        head[back] = p;
        reverse[to] = back;
        reverse[back] = to;
        weight[to] = weight[back] = weights[i];
    }
}

size_t nct_expansion_nodes(const nct_expansion *e, const uint64_t *candidates, const int32_t *touched, int32_t since,
                           int32_t *list, int32_t *number) {
    for (size_t p = 0; p < e->nodes; p++) number[p] = -1;
    for (size_t p = 0; p < e->nodes; p++) {
        if (e->labels[p] != e->label) {
            if (candidates[p] >> e->label & 1) number[p] = 0;
            continue;
        }
        for (int32_t arc = e->first[p]; arc < e->first[p + 1]; arc++)
            if (e->labels[e->head[arc]] != e->label) number[e->head[arc]] = 0;
    }
    size_t count = 0;
    for (size_t p = 0; p < e->nodes; p++) {
        int may = number[p] == 0 && touched[p] >= since;
        number[p] = may ? (int32_t)count : -1;
        if (may) list[count++] = (int32_t)p;
    }
    return count;
}

// What a pair changes in the cost of its node p, of lower number, taking the label, its other node being q. Half of what
// is saved by changing both goes to either, as far as capacities stay positive, for which the triangle inequality gives
// room. `now`: the pair as it is; with p alone changed; with q alone changed. With both it costs nothing.
static inline int32_t share_of(int32_t now, int32_t pChanged, int32_t qChanged) {
    int32_t share = -(now / 2);
    if (share < -qChanged) share = -qChanged;
    return share > pChanged - now ? pChanged - now : share;
}

int64_t nct_expansion_graph(const nct_expansion *e, const int32_t *list, size_t count, const int32_t *number,
                            int32_t *arcNumber, int32_t *first, int32_t *head, int32_t *reverse, int32_t *residual,
                            int32_t *terminal) {
    const uint8_t *labels = e->labels;
    const int32_t *toLabel = e->distances + e->labelCount * e->label;
    int64_t sum = 0;
    int32_t arcs = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t p = list[i];
        const int32_t *fromOwn = e->distances + e->labelCount * labels[p];
        int32_t change = e->other[p] - e->cost[p], away = fromOwn[e->label];
        first[i] = arcs;
        for (int32_t arc = e->first[p]; arc < e->first[p + 1]; arc++) {
            int32_t q = e->head[arc], weight = e->weight[arc];
            int32_t now = weight * fromOwn[labels[q]], pChanged = weight * toLabel[labels[q]];
            if (number[q] < 0) {
                change += pChanged - now;
                continue;
            }
            int32_t qChanged = weight * away;
            int32_t share = now == 0  ? 0
                            : p < q ? share_of(now, pChanged, qChanged)
                                    : -now - share_of(now, qChanged, pChanged);
            change += share;
            // Cut where p keeps its label and q changes: qChanged, of which q's share has paid a part.
            residual[arcs] = qChanged + share;
            head[arcs] = number[q];
            arcNumber[arc] = arcs;
            reverse[arcs++] = e->reverse[arc];
        }
        terminal[i] = change;
        if (change < 0) sum += change;
    }
    first[count] = arcs;
    for (int32_t arc = 0; arc < arcs; arc++) reverse[arc] = arcNumber[reverse[arc]];
    return sum;
}

int64_t nct_expansion_pairs(const nct_expansion *e) {
    int64_t sum = 0;
    for (size_t p = 0; p < e->nodes; p++) {
        const int32_t *fromOwn = e->distances + e->labelCount * e->labels[p];
        for (int32_t arc = e->first[p]; arc < e->first[p + 1]; arc++)
            sum += (int64_t)e->weight[arc] * fromOwn[e->labels[e->head[arc]]];
    }
    return sum;
}
