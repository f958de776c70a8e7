// What joins the grids of a feature pyramid, on maps of height x width x channels.
#pragma once
#include <stddef.h>

/// Row `y` of the fine map (`width` pixels) += the coarse map (`coarse_width` x `coarse_height`) at twice its size, bilinearly; then
/// clamped below at zero. A fine pixel beyond twice the coarse map repeats its last.
void nct_add_doubled_relu(float *fine_row, size_t width, size_t y, const float *coarse, size_t coarse_width,
                          size_t coarse_height, size_t channels);
