// 3x3 convolutions with zero padding, bias and ReLU, on maps of height x width x channels.
//
// Two kernels, by the number of input channels:
// - Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016): tiles of 4x4 outputs cost 36 products a pair of
//   channels instead of 144. Tiles are transformed, multiplied and transformed back in groups that stay in the level-2
//   cache. For input channels in multiples of 8.
// - a direct one that reads the neighborhoods where they lie. For any number of channels, and best for very few.
//
// Each output is summed in one fixed order, however a map is cut, so results do not depend on the cut. They differ by
// rounding between processors with and without fused multiply-add.
#pragma once
#include <stddef.h>

/// Rows of a map: `values` starts at row `firstRow` of a map of `height` rows. The rows that a call needs and that are
/// inside the map must be there.
typedef struct {
    const float *values;
    size_t firstRow, width, height;
} nct_rows;

/// A layer prepared by nct_winograd_pack or nct_direct_pack.
typedef struct {
    size_t inputChannels, outputChannels;
    const float *weights;  // packed
    const float *bias;     // nct_padded_channels(outputChannels) values, zero past the end
} nct_convolution;

/// Channels in whole vectors of 16.
size_t nct_padded_channels(size_t channels);

/// Floats of packed weights.
size_t nct_winograd_weight_count(size_t inputChannels, size_t outputChannels);
size_t nct_direct_weight_count(size_t inputChannels, size_t outputChannels);

/// Packs weights of height x width x in x out; the first transforms them too.
void nct_winograd_pack(const float *weights, size_t inputChannels, size_t outputChannels, float *packed);
void nct_direct_pack(const float *weights, size_t inputChannels, size_t outputChannels, float *packed);

/// Tiles that are best computed by one call of nct_winograd_tiles or a multiple of it.
size_t nct_winograd_group(size_t inputChannels, size_t outputChannels);
/// Floats of scratch that nct_winograd_tiles needs.
size_t nct_winograd_scratch_count(size_t inputChannels, size_t outputChannels);

/// Computes the 4x4 tiles firstTile...firstTile+count-1 of the map, counted row by row; those at the right and lower
/// border are cut. `out` starts at row `outFirstRow` of the result. With `pooling` the result is that of 2x2 maximum
/// pooling with stride 2, half as wide and high.
void nct_winograd_tiles(const nct_convolution *layer, const nct_rows *map, size_t firstTile, size_t count, int pooling,
                        float *scratch, float *out, size_t outFirstRow);

/// Floats of scratch that nct_direct_rows needs.
size_t nct_direct_scratch_count(size_t inputChannels, size_t width);
/// Computes rows y0...y1-1 into `out`, which starts at row y0.
void nct_direct_rows(const nct_convolution *layer, const nct_rows *map, size_t y0, size_t y1, float *scratch,
                     float *out);
