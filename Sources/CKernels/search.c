#include "nct_search.h"

#include "nct_kernels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

INLINE uint64_t mix(uint64_t z) {  // SplitMix64's finalizer
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

INLINE int is_valid(const nct_map *map, int64_t x, int64_t y) {
    return x >= 0 && x < (int64_t)map->width && y >= 0 && y < (int64_t)map->columnHeights[x];
}

INLINE uint32_t random_position(const nct_map *target, uint64_t random) {
    uint32_t x = target->columns[(uint64_t)(uint32_t)random * target->columnCount >> 32];
    uint32_t y = (uint32_t)((random >> 32) * target->columnHeights[x] >> 32);
    return y << 16 | x;
}

// The whole distance, without a branch. Most of a smear is flat but for noise, where no part of a patch decides: to guess
// wrongly whether one does costs more than the rest.
INLINE uint32_t whole_distance(const int8_t *a, size_t sa, const int8_t *b, size_t sb, size_t row) {
    int32_t sum = 0;
    // 16 bits hold the difference of two values of 8: one multiply-add for two of them.
#define NCT_ADD_SQUARES                                                                       \
    {                                                                                         \
        const int16_t first = (int16_t)(a[k] - b[k]);                                         \
        const int16_t second = (int16_t)(a[sa + k] - b[sb + k]);                              \
        const int16_t third = (int16_t)(a[2 * sa + k] - b[2 * sb + k]);                       \
        sum += (int32_t)first * first + (int32_t)second * second + (int32_t)third * third;    \
    }
    const size_t sixteens = row / 16 * 16;
    size_t k = 0;
    _Pragma("clang loop vectorize_width(16) interleave_count(1) unroll(disable)") for (; k < sixteens; k++) NCT_ADD_SQUARES
    _Pragma("clang loop vectorize_width(8) interleave_count(1) unroll(disable)") for (; k < row; k++) NCT_ADD_SQUARES
    return (uint32_t)sum;
}

INLINE const int8_t *patch_at(const nct_map *map, uint32_t position, size_t dimensions) {
    return map->values + ((position >> 16) * map->stride + (position & 0xffff)) * dimensions;
}

// Takes the position if its patch is nearer to `own` than the best.
INLINE void try_position(const nct_map *source, const int8_t *own, const nct_map *target, uint32_t position,
                         size_t dimensions, uint32_t *best, uint32_t *distance) {
    const uint32_t d = whole_distance(own, source->stride * dimensions, patch_at(target, position, dimensions),
                                      target->stride * dimensions, 3 * dimensions);
    *best = d < *distance ? position : *best;
    *distance = d < *distance ? d : *distance;
}

// The position if it is valid, else `otherwise`; without a branch.
INLINE uint32_t valid_or(const nct_map *map, int64_t x, int64_t y, uint32_t otherwise) {
    const size_t column = (uint64_t)x < map->width ? (size_t)x : 0;
    const int valid = ((uint64_t)x < map->width) & ((uint64_t)y < map->columnHeights[column]);
    return valid ? (uint32_t)y << 16 | (uint32_t)x : otherwise;
}

// Candidates from the cell, and the greatest reach of those around a match.
#define CELL_CANDIDATES 2
#define SEARCH_RADIUS 16
#define CANDIDATES 8
#define LOOKAHEAD 3

// The cell of a pixel: 32 x 16 x 8 of the first three components, and the label.
INLINE uint32_t cell_of(const nct_map *map, const int8_t *values) {
    uint32_t label = 0;
    for (size_t k = 1; k < map->labels; k++) label = values[map->components + k] ? (uint32_t)k : label;
    const uint32_t first = (uint32_t)(values[0] + 128) >> 3, second = (uint32_t)(values[1] + 128) >> 4,
                   third = (uint32_t)(values[2] + 128) >> 5;
    return ((label * 32 + first) * 16 + second) * 8 + third;
}

INLINE const int8_t *pixel_at(const nct_map *map, size_t x, size_t y) {
    return map->values + ((y + 1) * map->stride + x + 1) * map->dimensions;
}

// Where in the target's list the source's pixel finds its like; how many there are.
INLINE uint32_t like(const nct_map *source, const nct_map *target, size_t x, size_t y, const uint32_t **entries) {
    const uint32_t cell = cell_of(source, pixel_at(source, x, y));
    *entries = target->cellEntries + target->cellStarts[cell];
    return target->cellStarts[cell + 1] - target->cellStarts[cell];
}

INLINE void prefetch_patch(const nct_map *map, uint32_t position, size_t dimensions) {
    const int8_t *patch = patch_at(map, position, dimensions);
    const size_t row = map->stride * dimensions;
    for (size_t line = 0; line < 3 * dimensions; line += 64) {
        __builtin_prefetch(patch + line);
        __builtin_prefetch(patch + row + line);
        __builtin_prefetch(patch + 2 * row + line);
    }
}

// The positions that random search tries for a pixel: of its like in the target, then in squares around its match, each
// a quarter as large, down to a pixel each way. Scans in and against order take turns with the sizes between. The
// patches are asked for.
INLINE int draw(const nct_map *source, const nct_map *target, uint64_t seed, size_t x, size_t y, uint32_t match,
                int64_t radius, size_t dimensions, uint32_t *candidates) {
    uint64_t random = mix(seed ^ mix(y * source->width + x));
    int count = 0;
    const uint32_t *entries;
    const uint64_t alike = like(source, target, x, y, &entries);
    if (alike > 0) {
        for (int k = 0; k < CELL_CANDIDATES; k++)
            candidates[count++] = entries[(uint64_t)(uint32_t)(random >> 32 * (k % 2)) * alike >> 32];
    } else {
        candidates[count++] = random_position(target, random);
    }
    const int64_t bx = match & 0xffff, by = match >> 16;
    for (; radius >= 1; radius >>= 2) {
        random = random * 0xD1342543DE82EF95u + 0x9E3779B97F4A7C15u;  // of its state only the upper half is used
        const int64_t span = 2 * radius + 1;
        const int64_t cx = bx - radius + (int64_t)((random >> 48) * (uint64_t)span >> 16);
        const int64_t cy = by - radius + (int64_t)((random >> 32 & 0xffff) * (uint64_t)span >> 16);
        candidates[count] = valid_or(target, cx, cy, UINT32_MAX);
        count += candidates[count] != UINT32_MAX;
    }
    for (int k = 0; k < count; k++) prefetch_patch(target, candidates[k], dimensions);
    return count;
}

// Offers the matches of the pixels beside and above (or below) along row y. It hangs on the pixel before and finds its
// patches in the cache.
INLINE void propagate(const nct_map *source, const nct_map *target, int64_t step, size_t y, const uint32_t *neighborRow,
                      uint32_t *field, uint32_t *distances, size_t dimensions) {
    const size_t width = source->width;
    const int64_t fromRow = (int64_t)y + step;
    for (size_t j = 0; j < width; j++) {
        const size_t x = step > 0 ? width - 1 - j : j;
        if (y >= source->columnHeights[x]) continue;
        const size_t p = y * width + x;
        const int8_t *own = source->values + (y * source->stride + x) * dimensions;
        uint32_t best = field[p], distance = distances[p], beside = best, above = best;
        const int64_t side = (int64_t)x + step;
        if (fromRow >= 0 && fromRow < (int64_t)source->columnHeights[x]) {
            const uint32_t q = neighborRow[(size_t)fromRow * width + x];
            above = valid_or(target, (int64_t)(q & 0xffff), (int64_t)(q >> 16) - step, best);
        }
        if (side >= 0 && side < (int64_t)width && y < source->columnHeights[side]) {
            const uint32_t q = field[y * width + (size_t)side];
            beside = valid_or(target, (int64_t)(q & 0xffff) - step, (int64_t)(q >> 16), best);
        }
        if (beside != best) try_position(source, own, target, beside, dimensions, &best, &distance);
        if (above != best) try_position(source, own, target, above, dimensions, &best, &distance);
        field[p] = best;
        distances[p] = distance;
    }
}

// Random search along row y, its patches asked for some pixels ahead.
INLINE void search_around(const nct_map *source, const nct_map *target, uint64_t seed, int64_t radius, size_t y,
                          uint32_t *field, uint32_t *distances, size_t dimensions) {
    const size_t width = source->width;
    uint32_t candidates[LOOKAHEAD + 1][CANDIDATES];
    int counts[LOOKAHEAD + 1];
    for (size_t ahead = 0; ahead < width + LOOKAHEAD; ahead++) {
        if (ahead < width && y < source->columnHeights[ahead]) {
            const size_t p = y * width + ahead, slot = ahead % (LOOKAHEAD + 1);
            counts[slot] = draw(source, target, seed, ahead, y, field[p], radius, dimensions, candidates[slot]);
        }
        if (ahead < LOOKAHEAD) continue;
        const size_t x = ahead - LOOKAHEAD, p = y * width + x, slot = x % (LOOKAHEAD + 1);
        if (y >= source->columnHeights[x]) continue;
        const int8_t *own = source->values + (y * source->stride + x) * dimensions;
        uint32_t best = field[p], distance = distances[p];
        for (int k = 0; k < counts[slot]; k++)
            try_position(source, own, target, candidates[slot][k], dimensions, &best, &distance);
        field[p] = best;
        distances[p] = distance;
    }
}

// One strip; `dimensions` is a constant where it is inlined for the common numbers, so the rows unroll.
INLINE void strip(const nct_map *source, const nct_map *target, uint64_t seed, int backward, size_t y0, size_t y1,
                  const uint32_t *before, uint32_t *field, uint32_t *distances, size_t dimensions) {
    const int64_t step = backward ? 1 : -1;  // where propagation comes from
    for (size_t i = 0; i < y1 - y0; i++) {
        const size_t y = backward ? y1 - 1 - i : y0 + i;
        const uint32_t *neighborRow = i > 0 ? field : before;
        propagate(source, target, step, y, neighborRow, field, distances, dimensions);
        search_around(source, target, seed, SEARCH_RADIUS >> (backward ? 1 : 0), y, field, distances, dimensions);
    }
}

NCT_MULTIVERSIONED
void nct_patchmatch_strip(const nct_map *source, const nct_map *target, uint64_t seed, int backward, size_t y0,
                          size_t y1, const uint32_t *before, uint32_t *field, uint32_t *distances) {
    switch (source->dimensions) {
        case 8: strip(source, target, seed, backward, y0, y1, before, field, distances, 8); break;
        case 16: strip(source, target, seed, backward, y0, y1, before, field, distances, 16); break;
        case 24: strip(source, target, seed, backward, y0, y1, before, field, distances, 24); break;
        case 32: strip(source, target, seed, backward, y0, y1, before, field, distances, 32); break;
        default: strip(source, target, seed, backward, y0, y1, before, field, distances, source->dimensions);
    }
}

NCT_MULTIVERSIONED
uint32_t nct_patch_distance(const nct_map *a, size_t ax, size_t ay, const nct_map *b, size_t bx, size_t by) {
    const size_t dimensions = a->dimensions;
    return whole_distance(a->values + (ay * a->stride + ax) * dimensions, a->stride * dimensions,
                          b->values + (by * b->stride + bx) * dimensions, b->stride * dimensions, 3 * dimensions);
}

void nct_cells(const nct_map *map, size_t y0, size_t y1, uint32_t *cells) {
    for (size_t y = y0; y < y1; y++)
        for (size_t x = 0; x < map->width; x++)
            cells[y * map->width + x] = y < map->columnHeights[x] ? cell_of(map, pixel_at(map, x, y)) : UINT32_MAX;
}

void nct_cell_lists(const uint32_t *cells, size_t width, size_t height, size_t cellCount, uint32_t *starts,
                    uint32_t *entries) {
    for (size_t c = 0; c <= cellCount; c++) starts[c] = 0;
    for (size_t p = 0; p < width * height; p++)
        if (cells[p] < cellCount) starts[cells[p] + 1]++;
    for (size_t c = 1; c <= cellCount; c++) starts[c] += starts[c - 1];
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const uint32_t cell = cells[y * width + x];
            if (cell < cellCount) entries[starts[cell]++] = (uint32_t)(y << 16 | x);
        }
    // Each start has moved to where the next cell starts.
    for (size_t c = cellCount; c > 0; c--) starts[c] = starts[c - 1];
    starts[0] = 0;
}

NCT_MULTIVERSIONED
void nct_field_distances(const nct_map *source, const nct_map *target, uint64_t seed, size_t y0, size_t y1,
                         uint32_t *field, uint32_t *distances) {
    const size_t dimensions = source->dimensions, ahead = 8;
    const size_t first = y0 * source->width, last = y1 * source->width;
    for (size_t p = first; p < last + ahead; p++) {
        if (p < last) {
            if (!is_valid(target, field[p] & 0xffff, field[p] >> 16)) {
                const uint64_t random = mix(seed ^ mix(p));
                const uint32_t *entries;
                const uint64_t alike = like(source, target, p % source->width, p / source->width, &entries);
                field[p] = alike > 0 ? entries[(random >> 32) * alike >> 32] : random_position(target, random);
            }
            prefetch_patch(target, field[p], dimensions);
        }
        if (p < first + ahead) continue;
        const size_t q = p - ahead;
        distances[q] = nct_patch_distance(source, q % source->width, q / source->width, target, field[q] & 0xffff,
                                          field[q] >> 16);
    }
}

void nct_field_exchange(const nct_map *source, const nct_map *target, const uint32_t *field, const uint32_t *distances,
                        size_t y0, size_t y1, uint32_t *reverse, uint32_t *reverseDistances) {
    for (size_t y = 0; y < source->height; y++) {
        for (size_t x = 0; x < source->width; x++) {
            const size_t p = y * source->width + x, row = field[p] >> 16;
            if (row < y0 || row >= y1 || y >= source->columnHeights[x]) continue;
            const size_t q = row * target->width + (field[p] & 0xffff);
            if (distances[p] < reverseDistances[q]) {
                reverseDistances[q] = distances[p];
                reverse[q] = (uint32_t)y << 16 | (uint32_t)x;
            }
        }
    }
}

// `components` is a constant where it is inlined for the common number, so that the sums stay in registers.
INLINE void vote(const nct_vote_input *input, size_t y0, size_t y1, float *colors, float *errors, size_t components) {
    const nct_map *s = input->source, *r = input->target;
    const size_t width = s->width, height = s->height, dimensions = s->dimensions;
    const float reverseWeight = input->reverseWeight;
    for (size_t y = y0; y < y1; y++) {
        for (size_t x = 0; x < width; x++) {
            float color[3] = {0, 0, 0}, weight = 0, features[NCT_MAX_DIMENSIONS];
            for (size_t i = 0; i < components; i++) features[i] = 0;
            for (int64_t oy = -1; oy <= 1; oy++) {
                for (int64_t ox = -1; ox <= 1; ox++) {
                    const int64_t qx = (int64_t)x + ox, qy = (int64_t)y + oy;
                    if (qx < 0 || qy < 0 || qx >= (int64_t)width || qy >= (int64_t)height) continue;
                    const size_t q = (size_t)qy * width + (size_t)qx;
                    const uint32_t first = input->reverseStart[q], last = input->reverseStart[q + 1];
                    // The patch centered at q brings its pixel at offset (-ox, -oy).
                    for (uint32_t k = first; k <= last; k++) {
                        const uint32_t match = k == last ? input->field[q] : input->reverse[k];
                        const float w = k == last ? 1.0f : reverseWeight;
                        const size_t t = (size_t)((int64_t)(match >> 16) + 1 - oy) * r->stride
                                         + (size_t)((int64_t)(match & 0xffff) + 1 - ox);
                        const float *c = input->targetColors + 3 * t;
                        color[0] += w * c[0];
                        color[1] += w * c[1];
                        color[2] += w * c[2];
                        const int8_t *f = r->values + t * dimensions;
                        for (size_t i = 0; i < components; i++) features[i] += w * (float)f[i];
                        weight += w;
                    }
                }
            }
            const size_t p = y * width + x;
            const float inverse = 1.0f / weight;
            colors[3 * p] = color[0] * inverse;
            colors[3 * p + 1] = color[1] * inverse;
            colors[3 * p + 2] = color[2] * inverse;
            const int8_t *own = s->values + ((y + 1) * s->stride + x + 1) * dimensions;
            float error = 0;
            for (size_t i = 0; i < components; i++) {
                float d = features[i] * inverse - (float)own[i];
                error += d * d;
            }
            errors[p] = error;
        }
    }
}

NCT_MULTIVERSIONED
void nct_vote(const nct_vote_input *input, size_t y0, size_t y1, float *colors, float *errors) {
    switch (input->source->components) {
        case 16: vote(input, y0, y1, colors, errors, 16); break;
        default: vote(input, y0, y1, colors, errors, input->source->components);
    }
}
