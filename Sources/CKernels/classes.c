#include "nct_classes.h"

#include <math.h>

#include "nct_fastmath.h"
#include "nct_kernels.h"
#include "nct_vectors.h"

// Pixels that are taken apart by class at a time, so that each class is a row of vectors.
#define BLOCK 64
#define LOG2E 1.44269504f

// Rows of `planes` from `count` (up to BLOCK) pixels of `channels` values each; the rest is left as it is.
INLINE void spread(const float *pixels, size_t count, size_t channels, float planes[][BLOCK]) {
    if (count == BLOCK) {
        for (size_t i = 0; i < BLOCK; i++)
            UNROLLED for (size_t k = 0; k < channels; k++) planes[k][i] = pixels[i * channels + k];
    } else {
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < channels; k++) planes[k][i] = pixels[i * channels + k];
    }
}

INLINE void gather(float planes[NCT_CLASSES][BLOCK], size_t count, float *pixels) {
    if (count == BLOCK) {
        for (size_t i = 0; i < BLOCK; i++)
            UNROLLED for (size_t k = 0; k < NCT_CLASSES; k++) pixels[i * NCT_CLASSES + k] = planes[k][i];
    } else {
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < NCT_CLASSES; k++) pixels[i * NCT_CLASSES + k] = planes[k][i];
    }
}

NCT_MULTIVERSIONED
void nct_softmax(float *map, size_t count) {
    float p[NCT_CLASSES][BLOCK] = {{0}};
    for (size_t start = 0; start < count; start += BLOCK, map += BLOCK * NCT_CLASSES) {
        const size_t here = count - start < BLOCK ? count - start : BLOCK;
        spread(map, here, NCT_CLASSES, p);
        for (size_t i = 0; i < BLOCK; i++) {
            float greatest = p[0][i], sum = 0;
            for (size_t k = 1; k < NCT_CLASSES; k++) greatest = p[k][i] > greatest ? p[k][i] : greatest;
            for (size_t k = 0; k < NCT_CLASSES; k++) {
                float exponent = (p[k][i] - greatest) * LOG2E;
                p[k][i] = nct_exp2(exponent > -100.0f ? exponent : -100.0f);
                sum += p[k][i];
            }
            for (size_t k = 0; k < NCT_CLASSES; k++) p[k][i] /= sum;
        }
        gather(p, here, map);
    }
}

NCT_MULTIVERSIONED
void nct_likeliest(const float *map, size_t count, uint8_t *labels) {
    float p[NCT_CLASSES][BLOCK] = {{0}};
    for (size_t start = 0; start < count; start += BLOCK, map += BLOCK * NCT_CLASSES) {
        const size_t here = count - start < BLOCK ? count - start : BLOCK;
        spread(map, here, NCT_CLASSES, p);
        int32_t best[BLOCK];
        for (size_t i = 0; i < BLOCK; i++) {
            float greatest = p[0][i];
            int32_t label = 0;
            for (int32_t k = 1; k < NCT_CLASSES; k++) {
                label = p[k][i] > greatest ? k : label;
                greatest = p[k][i] > greatest ? p[k][i] : greatest;
            }
            best[i] = label;
        }
        for (size_t i = 0; i < here; i++) labels[start + i] = (uint8_t)best[i];
    }
}

INLINE float squared_distance(const nct_normal *normal, float x, float y, float z) {
    const float *p = normal->precision, dx = x - normal->mean[0], dy = y - normal->mean[1], dz = z - normal->mean[2];
    return p[0] * dx * dx + p[1] * dy * dy + p[2] * dz * dz + 2 * (p[3] * dx * dy + p[4] * dx * dz + p[5] * dy * dz);
}

NCT_MULTIVERSIONED
void nct_posterior(const float *prior, const float *colors, size_t count, const nct_normal normals[NCT_CLASSES],
                   nct_posterior_limits limits, float *posterior) {
    float p[NCT_CLASSES][BLOCK] = {{0}}, color[3][BLOCK] = {{0}}, density[NCT_CLASSES][BLOCK];
    float least[BLOCK], greatest[BLOCK], sum[BLOCK];
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t here = count - start < BLOCK ? count - start : BLOCK;
        spread(prior + start * NCT_CLASSES, here, NCT_CLASSES, p);
        spread(colors + start * 3, here, 3, color);
        for (size_t i = 0; i < BLOCK; i++) {
            least[i] = INFINITY;
            greatest[i] = -INFINITY;
            sum[i] = 0;
        }
        for (size_t k = 0; k < NCT_CLASSES; k++) {
            if (!normals[k].known) continue;
            for (size_t i = 0; i < BLOCK; i++) {
                float square = squared_distance(normals + k, color[0][i], color[1][i], color[2][i]);
                float d = normals[k].offset - (square < limits.farthest ? square : limits.farthest) * 0.5f;
                density[k][i] = d;
                least[i] = d < least[i] ? d : least[i];
                greatest[i] = d > greatest[i] ? d : greatest[i];
            }
        }
        for (size_t k = 0; k < NCT_CLASSES; k++) {
            const float *own = normals[k].known ? density[k] : least;
            for (size_t i = 0; i < BLOCK; i++) {
                float exponent = (own[i] - greatest[i]) * LOG2E, before = p[k][i];
                p[k][i] = (before > limits.least ? before : limits.least) * nct_exp2(exponent > -100.0f ? exponent : -100.0f);
                sum[i] += p[k][i];
            }
        }
        for (size_t k = 0; k < NCT_CLASSES; k++)
            for (size_t i = 0; i < BLOCK; i++) p[k][i] /= sum[i];
        gather(p, here, posterior + start * NCT_CLASSES);
    }
}

NCT_MULTIVERSIONED
void nct_color_moments(const float *x, const float *y, const float *z, const float *weights, size_t count,
                       const nct_normal *around, float inverse_freedom, double moments[10]) {
    const v8 zero = {0};
    d8 sums[10] = {0};
    for (size_t i = 0; i < count; i += 8) {
        v8 vx, vy, vz, vw;
        if (i + 8 <= count) {
            vx = LOAD8(x + i), vy = LOAD8(y + i), vz = LOAD8(z + i), vw = LOAD8(weights + i);
        } else {
            vx = vy = vz = vw = zero;
            for (size_t l = 0; i + l < count; l++) {
                vx[l] = x[i + l];
                vy[l] = y[i + l];
                vz[l] = z[i + l];
                vw[l] = weights[i + l];
            }
        }
        if (inverse_freedom > 0) {
            const float *p = around->precision;
            const v8 dx = vx - around->mean[0], dy = vy - around->mean[1], dz = vz - around->mean[2];
            const v8 q = p[0] * dx * dx + p[1] * dy * dy + p[2] * dz * dz
                         + 2 * (p[3] * dx * dy + p[4] * dx * dz + p[5] * dy * dz);
            vw /= 1 + q * inverse_freedom;
        }
        const d8 w = __builtin_convertvector(vw, d8), a = __builtin_convertvector(vx, d8),
                 b = __builtin_convertvector(vy, d8), c = __builtin_convertvector(vz, d8);
        const d8 wa = w * a, wb = w * b, wc = w * c;
        sums[0] += w, sums[1] += wa, sums[2] += wb, sums[3] += wc;
        sums[4] += wa * a, sums[5] += wb * b, sums[6] += wc * c;
        sums[7] += wa * b, sums[8] += wa * c, sums[9] += wb * c;
    }
    for (size_t m = 0; m < 10; m++) {
        moments[m] = 0;
        for (size_t l = 0; l < 8; l++) moments[m] += sums[m][l];
    }
}
