// Kernels of the coarse space of the least-squares solver: pixels gathered into aggregates that share a gain and an
// offset. `aggregate` holds a number below `aggregates` for each pixel. Pixel vectors and the packed source are those
// of nct_transfer.h; a coarse vector is eight floats an aggregate in the same layout.
#pragma once

#include "nct_kernels.h"
#include <stddef.h>
#include <stdint.h>

// Adds the weights of the grid's and of the color graph's links, times `scale`, to couplings[from][to]
// (aggregates x aggregates; a link is entered once, in either direction).
void nct_coarse_grid_couplings(const uint16_t *aggregate, const float *weights, size_t width, size_t height,
                               double scale, size_t aggregates, double *couplings);
void nct_coarse_color_couplings(const uint16_t *aggregate, const int32_t *order, const float *weights, size_t count,
                                size_t reach, double scale, size_t aggregates, double *couplings);

// Adds each pixel's confidence * S (three), confidence * S^2 (three) and confidence to its aggregate's seven moments.
void nct_coarse_moments(const uint16_t *aggregate, const float *packed, size_t count, double *moments);

// The normal equations of one channel on the coarse space: matrix[2 * aggregates][2 * aggregates], gain and offset of
// an aggregate next to each other.
void nct_coarse_assemble(const double *couplings, const double *moments, size_t aggregates, size_t channel,
                         double *matrix);

// Cholesky: the lower triangle becomes the factor; the upper one is left as it is. These two have no twin: the tests
// hold the factor times its transpose, and the matrix times the solution, against what they were made from.
void nct_coarse_factor(double *matrix, size_t size);
// Solves with the factor in place.
void nct_coarse_solve(const double *factor, size_t size, double *x);

// Adds each pixel's vector to its aggregate's sum; adds each aggregate's vector to its pixels.
void nct_coarse_restrict(const uint16_t *aggregate, const float *r, size_t count, float *sums);
void nct_coarse_prolong(const uint16_t *aggregate, const float *coarse, size_t count, float *x);
