#include "nct_color.h"

#include "nct_fastmath.h"
#include "nct_kernels.h"

// Pixels handled at a time, channels apart, so that every inner loop vectorizes.
#define BLOCK 64

// IEC 61966-2-1, and its inverse to the digits that bring white back to white.
static const float to_xyz[9] = {0.4124564f, 0.3575761f, 0.1804375f, 0.2126729f, 0.7151522f,
                                0.0721750f, 0.0193339f, 0.1191920f, 0.9503041f};
static const float from_xyz[9] = {3.2404542f, -1.5371385f, -0.4985314f, -0.9692660f, 1.8760108f,
                                  0.0415560f, 0.0556434f, -0.2040259f, 1.0572252f};

#define LAB_EPSILON 0.008856452f  // (6/29)^3
#define LAB_SLOPE 7.787037f       // (29/6)^2 / 3

static inline __attribute__((always_inline)) float decode(float v) {
    v = v < 0.0f ? 0.0f : (v > 1.0f ? 1.0f : v);
    float curve = nct_exp2(2.4f * nct_log2((v + 0.055f) * (1.0f / 1.055f)));
    return v <= 0.04045f ? v * (1.0f / 12.92f) : curve;
}

static inline __attribute__((always_inline)) float encode(float v) {
    // Above 0.0031308 the argument is positive and normal; below, the linear part is taken.
    float safe = v > 0.0031308f ? v : 0.0031308f;
    float curve = 1.055f * nct_exp2(nct_log2(safe) * (1.0f / 2.4f)) - 0.055f;
    return v <= 0.0031308f ? v * 12.92f : curve;
}

static inline __attribute__((always_inline)) float lab_curve(float t) {
    float safe = t > LAB_EPSILON ? t : LAB_EPSILON;
    float root = nct_exp2(nct_log2(safe) * (1.0f / 3.0f));
    return t > LAB_EPSILON ? root : LAB_SLOPE * t + 16.0f / 116.0f;
}

static inline __attribute__((always_inline)) float lab_inverse(float f) {
    return f > 6.0f / 29.0f ? f * f * f : (f - 16.0f / 116.0f) * (1.0f / LAB_SLOPE);
}

NCT_MULTIVERSIONED
void nct_srgb_to_lab(const float *rgb, float *lab, size_t count) {
    float c0[BLOCK], c1[BLOCK], c2[BLOCK];
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t n = count - start < BLOCK ? count - start : BLOCK;
        for (size_t i = 0; i < n; i++) {
            c0[i] = rgb[3 * (start + i)];
            c1[i] = rgb[3 * (start + i) + 1];
            c2[i] = rgb[3 * (start + i) + 2];
        }
        for (size_t i = n; i < BLOCK; i++) c0[i] = c1[i] = c2[i] = 0;
        for (int i = 0; i < BLOCK; i++) {
            float r = decode(c0[i]), g = decode(c1[i]), b = decode(c2[i]);
            float x = (to_xyz[0] * r + to_xyz[1] * g + to_xyz[2] * b) * (1.0f / 0.9504700f);
            float y = (to_xyz[3] * r + to_xyz[4] * g + to_xyz[5] * b) * (1.0f / 1.0000001f);
            float z = (to_xyz[6] * r + to_xyz[7] * g + to_xyz[8] * b) * (1.0f / 1.0888300f);
            float fx = lab_curve(x), fy = lab_curve(y), fz = lab_curve(z);
            c0[i] = 116.0f * fy - 16.0f;
            c1[i] = 500.0f * (fx - fy);
            c2[i] = 200.0f * (fy - fz);
        }
        for (size_t i = 0; i < n; i++) {
            lab[3 * (start + i)] = c0[i];
            lab[3 * (start + i) + 1] = c1[i];
            lab[3 * (start + i) + 2] = c2[i];
        }
    }
}

NCT_MULTIVERSIONED
size_t nct_lab_to_srgb(const float *lab, float *rgb, size_t count) {
    const float margin = 1.0f / 64.0f;
    float c0[BLOCK], c1[BLOCK], c2[BLOCK];
    int outside[BLOCK];
    size_t clipped = 0;
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t n = count - start < BLOCK ? count - start : BLOCK;
        for (size_t i = 0; i < n; i++) {
            c0[i] = lab[3 * (start + i)];
            c1[i] = lab[3 * (start + i) + 1];
            c2[i] = lab[3 * (start + i) + 2];
        }
        for (size_t i = n; i < BLOCK; i++) c0[i] = c1[i] = c2[i] = 0;
        for (int i = 0; i < BLOCK; i++) {
            float fy = (c0[i] + 16.0f) * (1.0f / 116.0f);
            float x = lab_inverse(fy + c1[i] * (1.0f / 500.0f)) * 0.9504700f;
            float y = lab_inverse(fy) * 1.0000001f;
            float z = lab_inverse(fy - c2[i] * (1.0f / 200.0f)) * 1.0888300f;
            float r = encode(from_xyz[0] * x + from_xyz[1] * y + from_xyz[2] * z);
            float g = encode(from_xyz[3] * x + from_xyz[4] * y + from_xyz[5] * z);
            float b = encode(from_xyz[6] * x + from_xyz[7] * y + from_xyz[8] * z);
            float low = r < g ? r : g, high = r > g ? r : g;
            low = low < b ? low : b;
            high = high > b ? high : b;
            outside[i] = (low < -margin) | (high > 1.0f + margin);
            c0[i] = r < 0.0f ? 0.0f : (r > 1.0f ? 1.0f : r);
            c1[i] = g < 0.0f ? 0.0f : (g > 1.0f ? 1.0f : g);
            c2[i] = b < 0.0f ? 0.0f : (b > 1.0f ? 1.0f : b);
        }
        for (size_t i = 0; i < n; i++) {
            rgb[3 * (start + i)] = c0[i];
            rgb[3 * (start + i) + 1] = c1[i];
            rgb[3 * (start + i) + 2] = c2[i];
            clipped += (size_t)outside[i];
        }
    }
    return clipped;
}

NCT_MULTIVERSIONED
void nct_divide_light(const float *samples, const float *light, float *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const float v = decode(samples[i]) / light[i];
        const float e = encode(v);
        // The curve may pass 1 by its last digit.
        out[i] = ((v < 1.0f) & (e < 1.0f)) ? e : 1.0f;
    }
}

NCT_MULTIVERSIONED
void nct_luminance(const float *rgb, float *out, size_t count, float wr, float wg, float wb) {
    for (size_t i = 0; i < count; i++) out[i] = wr * rgb[3 * i] + wg * rgb[3 * i + 1] + wb * rgb[3 * i + 2];
}

NCT_MULTIVERSIONED
void nct_blend_quadratic(const float *lab, float *out, size_t count, const float coefficients[30], float share,
                         float strictness) {
    float x[3][BLOCK], y[3][BLOCK];
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t n = count - start < BLOCK ? count - start : BLOCK;
        for (size_t i = 0; i < n; i++) {
            for (size_t c = 0; c < 3; c++) x[c][i] = lab[3 * (start + i) + c] * 0.02f;
        }
        for (size_t c = 0; c < 3; c++) {
            const float *k = coefficients + 10 * c;
            for (size_t i = 0; i < n; i++) {
                const float l = x[0][i], a = x[1][i], b = x[2][i];
                y[c][i] = k[0] + l * (k[1] + k[4] * l + k[7] * a + k[8] * b) + a * (k[2] + k[5] * a + k[9] * b) +
                          b * (k[3] + k[6] * b);
            }
        }
        for (size_t i = 0; i < n; i++) {
            float *o = out + 3 * (start + i);
            const float d0 = o[0] - y[0][i], d1 = o[1] - y[1][i], d2 = o[2] - y[2][i];
            // Written so that nothing changes where nothing is to move.
            const float moved = 1.0f - (1.0f - share) / (1.0f + strictness * (d0 * d0 + d1 * d1 + d2 * d2));
            o[0] -= moved * d0;
            o[1] -= moved * d1;
            o[2] -= moved * d2;
        }
    }
}
