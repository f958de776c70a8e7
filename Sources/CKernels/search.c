#include "nct_search.h"

#include "nct_kernels.h"

#define INLINE static inline __attribute__((always_inline))

INLINE uint64_t mix(uint64_t z) {  // SplitMix64's finalizer
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

INLINE uint32_t row_distance(const int16_t *a, const int16_t *b, size_t count) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        // Quantized values lie within +-NCT_QUANTIZATION_LIMIT, so 16 bits hold their difference: one multiply-add for two values.
        int16_t d = (int16_t)(a[i] - b[i]);
        sum += (int32_t)d * (int32_t)d;
    }
    return (uint32_t)sum;
}

INLINE uint32_t patch_distance(const nct_map *a, size_t ax, size_t ay, const nct_map *b, size_t bx, size_t by,
                               uint32_t bound, size_t dimensions) {
    const int16_t *pa = a->values + (ay * a->stride + ax) * dimensions;
    const int16_t *pb = b->values + (by * b->stride + bx) * dimensions;
    const size_t sa = a->stride * dimensions, sb = b->stride * dimensions, row = 3 * dimensions;
    // The middle row first: it differs most often.
    uint32_t sum = row_distance(pa + sa, pb + sb, row);
    if (sum >= bound) return sum;
    sum += row_distance(pa, pb, row);
    if (sum >= bound) return sum;
    return sum + row_distance(pa + 2 * sa, pb + 2 * sb, row);
}

INLINE int is_valid(const nct_map *map, int64_t x, int64_t y) {
    return x >= 0 && x < (int64_t)map->width && y >= 0 && y < (int64_t)map->columnHeights[x];
}

INLINE uint32_t random_position(const nct_map *target, uint64_t random) {
    uint32_t x = target->columns[(uint64_t)(uint32_t)random * target->columnCount >> 32];
    uint32_t y = (uint32_t)((random >> 32) * target->columnHeights[x] >> 32);
    return y << 16 | x;
}

// One strip; `dimensions` is a constant where it is inlined for the common numbers, so the rows unroll.
INLINE void strip(const nct_map *source, const nct_map *target, uint64_t seed, int backward, size_t y0, size_t y1,
                  const uint32_t *before, uint32_t *field, uint32_t *distances, size_t dimensions) {
    const size_t width = source->width;
    const int64_t step = backward ? 1 : -1;  // where propagation comes from
    size_t reach = target->width > target->height ? target->width : target->height;
    for (size_t i = 0; i < y1 - y0; i++) {
        const size_t y = backward ? y1 - 1 - i : y0 + i;
        const int64_t fromRow = (int64_t)y + step;
        const uint32_t *neighborRow = (int64_t)y0 <= fromRow && fromRow < (int64_t)y1 ? field : before;
        for (size_t j = 0; j < width; j++) {
            const size_t x = backward ? width - 1 - j : j;
            if (y >= source->columnHeights[x]) continue;
            const size_t p = y * width + x;
            uint32_t best = field[p], bestDistance = distances[p];
#define TRY(cx, cy)                                                                                     \
    do {                                                                                                \
        int64_t tx_ = (cx), ty_ = (cy);                                                                 \
        if (is_valid(target, tx_, ty_)) {                                                               \
            uint32_t position_ = (uint32_t)ty_ << 16 | (uint32_t)tx_;                                   \
            if (position_ != best) {                                                                    \
                uint32_t d_ = patch_distance(source, x, y, target, (size_t)tx_, (size_t)ty_, bestDistance, \
                                             dimensions);                                               \
                if (d_ < bestDistance) {                                                                \
                    bestDistance = d_;                                                                  \
                    best = position_;                                                                   \
                }                                                                                       \
            }                                                                                           \
        }                                                                                               \
    } while (0)
            const int64_t side = (int64_t)x + step;
            if (side >= 0 && side < (int64_t)width && y < source->columnHeights[side]) {
                uint32_t q = field[y * width + (size_t)side];
                TRY((int64_t)(q & 0xffff) - step, (int64_t)(q >> 16));
            }
            if (fromRow >= 0 && fromRow < (int64_t)source->columnHeights[x]) {
                uint32_t q = neighborRow[(size_t)fromRow * width + x];
                TRY((int64_t)(q & 0xffff), (int64_t)(q >> 16) - step);
            }
            // Random search around what propagation left. All candidates are drawn first and their memory is asked for,
            // since the target is far larger than the caches and a search is mostly waiting.
            uint64_t random = mix(seed ^ mix(p));
            uint32_t candidates[20];
            int candidateCount = 0;
            candidates[candidateCount++] = random_position(target, random);  // the first radius reaches everywhere
            const int64_t bx = best & 0xffff, by = best >> 16;
            for (int64_t radius = (int64_t)reach / 2; radius >= 1; radius /= 2) {
                random = mix(random);
                int64_t span = 2 * radius + 1;
                int64_t tx = bx + (int64_t)((uint64_t)(uint32_t)random * (uint64_t)span >> 32) - radius;
                int64_t ty = by + (int64_t)((random >> 32) * (uint64_t)span >> 32) - radius;
                if (is_valid(target, tx, ty)) candidates[candidateCount++] = (uint32_t)ty << 16 | (uint32_t)tx;
            }
            for (int k = 0; k < candidateCount; k++) {
                const int16_t *middle = target->values + (((candidates[k] >> 16) + 1) * target->stride
                                                          + (candidates[k] & 0xffff)) * dimensions;
                __builtin_prefetch(middle);
                __builtin_prefetch(middle + 32);
                __builtin_prefetch(middle + 64);
            }
            for (int k = 0; k < candidateCount; k++) {
                TRY((int64_t)(candidates[k] & 0xffff), (int64_t)(candidates[k] >> 16));
            }
#undef TRY
            field[p] = best;
            distances[p] = bestDistance;
        }
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

void nct_patchmatch_strip_scalar(const nct_map *source, const nct_map *target, uint64_t seed, int backward, size_t y0,
                                 size_t y1, const uint32_t *before, uint32_t *field, uint32_t *distances) {
    strip(source, target, seed, backward, y0, y1, before, field, distances, source->dimensions);
}

NCT_MULTIVERSIONED
uint32_t nct_patch_distance(const nct_map *a, size_t ax, size_t ay, const nct_map *b, size_t bx, size_t by,
                            uint32_t bound) {
    return patch_distance(a, ax, ay, b, bx, by, bound, a->dimensions);
}

uint32_t nct_patch_distance_scalar(const nct_map *a, size_t ax, size_t ay, const nct_map *b, size_t bx, size_t by) {
    uint32_t sum = 0;
    for (size_t y = 0; y < 3; y++) {
        for (size_t x = 0; x < 3; x++) {
            for (size_t c = 0; c < a->dimensions; c++) {
                int32_t d = a->values[((ay + y) * a->stride + ax + x) * a->dimensions + c]
                            - b->values[((by + y) * b->stride + bx + x) * b->dimensions + c];
                sum += (uint32_t)(d * d);
            }
        }
    }
    return sum;
}

NCT_MULTIVERSIONED
void nct_field_distances(const nct_map *source, const nct_map *target, uint64_t seed, size_t y0, size_t y1,
                         uint32_t *field, uint32_t *distances) {
    for (size_t y = y0; y < y1; y++) {
        for (size_t x = 0; x < source->width; x++) {
            const size_t p = y * source->width + x;
            if (!is_valid(target, field[p] & 0xffff, field[p] >> 16)) field[p] = random_position(target, mix(seed ^ mix(p)));
            distances[p] = patch_distance(source, x, y, target, field[p] & 0xffff, field[p] >> 16, UINT32_MAX,
                                          source->dimensions);
        }
    }
}

void nct_field_random(const nct_map *source, const nct_map *target, uint64_t seed, size_t y0, size_t y1,
                      uint32_t *field, uint32_t *distances) {
    for (size_t p = y0 * source->width; p < y1 * source->width; p++) field[p] = UINT32_MAX;
    nct_field_distances(source, target, seed, y0, y1, field, distances);
}

NCT_MULTIVERSIONED
void nct_vote(const nct_vote_input *input, size_t y0, size_t y1, float *colors, float *errors) {
    const nct_map *s = input->source, *r = input->target;
    const size_t width = s->width, height = s->height, components = input->components, dimensions = s->dimensions;
    const float reverseWeight = input->reverseWeight;
    for (size_t y = y0; y < y1; y++) {
        for (size_t x = 0; x < width; x++) {
            float color[3] = {0, 0, 0}, weight = 0, features[NCT_MAX_DIMENSIONS] = {0};
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
                        const int16_t *f = r->values + t * dimensions;
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
            const int16_t *own = s->values + ((y + 1) * s->stride + x + 1) * dimensions;
            float error = 0;
            for (size_t i = 0; i < components; i++) {
                float d = features[i] * inverse - (float)own[i];
                error += d * d;
            }
            errors[p] = error;
        }
    }
}

void nct_vote_scalar(const nct_vote_input *input, size_t y0, size_t y1, float *colors, float *errors) {
    const nct_map *s = input->source, *r = input->target;
    for (size_t y = y0; y < y1; y++) {
        for (size_t x = 0; x < s->width; x++) {
            double sum[3 + NCT_MAX_DIMENSIONS] = {0}, weight = 0;
            for (size_t j = 0; j < 9; j++) {
                long qx = (long)x + (long)(j % 3) - 1, qy = (long)y + (long)(j / 3) - 1;
                if (qx < 0 || qy < 0 || qx >= (long)s->width || qy >= (long)s->height) continue;
                size_t q = (size_t)qy * s->width + (size_t)qx;
                for (uint32_t k = input->reverseStart[q]; k <= input->reverseStart[q + 1]; k++) {
                    int forward = k == input->reverseStart[q + 1];
                    uint32_t match = forward ? input->field[q] : input->reverse[k];
                    double w = forward ? 1.0 : input->reverseWeight;
                    size_t tx = (size_t)((long)(match & 0xffff) + 1 + (long)x - qx);
                    size_t ty = (size_t)((long)(match >> 16) + 1 + (long)y - qy);
                    size_t t = ty * r->stride + tx;
                    for (size_t c = 0; c < 3; c++) sum[c] += w * input->targetColors[3 * t + c];
                    for (size_t c = 0; c < input->components; c++) {
                        sum[3 + c] += w * r->values[t * r->dimensions + c];
                    }
                    weight += w;
                }
            }
            size_t p = y * s->width + x;
            double error = 0;
            for (size_t c = 0; c < 3; c++) colors[3 * p + c] = (float)(sum[c] / weight);
            for (size_t c = 0; c < input->components; c++) {
                double own = s->values[((y + 1) * s->stride + x + 1) * s->dimensions + c];
                error += (sum[3 + c] / weight - own) * (sum[3 + c] / weight - own);
            }
            errors[p] = (float)error;
        }
    }
}
