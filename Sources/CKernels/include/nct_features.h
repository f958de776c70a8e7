// What surrounds the convolutions of a network, on maps of height x width x channels.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// 2x2 maximum with stride 2 of `rows` output rows from the first of `map`; an odd last column is dropped.
void nct_max_pool(const float *map, size_t width, size_t rows, size_t channels, float *out);

/// Each of an image's three channels' sum and sum of squares over its pixels.
void nct_sample_sums(const float *samples, size_t pixels, double sums[3], double squares[3]);

/// `out = samples * factor + offset` of the channel, for three channels.
void nct_standardize(const float *samples, size_t pixels, float factor, const float offset[3], float *out);

/// Adds each channel's weighted sum and sum of squares over `count` pixels to `sums` and `squares`.
void nct_channel_sums(const float *map, const float *weights, size_t count, size_t channels, double *sums,
                      double *squares);

/// `out[p] = round(clamp(values[p] * scale, -limit, limit))` for `components` values per pixel, into rows of `stride`.
void nct_quantize(const float *values, size_t count, size_t components, float scale, float limit, int8_t *out,
                  size_t stride);

/// For each of `count` points of `dimensions` values, the index of the nearest of `centerCount` (at most 64) centers by
/// squared Euclidean distance; the lower index wins a tie. `distances` may be null.
void nct_nearest_center(const float *points, size_t count, size_t dimensions, const float *centers, size_t centerCount,
                        uint8_t *labels, float *distances);
