#include "CKernelTwins.h"

#include <math.h>

void nct_max_pool_scalar(const float *map, size_t width, size_t rows, size_t channels, float *out) {
    for (size_t y = 0; y < rows; y++) {
        for (size_t x = 0; x < width / 2; x++) {
            for (size_t c = 0; c < channels; c++) {
                float best = -INFINITY;
                for (size_t k = 0; k < 4; k++) {
                    best = fmaxf(best, map[((2 * y + k / 2) * width + 2 * x + k % 2) * channels + c]);
                }
                out[(y * (width / 2) + x) * channels + c] = best;
            }
        }
    }
}

void nct_sample_sums_scalar(const float *samples, size_t pixels, double sums[3], double squares[3]) {
    for (size_t c = 0; c < 3; c++) {
        sums[c] = squares[c] = 0;
        for (size_t i = 0; i < pixels; i++) {
            sums[c] += samples[3 * i + c];
            squares[c] += (double)samples[3 * i + c] * samples[3 * i + c];
        }
    }
}

void nct_standardize_scalar(const float *samples, size_t pixels, float factor, const float offset[3], float *out) {
    for (size_t i = 0; i < 3 * pixels; i++) out[i] = (float)((double)samples[i] * factor + offset[i % 3]);
}

void nct_channel_sums_scalar(const float *map, const float *weights, size_t count, size_t channels, double *sums,
                             double *squares) {
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < count; i++) {
            double v = map[i * channels + c];
            sums[c] += weights[i] * v;
            squares[c] += weights[i] * v * v;
        }
    }
}

void nct_quantize_scalar(const float *values, size_t count, size_t components, float scale, float limit, int8_t *out,
                         size_t stride) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < components; c++) {
            out[i * stride + c] = (int8_t)rintf(fminf(fmaxf(values[i * components + c] * scale, -limit), limit));
        }
    }
}

void nct_nearest_center_scalar(const float *points, size_t count, size_t dimensions, const float *centers,
                               size_t centerCount, uint8_t *labels, float *distances) {
    for (size_t i = 0; i < count; i++) {
        double best = INFINITY;
        for (size_t c = 0; c < centerCount; c++) {
            double sum = 0;
            for (size_t d = 0; d < dimensions; d++) {
                double difference = (double)points[i * dimensions + d] - centers[c * dimensions + d];
                sum += difference * difference;
            }
            if (sum < best) {
                best = sum;
                labels[i] = (uint8_t)c;
            }
        }
        if (distances) distances[i] = (float)best;
    }
}
