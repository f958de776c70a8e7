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
    static void NAME(const float *rgb, const float *alpha, size_t pixel_count, TYPE *out) {                            \
        if (alpha == NULL) {                                                                                           \
            for (size_t i = 0; i < 3 * pixel_count; i++) out[i] = (TYPE)(int32_t)scaled(rgb[i], SCALE);                \
            return;                                                                                                    \
        }                                                                                                              \
        for (size_t i = 0; i < pixel_count; i++) {                                                                     \
            for (int c = 0; c < 3; c++) out[4 * i + c] = (TYPE)(int32_t)scaled(rgb[3 * i + c], SCALE);                 \
            out[4 * i + 3] = (TYPE)(int32_t)scaled(alpha[i], SCALE);                                                   \
        }                                                                                                              \
    }

NCT_DEFINE_QUANTIZE(quantize8, uint8_t, 255.0f)
NCT_DEFINE_QUANTIZE(quantize16, uint16_t, 65535.0f)

void nct_float_to_samples(const float *rgb, const float *alpha, size_t pixel_count, int bits, void *out) {
    if (bits == 16) {
        quantize16(rgb, alpha, pixel_count, out);
    } else {
        quantize8(rgb, alpha, pixel_count, out);
    }
}
