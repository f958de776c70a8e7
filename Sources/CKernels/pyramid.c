#include "nct_pyramid.h"

#include "nct_kernels.h"
#include "nct_vectors.h"

/// The coarse position before fine position `p`, the one after it, and the weight of the one after: 1/4 or 3/4.
static inline void tap(size_t p, size_t size, size_t *first, size_t *second, float *share) {
    size_t before = p == 0 ? 0 : (p - 1) / 2;
    *first = before < size ? before : size - 1;
    *second = *first + 1 < size ? *first + 1 : size - 1;
    *share = *first == *second || p == 0 ? 0.0f : (p % 2 == 0 ? 0.75f : 0.25f);
}

NCT_MULTIVERSIONED
void nct_add_doubled_relu(float *fine_row, size_t width, size_t y, const float *coarse, size_t coarse_width,
                          size_t coarse_height, size_t channels) {
    size_t y0, y1;
    float fy;
    tap(y, coarse_height, &y0, &y1, &fy);
    const float *upper = coarse + y0 * coarse_width * channels, *lower = coarse + y1 * coarse_width * channels;
    for (size_t x = 0; x < width; x++) {
        size_t x0, x1;
        float fx;
        tap(x, coarse_width, &x0, &x1, &fx);
        const float a = (1 - fx) * (1 - fy), b = fx * (1 - fy), c = (1 - fx) * fy, d = fx * fy;
        const float *ul = upper + x0 * channels, *ur = upper + x1 * channels;
        const float *ll = lower + x0 * channels, *lr = lower + x1 * channels;
        float *pixel = fine_row + x * channels;
        size_t k = 0;
        for (; k + 8 <= channels; k += 8) {
            const v8 v = LOAD8(pixel + k) + (a * LOAD8(ul + k) + b * LOAD8(ur + k) + (c * LOAD8(ll + k) + d * LOAD8(lr + k)));
            STORE8(pixel + k, MAXIMUM(v, (v8){0}));
        }
        for (; k < channels; k++) {
            float v = pixel[k] + (a * ul[k] + b * ur[k] + (c * ll[k] + d * lr[k]));
            pixel[k] = v > 0.0f ? v : 0.0f;
        }
    }
}
