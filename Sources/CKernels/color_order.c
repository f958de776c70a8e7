#include "nct_transfer.h"

#include <math.h>
#include <string.h>

static uint64_t nct_mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void nct_transfer_color_keys(const float *lab, const uint8_t *clusters, size_t begin, size_t end, uint64_t seed,
                             const uint8_t *table, uint64_t *keys) {
    static const float origin[3] = {0, 128, 128};
    for (size_t i = begin; i < end; i++) {
        uint32_t cell[3];
        for (int c = 0; c < 3; c++) {
            float place = fminf(fmaxf((lab[3 * i + c] + origin[c]) * 8, 0), 2047);
            cell[c] = (uint32_t)place;
        }
        uint64_t code = 0;
        uint32_t state = 0;
        for (int bit = 10; bit >= 0; bit--) {
            uint32_t octant = ((cell[0] >> bit) & 1) << 2 | ((cell[1] >> bit) & 1) << 1 | ((cell[2] >> bit) & 1);
            uint32_t entry = table[8 * state + octant];
            code = code << 3 | (entry & 7);
            state = entry >> 3;
        }
        uint64_t cluster = clusters ? clusters[i] : 0;
        uint64_t hash = nct_mix(seed + 0x9E3779B97F4A7C15u * (uint64_t)(i + 1)) >> 41;
        keys[i] = cluster << 56 | code << 23 | hash;
    }
}

void nct_transfer_sort(uint64_t *keys, int32_t *values, uint64_t *otherKeys, int32_t *otherValues, size_t count) {
    uint64_t *fromKeys = keys, *toKeys = otherKeys;
    int32_t *fromValues = values, *toValues = otherValues;
    for (int shift = 0; shift < 64; shift += 8) {
        size_t starts[257] = {0};
        for (size_t i = 0; i < count; i++) starts[((fromKeys[i] >> shift) & 255) + 1]++;
        int constant = 0;
        for (int digit = 0; digit < 256; digit++) constant |= starts[digit + 1] == count;
        if (constant) continue;
        for (int digit = 0; digit < 256; digit++) starts[digit + 1] += starts[digit];
        for (size_t i = 0; i < count; i++) {
            size_t place = starts[(fromKeys[i] >> shift) & 255]++;
            toKeys[place] = fromKeys[i];
            toValues[place] = fromValues[i];
        }
        uint64_t *k = fromKeys;
        int32_t *v = fromValues;
        fromKeys = toKeys, toKeys = k;
        fromValues = toValues, toValues = v;
    }
    if (fromKeys != keys) {
        memcpy(keys, fromKeys, count * sizeof *keys);
        memcpy(values, fromValues, count * sizeof *values);
    }
}

void nct_transfer_color_weights(const float *lab, const uint8_t *clusters, const int32_t *order, size_t count,
                                size_t begin, size_t end, size_t reach, float *weights) {
    for (size_t i = begin; i < end; i++) {
        size_t p = (size_t)order[i];
        for (size_t k = 1; k <= reach; k++) {
            float weight = 0;
            if (i + k < count) {
                size_t q = (size_t)order[i + k];
                if (!clusters || clusters[p] == clusters[q]) {
                    float dl = lab[3 * p] - lab[3 * q], da = lab[3 * p + 1] - lab[3 * q + 1];
                    float db = lab[3 * p + 2] - lab[3 * q + 2];
                    weight = expf(1 - sqrtf(dl * dl + da * da + db * db) * (1.0f / 3)) * 0.125f;
                }
            }
            weights[i * reach + k - 1] = weight;
        }
    }
}
