#include "CKernelTwins.h"

#include <math.h>

// IEC 61966-2-1, and its inverse to the digits that bring white back to white.
static const float to_xyz[9] = {0.4124564f, 0.3575761f, 0.1804375f, 0.2126729f, 0.7151522f,
                                0.0721750f, 0.0193339f, 0.1191920f, 0.9503041f};
static const float from_xyz[9] = {3.2404542f, -1.5371385f, -0.4985314f, -0.9692660f, 1.8760108f,
                                  0.0415560f, 0.0556434f, -0.2040259f, 1.0572252f};
static const float white[3] = {0.9504700f, 1.0000001f, 1.0888300f};

void nct_blend_quadratic_scalar(const float *lab, float *out, size_t count, const float coefficients[30], float share,
                                float strictness) {
    for (size_t i = 0; i < count; i++) {
        const double l = lab[3 * i] / 50.0, a = lab[3 * i + 1] / 50.0, b = lab[3 * i + 2] / 50.0;
        const double basis[10] = {1, l, a, b, l * l, a * a, b * b, l * a, l * b, a * b};
        double y[3] = {0, 0, 0}, squares = 0;
        for (size_t c = 0; c < 3; c++) {
            for (size_t k = 0; k < 10; k++) y[c] += coefficients[10 * c + k] * basis[k];
            squares += (out[3 * i + c] - y[c]) * (out[3 * i + c] - y[c]);
        }
        const double left = (1.0 - share) / (1.0 + strictness * squares);
        for (size_t c = 0; c < 3; c++) out[3 * i + c] = (float)(y[c] + left * (out[3 * i + c] - y[c]));
    }
}

void nct_srgb_to_lab_scalar(const float *rgb, float *lab, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double linear[3], f[3];
        for (int c = 0; c < 3; c++) {
            double v = fmin(fmax(rgb[3 * i + c], 0.0), 1.0);
            linear[c] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
        }
        for (int c = 0; c < 3; c++) {
            double t = to_xyz[3 * c] * linear[0] + to_xyz[3 * c + 1] * linear[1] + to_xyz[3 * c + 2] * linear[2];
            t /= white[c];
            f[c] = t > 216.0 / 24389.0 ? cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
        }
        lab[3 * i] = (float)(116.0 * f[1] - 16.0);
        lab[3 * i + 1] = (float)(500.0 * (f[0] - f[1]));
        lab[3 * i + 2] = (float)(200.0 * (f[1] - f[2]));
    }
}

size_t nct_lab_to_srgb_scalar(const float *lab, float *rgb, size_t count) {
    size_t clipped = 0;
    for (size_t i = 0; i < count; i++) {
        double fy = (lab[3 * i] + 16.0) / 116.0;
        double f[3] = {fy + lab[3 * i + 1] / 500.0, fy, fy - lab[3 * i + 2] / 200.0};
        double xyz[3];
        for (int c = 0; c < 3; c++) {
            xyz[c] = white[c] * (f[c] > 6.0 / 29.0 ? f[c] * f[c] * f[c] : (116.0 * f[c] - 16.0) * 27.0 / 24389.0);
        }
        int outside = 0;
        for (int c = 0; c < 3; c++) {
            double v = from_xyz[3 * c] * xyz[0] + from_xyz[3 * c + 1] * xyz[1] + from_xyz[3 * c + 2] * xyz[2];
            v = v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1.0 / 2.4) - 0.055;
            outside |= v < -1.0 / 64.0 || v > 1.0 + 1.0 / 64.0;
            rgb[3 * i + c] = (float)fmin(fmax(v, 0.0), 1.0);
        }
        clipped += (size_t)outside;
    }
    return clipped;
}

void nct_luminance_scalar(const float *rgb, float *out, size_t count, float wr, float wg, float wb) {
    for (size_t i = 0; i < count; i++) out[i] = wr * rgb[3 * i] + wg * rgb[3 * i + 1] + wb * rgb[3 * i + 2];
}

void nct_divide_light_scalar(const float *samples, const float *light, float *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const double v = fmin(fmax(samples[i], 0.0), 1.0);
        const double linear = (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4)) / light[i];
        out[i] = (float)(linear >= 1 ? 1 : linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055);
    }
}
