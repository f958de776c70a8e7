// 1x1 convolutions of few channels, on maps of height x width x channels: each pixel's values times a matrix.
//
// An output is summed from its bias over the inputs in order, however a map is cut.
#pragma once
#include <stddef.h>

/// A layer prepared by nct_pointwise_pack.
typedef struct {
    size_t inputs, outputs;
    const float *weights;  // packed
    const float *bias;     // `outputs` values and zeros up to a multiple of 16
} nct_pointwise_layer;

/// Floats of packed weights.
size_t nct_pointwise_weight_count(size_t inputs, size_t outputs);

/// Packs a matrix of inputs x outputs.
void nct_pointwise_pack(const float *matrix, size_t inputs, size_t outputs, float *packed);

/// `count` pixels; `rectified`: clamped below at zero.
void nct_pointwise(const nct_pointwise_layer *layer, const float *in, size_t count, int rectified, float *out);
