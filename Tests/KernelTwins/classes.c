#include "CKernelTwins.h"

#include <math.h>

static double exact_squared_distance(const nct_normal *normal, double x, double y, double z) {
    const float *p = normal->precision;
    double dx = x - normal->mean[0], dy = y - normal->mean[1], dz = z - normal->mean[2];
    return p[0] * dx * dx + p[1] * dy * dy + p[2] * dz * dz + 2 * (p[3] * dx * dy + p[4] * dx * dz + p[5] * dy * dz);
}

void nct_softmax_scalar(float *map, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double greatest = -INFINITY, sum = 0;
        float *p = map + i * NCT_CLASSES;
        for (size_t k = 0; k < NCT_CLASSES; k++) greatest = fmax(greatest, p[k]);
        for (size_t k = 0; k < NCT_CLASSES; k++) sum += exp(p[k] - greatest);
        for (size_t k = 0; k < NCT_CLASSES; k++) p[k] = (float)(exp(p[k] - greatest) / sum);
    }
}

void nct_likeliest_scalar(const float *map, size_t count, uint8_t *labels) {
    for (size_t i = 0; i < count; i++) {
        labels[i] = 0;
        for (uint8_t k = 1; k < NCT_CLASSES; k++)
            if (map[i * NCT_CLASSES + k] > map[i * NCT_CLASSES + labels[i]]) labels[i] = k;
    }
}

void nct_posterior_scalar(const float *prior, const float *colors, size_t count, const nct_normal normals[NCT_CLASSES],
                          nct_posterior_limits limits, float *posterior) {
    for (size_t i = 0; i < count; i++) {
        double density[NCT_CLASSES], least = INFINITY, greatest = -INFINITY, sum = 0;
        for (size_t k = 0; k < NCT_CLASSES; k++) {
            if (!normals[k].known) continue;
            double square = exact_squared_distance(normals + k, colors[3 * i], colors[3 * i + 1], colors[3 * i + 2]);
            density[k] = normals[k].offset - fmin(limits.farthest, square) / 2;
            least = fmin(least, density[k]);
            greatest = fmax(greatest, density[k]);
        }
        for (size_t k = 0; k < NCT_CLASSES; k++) {
            density[k] = fmax(limits.least, prior[i * NCT_CLASSES + k])
                         * exp((normals[k].known ? density[k] : least) - greatest);
            sum += density[k];
        }
        for (size_t k = 0; k < NCT_CLASSES; k++) posterior[i * NCT_CLASSES + k] = (float)(density[k] / sum);
    }
}

void nct_color_moments_scalar(const float *x, const float *y, const float *z, const float *weights, size_t count,
                              const nct_normal *around, float inverse_freedom, double moments[10]) {
    for (size_t m = 0; m < 10; m++) moments[m] = 0;
    for (size_t i = 0; i < count; i++) {
        double v[3] = {x[i], y[i], z[i]}, w = weights[i];
        if (inverse_freedom > 0) w /= 1 + exact_squared_distance(around, v[0], v[1], v[2]) * inverse_freedom;
        moments[0] += w;
        for (size_t a = 0; a < 3; a++) {
            moments[1 + a] += w * v[a];
            moments[4 + a] += w * v[a] * v[a];
        }
        moments[7] += w * v[0] * v[1];
        moments[8] += w * v[0] * v[2];
        moments[9] += w * v[1] * v[2];
    }
}
