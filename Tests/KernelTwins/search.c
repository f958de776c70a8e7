#include "CKernelTwins.h"

// Written from what the header says, one pixel and one try after the other: nothing asked for ahead, nothing unrolled.

static uint64_t mix(uint64_t z) {  // SplitMix64's finalizer
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

// A number below `count` from 32 random bits.
static uint64_t below(uint64_t count, uint64_t bits) { return (bits & 0xffffffffu) * count >> 32; }

static int holds(const nct_map *map, int64_t x, int64_t y) {
    return x >= 0 && y >= 0 && x < (int64_t)map->width && y < (int64_t)map->columnHeights[x];
}

static uint32_t cell_of(const nct_map *map, size_t x, size_t y) {
    const int8_t *values = map->values + ((y + 1) * map->stride + x + 1) * map->dimensions;
    uint32_t label = 0;
    for (uint32_t k = 0; k < map->labels; k++)
        if (values[map->components + k] != 0) label = k;
    return label * NCT_CELLS + (uint32_t)((values[0] + 128) / 8 * 128 + (values[1] + 128) / 16 * 8
                                          + (values[2] + 128) / 32);
}

// A position of the pixel's cell from 32 random bits, or one of all from 64 where the cell is empty.
static uint32_t random_like(const nct_map *source, const nct_map *target, size_t x, size_t y, uint64_t bits,
                            uint64_t random) {
    const uint32_t cell = cell_of(source, x, y), first = target->cellStarts[cell];
    const uint32_t count = target->cellStarts[cell + 1] - first;
    if (count > 0) return target->cellEntries[first + below(count, bits)];
    const uint32_t column = target->columns[below(target->columnCount, random)];
    return (uint32_t)below(target->columnHeights[column], random >> 32) << 16 | column;
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

void nct_cells_scalar(const nct_map *map, size_t y0, size_t y1, uint32_t *cells) {
    for (size_t p = y0 * map->width; p < y1 * map->width; p++) {
        const size_t x = p % map->width, y = p / map->width;
        cells[p] = holds(map, (int64_t)x, (int64_t)y) ? cell_of(map, x, y) : UINT32_MAX;
    }
}

void nct_cell_lists_scalar(const uint32_t *cells, size_t width, size_t height, size_t cellCount, uint32_t *starts,
                           uint32_t *entries) {
    uint32_t count = 0;
    for (size_t cell = 0; cell < cellCount; cell++) {
        starts[cell] = count;
        for (size_t p = 0; p < width * height; p++)
            if (cells[p] == cell) entries[count++] = (uint32_t)(p / width << 16 | p % width);
    }
    starts[cellCount] = count;
}

void nct_field_distances_scalar(const nct_map *source, const nct_map *target, uint64_t seed, size_t y0, size_t y1,
                                uint32_t *field, uint32_t *distances) {
    for (size_t p = y0 * source->width; p < y1 * source->width; p++) {
        const size_t x = p % source->width, y = p / source->width;
        const uint64_t random = mix(seed ^ mix(p));
        if (!holds(target, field[p] & 0xffff, field[p] >> 16))
            field[p] = random_like(source, target, x, y, random >> 32, random);
        distances[p] = nct_patch_distance_scalar(source, x, y, target, field[p] & 0xffff, field[p] >> 16);
    }
}

// Takes the position for pixel p if the target holds it and its patch is nearer.
static void offer(const nct_map *source, const nct_map *target, size_t p, int64_t x, int64_t y, uint32_t *field,
                  uint32_t *distances) {
    if (!holds(target, x, y)) return;
    const uint32_t distance = nct_patch_distance_scalar(source, p % source->width, p / source->width, target,
                                                        (size_t)x, (size_t)y);
    if (distance >= distances[p]) return;
    distances[p] = distance;
    field[p] = (uint32_t)y << 16 | (uint32_t)x;
}

void nct_patchmatch_strip_scalar(const nct_map *source, const nct_map *target, uint64_t seed, int backward, size_t y0,
                                 size_t y1, const uint32_t *before, uint32_t *field, uint32_t *distances) {
    const int64_t width = (int64_t)source->width, step = backward ? 1 : -1;
    const int64_t first = backward ? (int64_t)y1 - 1 : (int64_t)y0, end = backward ? (int64_t)y0 - 1 : (int64_t)y1;
    for (int64_t y = first; y != end; y -= step) {
        for (int64_t j = 0; j < width; j++) {
            const int64_t x = backward ? width - 1 - j : j, p = y * width + x;
            if (!holds(source, x, y)) continue;
            if (holds(source, x + step, y)) {
                const uint32_t beside = field[p + step];
                offer(source, target, (size_t)p, (int64_t)(beside & 0xffff) - step, beside >> 16, field, distances);
            }
            if (holds(source, x, y + step)) {
                const uint32_t above = (y == first ? before : field)[p + step * width];
                offer(source, target, (size_t)p, above & 0xffff, (int64_t)(above >> 16) - step, field, distances);
            }
        }
        for (int64_t x = 0; x < width; x++) {
            if (!holds(source, x, y)) continue;
            const size_t p = (size_t)(y * width + x);
            const int64_t matchX = field[p] & 0xffff, matchY = field[p] >> 16;
            uint64_t random = mix(seed ^ mix(p));
            // Two of its like, or twice the same one of all; then around the match as it was.
            for (int half = 0; half < 2; half++) {
                const uint32_t like = random_like(source, target, (size_t)x, (size_t)y, random >> 32 * half, random);
                offer(source, target, p, like & 0xffff, like >> 16, field, distances);
            }
            for (int64_t radius = backward ? 8 : 16; radius > 0; radius /= 4) {
                random = random * 0xD1342543DE82EF95u + 0x9E3779B97F4A7C15u;
                const uint64_t span = (uint64_t)(2 * radius + 1);
                const int64_t atX = matchX - radius + (int64_t)((random >> 48) * span >> 16);
                const int64_t atY = matchY - radius + (int64_t)((random >> 32 & 0xffff) * span >> 16);
                offer(source, target, p, atX, atY, field, distances);
            }
        }
    }
}

// For each pixel of the target, over all of the source.
void nct_field_exchange_scalar(const nct_map *source, const nct_map *target, const uint32_t *field,
                               const uint32_t *distances, size_t y0, size_t y1, uint32_t *reverse,
                               uint32_t *reverseDistances) {
    for (size_t q = y0 * target->width; q < y1 * target->width; q++)
        for (size_t p = 0; p < source->width * source->height; p++) {
            const uint32_t x = (uint32_t)(p % source->width), y = (uint32_t)(p / source->width);
            if (field[p] != (q / target->width << 16 | q % target->width) || !holds(source, x, y)) continue;
            if (distances[p] >= reverseDistances[q]) continue;
            reverseDistances[q] = distances[p];
            reverse[q] = y << 16 | x;
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
                    for (size_t c = 0; c < s->components; c++) {
                        sum[3 + c] += w * r->values[t * r->dimensions + c];
                    }
                    weight += w;
                }
            }
            size_t p = y * s->width + x;
            double error = 0;
            for (size_t c = 0; c < 3; c++) colors[3 * p + c] = (float)(sum[c] / weight);
            for (size_t c = 0; c < s->components; c++) {
                double own = s->values[((y + 1) * s->stride + x + 1) * s->dimensions + c];
                error += (sum[3 + c] / weight - own) * (sum[3 + c] / weight - own);
            }
            errors[p] = (float)error;
        }
    }
}
