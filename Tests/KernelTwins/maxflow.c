#include "CKernelTwins.h"

// The twin: shortest augmenting paths, each found anew (Edmonds and Karp, 1972). Searches backwards from the sink, so that
// the last search leaves the nodes that reach it. `parent` is the arc toward the sink.
int64_t nct_maxflow_scalar(const nct_flow_graph *g, uint8_t *sink) {
    int64_t flow = 0;
    for (;;) {
        size_t front = 0, back = 0;
        for (size_t i = 0; i < g->nodes; i++) {
            sink[i] = g->terminal[i] < 0;
            g->parent[i] = -1;
            if (sink[i]) g->next[back++] = (int32_t)i;
        }
        int32_t found = -1;
        while (front < back && found < 0) {
            int32_t p = g->next[front++];
            for (int32_t arc = g->first[p]; arc < g->first[p + 1] && found < 0; arc++) {
                int32_t q = g->head[arc];
                if (sink[q] || g->residual[g->reverse[arc]] == 0) continue;
                sink[q] = 1;
                g->parent[q] = g->reverse[arc];
                g->next[back++] = q;
                if (g->terminal[q] > 0) found = q;
            }
        }
        if (found < 0) return flow;
        int32_t amount = g->terminal[found], node = found;
        for (; g->parent[node] >= 0; node = g->head[g->parent[node]])
            if (g->residual[g->parent[node]] < amount) amount = g->residual[g->parent[node]];
        if (-g->terminal[node] < amount) amount = -g->terminal[node];
        g->terminal[node] += amount;
        g->terminal[found] -= amount;
        for (node = found; g->parent[node] >= 0; node = g->head[g->parent[node]]) {
            g->residual[g->parent[node]] -= amount;
            g->residual[g->reverse[g->parent[node]]] += amount;
        }
        flow += amount;
    }
}
