#include "nct_codecs.h"

// Where source pixel (0, 0) lands and how far one step right or down goes in the upright image, by EXIF orientation.
typedef struct placement {
    ptrdiff_t start, step_x, step_y;
} placement;

static placement place(uint32_t width, uint32_t height, int orientation) {
    ptrdiff_t w = width, h = height;
    switch (orientation) {
    case 2: return (placement){w - 1, -1, w};                // mirrored left to right
    case 3: return (placement){w * h - 1, -1, -w};           // turned by 180 degrees
    case 4: return (placement){w * (h - 1), 1, -w};          // mirrored top to bottom
    case 5: return (placement){0, h, 1};                     // transposed
    case 6: return (placement){h - 1, h, -1};                // to be turned clockwise
    case 7: return (placement){w * h - 1, -h, -1};           // transposed across the other diagonal
    case 8: return (placement){h * (w - 1), -h, 1};          // to be turned counterclockwise
    default: return (placement){0, 1, w};
    }
}

#define NCT_DEFINE_EXPAND(NAME, TYPE, SCALE)                                                                          \
    static void NAME(const TYPE *in, uint32_t width, uint32_t height, int channels, placement at, float *rgb,          \
                     float *alpha) {                                                                                   \
        int colors = channels >= 3 ? 3 : 1;                                                                            \
        for (uint32_t y = 0; y < height; y++) {                                                                        \
            ptrdiff_t to = at.start + (ptrdiff_t)y * at.step_y;                                                        \
            for (uint32_t x = 0; x < width; x++, in += channels, to += at.step_x) {                                    \
                rgb[3 * to] = (float)in[0] / SCALE;                                                                    \
                rgb[3 * to + 1] = (float)in[colors / 2] / SCALE;                                                       \
                rgb[3 * to + 2] = (float)in[colors - 1] / SCALE;                                                       \
                if (channels % 2 == 0) alpha[to] = (float)in[colors] / SCALE;                                          \
            }                                                                                                          \
        }                                                                                                              \
    }

NCT_DEFINE_EXPAND(expand8, uint8_t, 255.0f)
NCT_DEFINE_EXPAND(expand16, uint16_t, 65535.0f)

void nct_samples_to_float(const void *pixels, uint32_t width, uint32_t height, int bits, int channels,
                          int orientation, float *rgb, float *alpha) {
    placement at = place(width, height, orientation);
    if (bits == 16) {
        expand16(pixels, width, height, channels, at, rgb, alpha);
    } else if (channels == 3 && at.step_x == 1 && at.step_y == (ptrdiff_t)width) {
        // The ordinary case: upright 8-bit RGB, one flat loop.
        const uint8_t *in = pixels;
        size_t count = (size_t)width * height * 3;
        for (size_t i = 0; i < count; i++) rgb[i] = (float)in[i] / 255.0f;
    } else {
        expand8(pixels, width, height, channels, at, rgb, alpha);
    }
}

static inline float scaled(float value, float scale) {
    // Written so that a value that is not a number fails the first comparison and becomes 0.
    float clamped = value > 0.0f ? (value < 1.0f ? value : 1.0f) : 0.0f;
    return clamped * scale + 0.5f;
}

#define NCT_DEFINE_QUANTIZE(NAME, TYPE, SCALE)                                                                        \
    static void NAME(const float *rgb, size_t count, TYPE *out) {                                                      \
        for (size_t i = 0; i < count; i++) out[i] = (TYPE)(int32_t)scaled(rgb[i], SCALE);                              \
    }

NCT_DEFINE_QUANTIZE(quantize8, uint8_t, 255.0f)
NCT_DEFINE_QUANTIZE(quantize16, uint16_t, 65535.0f)

void nct_float_to_samples(const float *rgb, size_t count, int bits, void *out) {
    if (bits == 16) {
        quantize16(rgb, count, out);
    } else {
        quantize8(rgb, count, out);
    }
}

static size_t sample_count(const nct_raster *raster) {
    return (size_t)raster->width * raster->height * (size_t)raster->channels;
}

uint16_t nct_greatest_sample(const nct_raster *raster) {
    const uint16_t *in = raster->pixels;
    uint16_t greatest = 0;
    for (size_t i = 0; i < sample_count(raster); i++) greatest = in[i] > greatest ? in[i] : greatest;
    return greatest;
}

void nct_stretch_samples(nct_raster *raster, int bits) {
    uint16_t *at = raster->pixels;
    uint32_t top = (1u << bits) - 1;
    for (size_t i = 0; i < sample_count(raster); i++) {
        at[i] = at[i] >= top ? 65535 : (uint16_t)(((uint32_t)at[i] * 65535u + top / 2) / top);
    }
}
