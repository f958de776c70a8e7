#include "CKernelTwins.h"

// Entry by entry: all links from one aggregate to another.
void nct_coarse_grid_couplings_scalar(const uint16_t *aggregate, const float *weights, size_t width, size_t height,
                                      double scale, size_t aggregates, double *couplings) {
    for (size_t from = 0; from < aggregates; from++)
        for (size_t to = 0; to < aggregates; to++) {
            double sum = 0;
            for (size_t i = 0; i < width * height; i++) {
                if (aggregate[i] != from) continue;
                if (i % width < width - 1 && aggregate[i + 1] == to) sum += weights[2 * i];
                if (i / width < height - 1 && aggregate[i + width] == to) sum += weights[2 * i + 1];
            }
            couplings[from * aggregates + to] += scale * sum;
        }
}

void nct_coarse_color_couplings_scalar(const uint16_t *aggregate, const int32_t *order, const float *weights,
                                       size_t count, size_t reach, double scale, size_t aggregates,
                                       double *couplings) {
    for (size_t from = 0; from < aggregates; from++)
        for (size_t to = 0; to < aggregates; to++) {
            double sum = 0;
            for (size_t i = 0; i < count; i++)
                for (size_t j = i + 1; j < count && j <= i + reach; j++)
                    if (aggregate[order[i]] == from && aggregate[order[j]] == to)
                        sum += weights[i * reach + j - i - 1];
            couplings[from * aggregates + to] += scale * sum;
        }
}

void nct_coarse_moments_scalar(const uint16_t *aggregate, const float *packed, size_t count, double *moments) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 7; k++) {
            double s = packed[4 * i + k % 3], power = k < 3 ? s : k < 6 ? s * s : 1;
            moments[7 * (size_t)aggregate[i] + k] += power * (double)packed[4 * i + 3];
        }
}

// Entry by entry: gain (0) or offset (1) of one aggregate against that of another.
void nct_coarse_assemble_scalar(const double *couplings, const double *moments, size_t aggregates, size_t channel,
                                double *matrix) {
    for (size_t i = 0; i < 2 * aggregates; i++)
        for (size_t j = 0; j < 2 * aggregates; j++) {
            size_t a = i / 2, b = j / 2;
            const double *own = moments + 7 * a;
            double *entry = matrix + i * 2 * aggregates + j, links = 0;
            if (a != b) {
                *entry = i % 2 == j % 2 ? -(couplings[a * aggregates + b] + couplings[b * aggregates + a]) : 0;
                continue;
            }
            for (size_t k = 0; k < aggregates; k++)
                if (k != a) links += couplings[a * aggregates + k] + couplings[k * aggregates + a];
            if (i != j) {
                *entry = own[channel];
            } else {
                double square = i % 2 == 0 ? own[3 + channel] : own[6];
                *entry = links + square + 1e-6 * (links + own[6]) + 1e-9;
            }
        }
}

void nct_coarse_restrict_scalar(const uint16_t *aggregate, const float *r, size_t count, float *sums) {
    size_t aggregates = 0;
    for (size_t i = 0; i < count; i++)
        if (aggregate[i] >= aggregates) aggregates = (size_t)aggregate[i] + 1;
    for (size_t a = 0; a < aggregates; a++)
        for (size_t c = 0; c < 8; c++) {
            double sum = sums[8 * a + c];
            for (size_t i = 0; i < count; i++)
                if (aggregate[i] == a) sum += r[8 * i + c];
            sums[8 * a + c] = (float)sum;
        }
}

void nct_coarse_prolong_scalar(const uint16_t *aggregate, const float *coarse, size_t count, float *x) {
    for (size_t j = 0; j < 8 * count; j++) x[j] += coarse[8 * (size_t)aggregate[j / 8] + j % 8];
}
