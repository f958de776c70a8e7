// Color conversions between sRGB and CIELAB (D65, 2 degrees), and luminance.
#pragma once
#include <stddef.h>

/// sRGB-encoded 0...1 (interleaved) to CIELAB (interleaved), `count` pixels. Within 2e-3 of the twin in every channel.
void nct_srgb_to_lab(const float *rgb, float *lab, size_t count);

/// CIELAB to sRGB-encoded 0...1, clipped to the gamut. Within 2e-4 of the twin.
/// Returns the number of pixels of which a channel lay more than 1/64 outside 0...1.
size_t nct_lab_to_srgb(const float *lab, float *rgb, size_t count);

/// Moves `out` (CIELAB, interleaved) the share `share` of the way to a quadratic polynomial of `lab`, which holds 10
/// coefficients for each channel: of 1, L, a, b, LL, aa, bb, La, Lb, ab, the coordinates in units of 50. Of the
/// distance d, (1 - share) / (1 + strictness d²) is left. Within 1e-3 of the twin.
void nct_blend_quadratic(const float *lab, float *out, size_t count, const float coefficients[30], float share,
                         float strictness);

/// Weighted sum of the encoded channels: `out[i] = wr*R + wg*G + wb*B`.
void nct_luminance(const float *rgb, float *out, size_t count, float wr, float wg, float wb);

/// Divides sRGB-encoded samples by a light (greater than 0) in linear light; what gets brighter than white is white.
/// `count` samples. Within 2e-5 of the twin.
void nct_divide_light(const float *samples, const float *light, float *out, size_t count);
