#include "nct_features.h"

#include <math.h>
#include <string.h>

#include "nct_kernels.h"
#include "nct_vectors.h"

NCT_MULTIVERSIONED
void nct_max_pool(const float *map, size_t width, size_t rows, size_t channels, float *out) {
    const size_t half = width / 2;
    for (size_t y = 0; y < rows; y++) {
        for (size_t x = 0; x < half; x++) {
            const float *a = map + (2 * y * width + 2 * x) * channels;
            const float *b = a + channels, *c = a + width * channels, *d = c + channels;
            float *target = out + (y * half + x) * channels;
            size_t k = 0;
            for (; k + LANES <= channels; k += LANES)
                STORE16(target + k, MAXIMUM(MAXIMUM(LOAD16(a + k), LOAD16(b + k)), MAXIMUM(LOAD16(c + k), LOAD16(d + k))));
            for (; k < channels; k++) {
                float top = a[k] > b[k] ? a[k] : b[k];
                float bottom = c[k] > d[k] ? c[k] : d[k];
                target[k] = top > bottom ? top : bottom;
            }
        }
    }
}

NCT_MULTIVERSIONED
void nct_sample_sums(const float *samples, size_t pixels, double sums[3], double squares[3]) {
    // Eight pixels are three vectors, whose lane l of vector v is of channel (8 v + l) mod 3.
    d8 sum[3] = {0}, square[3] = {0};
    size_t i = 0;
    for (; i + 8 <= pixels; i += 8)
        UNROLLED for (size_t v = 0; v < 3; v++) {
            const d8 values = __builtin_convertvector(LOAD8(samples + 3 * i + 8 * v), d8);
            sum[v] += values;
            square[v] += values * values;
        }
    for (size_t c = 0; c < 3; c++) sums[c] = squares[c] = 0;
    for (size_t v = 0; v < 3; v++)
        for (size_t l = 0; l < 8; l++) {
            sums[(8 * v + l) % 3] += sum[v][l];
            squares[(8 * v + l) % 3] += square[v][l];
        }
    for (; i < pixels; i++)
        for (size_t c = 0; c < 3; c++) {
            const double value = samples[3 * i + c];
            sums[c] += value;
            squares[c] += value * value;
        }
}

NCT_MULTIVERSIONED
void nct_standardize(const float *samples, size_t pixels, float factor, const float offset[3], float *out) {
    v16 offsets[3];
    for (size_t v = 0; v < 3; v++)
        for (size_t l = 0; l < LANES; l++) offsets[v][l] = offset[(LANES * v + l) % 3];
    size_t i = 0;
    for (; i + LANES <= pixels; i += LANES)
        UNROLLED for (size_t v = 0; v < 3; v++)
            STORE16(out + 3 * i + LANES * v, LOAD16(samples + 3 * i + LANES * v) * factor + offsets[v]);
    for (; i < pixels; i++)
        for (size_t c = 0; c < 3; c++) out[3 * i + c] = samples[3 * i + c] * factor + offset[c];
}

NCT_MULTIVERSIONED
void nct_channel_sums(const float *map, const float *weights, size_t count, size_t channels, double *sums,
                      double *squares) {
    for (size_t i = 0; i < count; i++) {
        const float *pixel = map + i * channels;
        const double weight = weights[i];
        for (size_t c = 0; c < channels; c++) {
            double v = pixel[c], weighted = weight * v;
            sums[c] += weighted;
            squares[c] += weighted * v;
        }
    }
}

NCT_MULTIVERSIONED
void nct_quantize(const float *values, size_t count, size_t components, float scale, float limit, int8_t *out,
                  size_t stride) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < components; c++) {
            float v = values[i * components + c] * scale;
            v = v < -limit ? -limit : (v > limit ? limit : v);
            // Rounds half to even by the magic constant 1.5 * 2^23.
            float shifted = v + 12582912.0f;
            int32_t bits;
            memcpy(&bits, &shifted, 4);
            out[i * stride + c] = (int8_t)(bits - 0x4b400000);
        }
    }
}

NCT_MULTIVERSIONED
void nct_nearest_center(const float *points, size_t count, size_t dimensions, const float *centers, size_t centerCount,
                        uint8_t *labels, float *distances) {
    // Argmin of |c|^2/2 - p.c, which orders the centers as the distance does, sixteen centers at a time.
    float half[64];
    float transposed[64 * 64];
    for (size_t c = 0; c < centerCount; c++) {
        float sum = 0;
        for (size_t d = 0; d < dimensions; d++) sum += centers[c * dimensions + d] * centers[c * dimensions + d];
        half[c] = 0.5f * sum;
    }
    const size_t padded = (centerCount + 15) / 16 * 16;
    for (size_t d = 0; d < dimensions; d++) {
        for (size_t c = 0; c < padded; c++) {
            transposed[d * padded + c] = c < centerCount ? centers[c * dimensions + d] : 0.0f;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const float *p = points + i * dimensions;
        float best = INFINITY;
        size_t label = 0;
        for (size_t block = 0; block < padded; block += 16) {
            float score[16] = {0};
            for (size_t d = 0; d < dimensions; d++) {
                for (size_t c = 0; c < 16; c++) score[c] -= p[d] * transposed[d * padded + block + c];
            }
            for (size_t c = 0; c < 16 && block + c < centerCount; c++) {
                float s = score[c] + half[block + c];
                if (s < best) {
                    best = s;
                    label = block + c;
                }
            }
        }
        labels[i] = (uint8_t)label;
        if (distances) {
            float norm = 0;
            for (size_t d = 0; d < dimensions; d++) norm += p[d] * p[d];
            float distance = norm + 2.0f * best;
            distances[i] = distance > 0.0f ? distance : 0.0f;
        }
    }
}
