#include "nct_maxflow.h"

// Where a node hangs in its tree: an arc to its parent, or one of these.
enum { NCT_TERMINAL = -1, NCT_ORPHAN = -2, NCT_FREE = -3 };
enum { NCT_SOURCE_TREE = 0, NCT_SINK_TREE = 1 };
// A node's link in the queue of active nodes: none, or the last one's.
enum { NCT_PASSIVE = -1, NCT_LAST = -2 };

// A search under way. Stamps say when a node's distance to its terminal was last known to be true.
typedef struct {
    const nct_flow_graph *g;
    int32_t front, back, time;
    size_t orphanFront, orphanCount;
    int64_t flow;
} nct_search;

static void activate(nct_search *s, int32_t node) {
    int32_t *next = s->g->next;
    if (next[node] != NCT_PASSIVE) return;
    next[node] = NCT_LAST;
    if (s->front < 0) s->front = node;
    else next[s->back] = node;
    s->back = node;
}

// The front of the queue, which stays there; nodes that have become free leave it. -1: none is active.
static int32_t active(nct_search *s) {
    const nct_flow_graph *g = s->g;
    while (s->front >= 0 && g->parent[s->front] == NCT_FREE) {
        int32_t node = s->front;
        s->front = g->next[node] == NCT_LAST ? -1 : g->next[node];
        g->next[node] = NCT_PASSIVE;
    }
    return s->front;
}

static void retire(nct_search *s) {
    int32_t node = s->front;
    s->front = s->g->next[node] == NCT_LAST ? -1 : s->g->next[node];
    s->g->next[node] = NCT_PASSIVE;
}

static void orphan(nct_search *s, int32_t node) {
    const nct_flow_graph *g = s->g;
    g->parent[node] = NCT_ORPHAN;
    size_t place = s->orphanFront + s->orphanCount++;
    g->orphans[place < g->nodes ? place : place - g->nodes] = node;
}

// The arc in the direction of flow of the tree of a node, given the arc from that node outward.
static inline int32_t outward(const nct_flow_graph *g, uint8_t tree, int32_t arc) {
    return tree == NCT_SOURCE_TREE ? arc : g->reverse[arc];
}

// Grows the trees until they touch. The arc between them from source to sink; -1: they never will.
static int32_t grow(nct_search *s) {
    const nct_flow_graph *g = s->g;
    for (int32_t p; (p = active(s)) >= 0; retire(s)) {
        uint8_t tree = g->tree[p];
        for (int32_t arc = g->first[p]; arc < g->first[p + 1]; arc++) {
            int32_t along = outward(g, tree, arc);
            if (g->residual[along] == 0) continue;
            int32_t q = g->head[arc];
            if (g->parent[q] == NCT_FREE) {
                g->tree[q] = tree;
                g->parent[q] = g->reverse[arc];
                g->stamp[q] = g->stamp[p];
                g->distance[q] = g->distance[p] + 1;
                activate(s, q);
            } else if (g->tree[q] != tree) {
                return along;
            } else if (g->stamp[q] <= g->stamp[p] && g->distance[q] > g->distance[p] + 1 && g->parent[q] >= 0) {
                g->parent[q] = g->reverse[arc];
                g->stamp[q] = g->stamp[p];
                g->distance[q] = g->distance[p] + 1;
            }
        }
    }
    return -1;
}

// The least that a branch can carry, from `node` to its root.
static int32_t bottleneck(const nct_flow_graph *g, int32_t node, int32_t least) {
    for (; g->parent[node] != NCT_TERMINAL; node = g->head[g->parent[node]]) {
        int32_t arc = g->parent[node];
        int32_t room = g->residual[g->tree[node] == NCT_SOURCE_TREE ? g->reverse[arc] : arc];
        if (room < least) least = room;
    }
    int32_t room = g->terminal[node] < 0 ? -g->terminal[node] : g->terminal[node];
    return room < least ? room : least;
}

// Pushes along a branch; what has become saturated leaves orphans.
static void push(nct_search *s, int32_t node, int32_t amount) {
    const nct_flow_graph *g = s->g;
    while (g->parent[node] != NCT_TERMINAL) {
        int32_t arc = g->parent[node], above = g->head[arc];
        int32_t along = g->tree[node] == NCT_SOURCE_TREE ? g->reverse[arc] : arc;
        g->residual[along] -= amount;
        g->residual[g->reverse[along]] += amount;
        if (g->residual[along] == 0) orphan(s, node);
        node = above;
    }
    g->terminal[node] += g->terminal[node] < 0 ? amount : -amount;
    if (g->terminal[node] == 0) orphan(s, node);
}

static void augment(nct_search *s, int32_t arc) {
    const nct_flow_graph *g = s->g;
    int32_t from = g->head[g->reverse[arc]], to = g->head[arc];
    int32_t amount = bottleneck(g, to, bottleneck(g, from, g->residual[arc]));
    g->residual[arc] -= amount;
    g->residual[g->reverse[arc]] += amount;
    push(s, from, amount);
    push(s, to, amount);
    s->flow += amount;
}

// How far a node is from its terminal, 0 if its branch ends in an orphan.
static int32_t origin(const nct_search *s, int32_t node) {
    const nct_flow_graph *g = s->g;
    int32_t steps = 0;
    int32_t i = node;
    while (g->stamp[i] != s->time) {
        int32_t parent = g->parent[i];
        if (parent == NCT_ORPHAN) return 0;
        if (parent == NCT_TERMINAL) {
            g->stamp[i] = s->time;
            g->distance[i] = 1;
            break;
        }
        steps++;
        i = g->head[parent];
    }
    int32_t distance = g->distance[i] + steps;
    int32_t own = distance;
    for (i = node; g->stamp[i] != s->time; i = g->head[g->parent[i]]) {
        g->stamp[i] = s->time;
        g->distance[i] = own--;
    }
    return distance;
}

// Finds each orphan another parent in its tree, or sets it free, and its children become orphans.
static void adopt(nct_search *s) {
    const nct_flow_graph *g = s->g;
    while (s->orphanCount > 0) {
        int32_t node = g->orphans[s->orphanFront];
        if (++s->orphanFront == g->nodes) s->orphanFront = 0;
        s->orphanCount--;
        uint8_t tree = g->tree[node];
        int32_t best = -1, least = INT32_MAX;
        for (int32_t arc = g->first[node]; arc < g->first[node + 1]; arc++) {
            int32_t q = g->head[arc];
            if (g->tree[q] != tree || g->parent[q] == NCT_FREE) continue;
            if (g->residual[outward(g, tree, g->reverse[arc])] == 0) continue;
            int32_t distance = origin(s, q);
            if (distance > 0 && distance < least) {
                least = distance;
                best = arc;
            }
        }
        if (best >= 0) {
            g->parent[node] = best;
            g->stamp[node] = s->time;
            g->distance[node] = least + 1;
            continue;
        }
        g->parent[node] = NCT_FREE;
        for (int32_t arc = g->first[node]; arc < g->first[node + 1]; arc++) {
            int32_t q = g->head[arc];
            if (g->tree[q] != tree || g->parent[q] == NCT_FREE) continue;
            if (g->residual[outward(g, tree, g->reverse[arc])] > 0) activate(s, q);
            if (g->parent[q] >= 0 && g->head[g->parent[q]] == node) orphan(s, q);
        }
    }
}

int64_t nct_maxflow(const nct_flow_graph *g, uint8_t *sink) {
    nct_search s = {.g = g, .front = -1, .back = -1};
    for (size_t i = 0; i < g->nodes; i++) {
        g->next[i] = NCT_PASSIVE;
        g->stamp[i] = 0;
        g->distance[i] = 1;
        g->tree[i] = g->terminal[i] < 0 ? NCT_SINK_TREE : NCT_SOURCE_TREE;
        g->parent[i] = g->terminal[i] == 0 ? NCT_FREE : NCT_TERMINAL;
    }
    // The sink's tree alone has to be whole at the end, so the source's starts to grow only where the two have met.
    for (size_t i = 0; i < g->nodes; i++)
        if (g->terminal[i] < 0) activate(&s, (int32_t)i);
    for (int32_t arc; (arc = grow(&s)) >= 0;) {
        s.time++;
        augment(&s, arc);
        adopt(&s);
    }
    for (size_t i = 0; i < g->nodes; i++) sink[i] = g->parent[i] != NCT_FREE && g->tree[i] == NCT_SINK_TREE;
    return s.flow;
}
