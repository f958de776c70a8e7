// Kernels of the local color transfer: neighbors in color, energy, conjugate gradients.
//
// A "pixel vector" is eight floats a pixel: gains of L*, a*, b*, a zero, offsets of L*, a*, b*, a zero. The zeros
// stay zero. Lab values in a field are in units of Lab / 100. A "packed source" is four floats a pixel: L*, a*, b* of
// the source divided by 100, and the confidence. Sums of three channels go to `double[3]` of the caller, overwritten.
#pragma once

#include "nct_kernels.h"
#include <stddef.h>
#include <stdint.h>

// Step 6, start: gains and offsets of row `y` from the 3x3 windows (clipped at the border) of two Lab images of the
// same size; `out` is that row of a pixel vector.
void nct_transfer_initial_row(const float *source, const float *guidance, size_t width, size_t height, size_t y,
                              float epsilon, float leastGain, float greatestGain, float *out);

// result = gain * source + 100 * offset for `count` pixels; `lab` and `result` hold three floats a pixel and may be
// the same buffer.
void nct_transfer_apply(const float *field, const float *lab, size_t count, float *result);

// Packs Lab and confidence of `count` pixels.
void nct_transfer_pack(const float *lab, const float *confidence, size_t count, float *packed);

// Weights to the right and lower neighbor of the pixels of row `y` (two floats a pixel, zero where there is none):
// 1 / (|difference of luminance|^1.2 + 1e-4).
void nct_transfer_local_weights_row(const float *luminance, size_t width, size_t height, size_t y, float *weights);

// Sort keys of pixels begin..<end: cluster (8 bits), place on a Hilbert curve through CIELAB in steps of 1/8 (33
// bits), hash of seed and pixel (23 bits). `table` holds for 24 states and 8 octants the digit (low 3 bits) and the
// next state (above). `clusters` may be null.
void nct_transfer_color_keys(const float *lab, const uint8_t *clusters, size_t begin, size_t end, uint64_t seed,
                             const uint8_t *table, uint64_t *keys);

// Sorts keys with their values, stably, ascending. The buffers of the second pair are scratch; all hold `count`.
void nct_transfer_sort(uint64_t *keys, int32_t *values, uint64_t *otherKeys, int32_t *otherValues, size_t count);

// Weights of places begin..<end to the next `reach` places of an order of `count` pixels, `reach` floats a place:
// exp(1 - distance / 3) / 8, and 0 past the end or into another cluster. `clusters` may be null.
void nct_transfer_color_weights(const float *lab, const uint8_t *clusters, const int32_t *order, size_t count,
                                size_t begin, size_t end, size_t reach, float *weights);

// Adds, for places begin..<end of an order, scale * (sum of weights) to degree[pixel].
void nct_transfer_color_degree(const int32_t *order, const float *weights, size_t begin, size_t end, size_t reach,
                               float scale, float *degree);
// Adds scale * (sum of the four weights) to the degree of the pixels of row `y`.
void nct_transfer_local_degree_row(const float *weights, size_t width, size_t y, float scale, float *degree);

// y = scale * Laplacian of the color graph applied to x, for places begin..<end. reach is 1 to 4.
void nct_transfer_color_laplacian(const float *x, const int32_t *order, const float *weights, size_t count,
                                  size_t begin, size_t end, size_t reach, float scale, float *y);

// y += (data term + scale * Laplacian of the grid) applied to x, for rows begin..<end; dots = x . y by channel.
void nct_transfer_grid_operator(const float *x, const float *packed, const float *weights, size_t width,
                                size_t height, size_t begin, size_t end, float scale, float *y, double *dots);

// r = right side - r for `count` pixels (the right side made from source, confidence and the guidance in Lab);
// `residual` = r . inverse(D) r by channel, `right` = right side . inverse(D) right side, `guidanceEnergy` = the data
// term of a field of zeros. D is the preconditioner's diagonal of 2x2 blocks.
void nct_transfer_residual(const float *packed, const float *guidance, const float *degree, size_t count, float *r,
                           double *residual, double *right, double *guidanceEnergy);

// x += alpha p, r -= alpha q; dots = r . inverse(D) r by channel. alpha: one factor a channel.
void nct_transfer_step(const float *alpha, const float *p, const float *q, const float *packed, const float *degree,
                       size_t count, float *x, float *r, double *dots);

// p = inverse(D) r + beta p. beta: one factor a channel.
void nct_transfer_direction(const float *beta, const float *r, const float *packed, const float *degree,
                            size_t count, float *p);

// Data and local term of rows begin..<end (without lambda, pairs counted twice), and the color term of places
// begin..<end.
void nct_transfer_grid_energy(const float *field, const float *packed, const float *guidance, const float *weights,
                              size_t width, size_t height, size_t begin, size_t end, double *data, double *local);
double nct_transfer_color_energy(const float *field, const int32_t *order, const float *weights, size_t count,
                                 size_t begin, size_t end, size_t reach);
