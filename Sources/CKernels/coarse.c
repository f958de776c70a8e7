#include "nct_coarse.h"

#include <math.h>

typedef double nct_d4 __attribute__((vector_size(32), aligned(8), may_alias));

void nct_coarse_grid_couplings(const uint16_t *aggregate, const float *weights, size_t width, size_t height,
                               double scale, size_t aggregates, double *couplings) {
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            size_t i = y * width + x, own = aggregate[i] * aggregates;
            if (x + 1 < width) couplings[own + aggregate[i + 1]] += scale * (double)weights[2 * i];
            if (y + 1 < height) couplings[own + aggregate[i + width]] += scale * (double)weights[2 * i + 1];
        }
}

void nct_coarse_color_couplings(const uint16_t *aggregate, const int32_t *order, const float *weights, size_t count,
                                size_t reach, double scale, size_t aggregates, double *couplings) {
    for (size_t i = 0; i < count; i++) {
        size_t own = aggregate[order[i]] * aggregates;
        for (size_t k = 1; k <= reach && i + k < count; k++)
            couplings[own + aggregate[order[i + k]]] += scale * (double)weights[i * reach + k - 1];
    }
}

void nct_coarse_moments(const uint16_t *aggregate, const float *packed, size_t count, double *moments) {
    for (size_t i = 0; i < count; i++) {
        double *own = moments + 7 * (size_t)aggregate[i], confidence = packed[4 * i + 3];
        own[6] += confidence;
        for (int c = 0; c < 3; c++) {
            double first = confidence * (double)packed[4 * i + c];
            own[c] += first;
            own[3 + c] += first * (double)packed[4 * i + c];
        }
    }
}

void nct_coarse_assemble(const double *couplings, const double *moments, size_t aggregates, size_t channel,
                         double *matrix) {
    size_t size = 2 * aggregates;
    for (size_t i = 0; i < size * size; i++) matrix[i] = 0;
    for (size_t a = 0; a < aggregates; a++) {
        const double *own = moments + 7 * a;
        double *block = matrix + 2 * a * size + 2 * a;
        double sum = 0;
        for (size_t b = 0; b < aggregates; b++) {
            if (a == b) continue;
            double weight = couplings[a * aggregates + b] + couplings[b * aggregates + a];
            sum += weight;
            matrix[2 * a * size + 2 * b] = -weight;
            matrix[(2 * a + 1) * size + 2 * b + 1] = -weight;
        }
        // A small ridge keeps the factor finite where an aggregate has neither confidence nor neighbors.
        double ridge = 1e-6 * (sum + own[6]) + 1e-9;
        block[0] = sum + own[3 + channel] + ridge;
        block[1] = block[size] = own[channel];
        block[size + 1] = sum + own[6] + ridge;
    }
}

NCT_MULTIVERSIONED
void nct_coarse_factor(double *matrix, size_t size) {
    for (size_t i = 0; i < size; i++) {
        double *row = matrix + i * size;
        for (size_t j = 0; j <= i; j++) {
            const double *other = matrix + j * size;
            nct_d4 sums = {0, 0, 0, 0}, more = {0, 0, 0, 0};
            size_t k = 0;
            for (; k + 8 <= j; k += 8) {
                sums += *(const nct_d4 *)(row + k) * *(const nct_d4 *)(other + k);
                more += *(const nct_d4 *)(row + k + 4) * *(const nct_d4 *)(other + k + 4);
            }
            sums += more;
            double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
            for (; k < j; k++) sum += row[k] * other[k];
            double rest = row[j] - sum;
            row[j] = i == j ? sqrt(rest > 1e-300 ? rest : 1e-300) : rest / other[j];
        }
    }
}

NCT_MULTIVERSIONED
void nct_coarse_solve(const double *factor, size_t size, double *x) {
    for (size_t i = 0; i < size; i++) {
        const double *row = factor + i * size;
        nct_d4 sums = {0, 0, 0, 0};
        size_t k = 0;
        for (; k + 4 <= i; k += 4) sums += *(const nct_d4 *)(row + k) * *(const nct_d4 *)(x + k);
        double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        for (; k < i; k++) sum += row[k] * x[k];
        x[i] = (x[i] - sum) / row[i];
    }
    for (size_t i = size; i-- > 0;) {
        const double *row = factor + i * size;
        double value = x[i] /= row[i];
        for (size_t k = 0; k < i; k++) x[k] -= row[k] * value;
    }
}

NCT_MULTIVERSIONED
void nct_coarse_restrict(const uint16_t *aggregate, const float *r, size_t count, float *sums) {
    for (size_t i = 0; i < count; i++) {
        float *own = sums + 8 * (size_t)aggregate[i];
        for (int c = 0; c < 8; c++) own[c] += r[8 * i + c];
    }
}

NCT_MULTIVERSIONED
void nct_coarse_prolong(const uint16_t *aggregate, const float *coarse, size_t count, float *x) {
    for (size_t i = 0; i < count; i++) {
        const float *own = coarse + 8 * (size_t)aggregate[i];
        for (int c = 0; c < 8; c++) x[8 * i + c] += own[c];
    }
}
