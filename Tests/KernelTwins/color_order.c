#include "CKernelTwins.h"

#include <math.h>

// The cell of a coordinate that starts at `-origin`, in steps of 1/8. The sum is rounded as the kernel rounds it.
static uint32_t cell(float value, float origin) {
    float place = value + origin;
    return place <= 0 ? 0 : place >= 2047.0f / 8 ? 2047 : (uint32_t)(place * 8);
}

void nct_transfer_color_keys_scalar(const float *lab, const uint8_t *clusters, size_t begin, size_t end, uint64_t seed,
                                    const uint8_t *table, uint64_t *keys) {
    for (size_t i = begin; i < end; i++) {
        uint32_t l = cell(lab[3 * i], 0), a = cell(lab[3 * i + 1], 128), b = cell(lab[3 * i + 2], 128);
        uint64_t place = 0;
        uint32_t state = 0;
        for (uint32_t half = 1024; half > 0; half /= 2) {
            uint32_t octant = 4 * (l / half % 2) + 2 * (a / half % 2) + b / half % 2;
            place = 8 * place + table[8 * state + octant] % 8;
            state = table[8 * state + octant] / 8;
        }
        uint64_t hash = seed + 0x9E3779B97F4A7C15u * (uint64_t)(i + 1);
        hash = (hash ^ hash >> 30) * 0xBF58476D1CE4E5B9u;
        hash = (hash ^ hash >> 27) * 0x94D049BB133111EBu;
        hash ^= hash >> 31;
        keys[i] = ((clusters ? clusters[i] : 0ull) << 33 | place) << 23 | hash >> 41;
    }
}

void nct_transfer_sort_scalar(uint64_t *keys, int32_t *values, size_t count) {
    for (size_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        int32_t value = values[i];
        size_t place = i;
        for (; place > 0 && keys[place - 1] > key; place--) {
            keys[place] = keys[place - 1];
            values[place] = values[place - 1];
        }
        keys[place] = key;
        values[place] = value;
    }
}

void nct_transfer_color_weights_scalar(const float *lab, const uint8_t *clusters, const int32_t *order, size_t count,
                                       size_t begin, size_t end, size_t reach, float *weights) {
    for (size_t i = begin; i < end; i++)
        for (size_t k = 1; k <= reach; k++) {
            float *weight = weights + i * reach + k - 1;
            *weight = 0;
            if (i + k >= count || (clusters && clusters[order[i]] != clusters[order[i + k]])) continue;
            double square = 0;
            for (int c = 0; c < 3; c++) {
                double difference = (double)lab[3 * order[i] + c] - (double)lab[3 * order[i + k] + c];
                square += difference * difference;
            }
            *weight = (float)(exp(1 - sqrt(square) / 3) / 8);
        }
}
