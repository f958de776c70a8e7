// Kernels of the fast guided filter on fields of eight floats a pixel (the pixel vectors of nct_transfer.h).
#pragma once

#include "nct_kernels.h"
#include <stddef.h>

// Adds (sign 1) or removes (sign -1) one row to the column sums: of guide, squared guide, field (8), guide * field (8),
// 18 doubles a column.
void nct_guided_add_row(const float *guide, const float *field, size_t width, double sign, double *sums);
// Slopes (8) and intercepts (8) a pixel of one row from the column sums of `rows` rows.
void nct_guided_coefficients_row(const double *sums, size_t width, size_t rows, size_t radius, double epsilon,
                                 float *coefficients);
// Column sums of coefficients (16 doubles a column), and their means over the window.
void nct_guided_add_coefficients(const float *coefficients, size_t width, double sign, double *sums);
void nct_guided_average_row(const double *sums, size_t width, size_t rows, size_t radius, float *average);
// One full-resolution row: bilinear between two averaged coarse rows (`lower` has weight `fraction`), applied to the
// luminance; recolors `lab` in place.
void nct_guided_apply_row(const float *upper, const float *lower, float fraction, size_t coarseWidth, size_t scale,
                          const float *luminance, size_t width, float *lab);
