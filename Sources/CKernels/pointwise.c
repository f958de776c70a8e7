#include "nct_pointwise.h"

#include "nct_convolution.h"
#include "nct_kernels.h"
#include "nct_vectors.h"

size_t nct_pointwise_weight_count(size_t inputs, size_t outputs) { return inputs * nct_padded_channels(outputs); }

void nct_pointwise_pack(const float *matrix, size_t inputs, size_t outputs, float *packed) {
    pack_panels(matrix, inputs, outputs, packed);
}

// `rows` pixels by `panels` panels.
INLINE void pointwise_pixels(const nct_pointwise_layer *layer, const float *in, size_t panel, int rectified, float *out,
                             size_t rows, size_t panels) {
    const size_t inputs = layer->inputs, outputs = layer->outputs, stride = inputs * LANES;
    v16 sums[12][2];
    UNROLLED for (size_t r = 0; r < rows; r++)
        UNROLLED for (size_t p = 0; p < panels; p++) sums[r][p] = LOAD16(layer->bias + (panel + p) * LANES);
    ACCUMULATE(sums, rows, panels, in, inputs, layer->weights + panel * stride, stride, inputs);
    UNROLLED for (size_t p = 0; p < panels; p++) {
        const size_t first = (panel + p) * LANES, some = outputs - first < LANES ? outputs - first : LANES;
        UNROLLED for (size_t r = 0; r < rows; r++) {
            if (rectified) sums[r][p] = MAXIMUM(sums[r][p], (v16){0});
            STORE_SOME(out + r * outputs + first, sums[r][p], some);
        }
    }
}

INLINE void pointwise(const nct_pointwise_layer *layer, const float *in, size_t count, int rectified, float *out,
                      size_t rows, size_t panelPair) {
    const size_t panels = nct_padded_channels(layer->outputs) / LANES;
    size_t i = 0;
    for (; i + rows <= count; i += rows, in += rows * layer->inputs, out += rows * layer->outputs) {
        size_t panel = 0;
        for (; panel + panelPair <= panels; panel += panelPair)
            pointwise_pixels(layer, in, panel, rectified, out, rows, panelPair);
        for (; panel < panels; panel++) pointwise_pixels(layer, in, panel, rectified, out, rows, 1);
    }
    for (; i < count; i++, in += layer->inputs, out += layer->outputs)
        for (size_t panel = 0; panel < panels; panel++) pointwise_pixels(layer, in, panel, rectified, out, 1, 1);
}

#define DEFINE_LEVEL(suffix, attributes, rows, panelPair)                                                        \
    attributes static void pointwise_##suffix(const nct_pointwise_layer *layer, const float *in, size_t count,   \
                                              int rectified, float *out) {                                      \
        pointwise(layer, in, count, rectified, out, rows, panelPair);                                           \
    }

LEVELS(DEFINE_LEVEL)

void nct_pointwise(const nct_pointwise_layer *layer, const float *in, size_t count, int rectified, float *out) {
    DISPATCH(pointwise, layer, in, count, rectified, out);
}
