#include "nct_convolution.h"

#include <string.h>

#include "nct_kernels.h"
#include "nct_vectors.h"

#define TILE_ROWS 12    // tiles, or pixels, that the matrix kernel takes at a time: a multiple of every ROWS below
#define POSITIONS 36    // 6x6 values of a transformed tile
#define GROUP_FLOATS 160000  // of transformed inputs and products that one group of tiles may have

size_t nct_padded_channels(size_t channels) { return (channels + LANES - 1) / LANES * LANES; }

size_t nct_winograd_weight_count(size_t inputChannels, size_t outputChannels) {
    return POSITIONS * inputChannels * nct_padded_channels(outputChannels);
}

size_t nct_direct_weight_count(size_t inputChannels, size_t outputChannels) {
    return 9 * inputChannels * nct_padded_channels(outputChannels);
}

NCT_MULTIVERSIONED
void nct_winograd_pack(const float *weights, size_t inputChannels, size_t outputChannels, float *packed) {
    static const double g[6][3] = {{1.0 / 4, 0, 0},
                                   {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                   {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                   {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                   {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                   {0, 0, 1}};
    const size_t panels = nct_padded_channels(outputChannels) / LANES;
    for (size_t in = 0; in < inputChannels; in++)
        for (size_t panel = 0; panel < panels; panel++) {
            const size_t rest = outputChannels - panel * LANES, some = rest < LANES ? rest : LANES;
            double taps[9][LANES] = {{0}}, half[6][3][LANES];
            for (size_t tap = 0; tap < 9; tap++) {
                const float *from = weights + (tap * inputChannels + in) * outputChannels + panel * LANES;
                for (size_t lane = 0; lane < some; lane++) taps[tap][lane] = (double)from[lane];
            }
            for (size_t i = 0; i < 6; i++)
                for (size_t x = 0; x < 3; x++)
                    for (size_t lane = 0; lane < LANES; lane++)
                        half[i][x][lane] =
                            g[i][0] * taps[x][lane] + g[i][1] * taps[3 + x][lane] + g[i][2] * taps[6 + x][lane];
            for (size_t position = 0; position < POSITIONS; position++) {
                const size_t i = position / 6, j = position % 6;
                float *to = packed + ((position * panels + panel) * inputChannels + in) * LANES;
                for (size_t lane = 0; lane < LANES; lane++)
                    to[lane] = (float)(g[j][0] * half[i][0][lane] + g[j][1] * half[i][1][lane]
                                       + g[j][2] * half[i][2][lane]);
            }
        }
}

void nct_direct_pack(const float *weights, size_t inputChannels, size_t outputChannels, float *packed) {
    pack_panels(weights, 9 * inputChannels, outputChannels, packed);
}

// Products of one position: `a` holds TILE_ROWS rows in chunks of 16 channels, `b` panels of 16 columns.
INLINE void multiply(const float *a, const float *b, size_t depth, float *c, size_t rows, size_t panels) {
    const size_t panelStride = depth * LANES;
    for (size_t row = 0; row < TILE_ROWS; row += rows) {
        v16 sums[TILE_ROWS][2];
        UNROLLED for (size_t r = 0; r < rows; r++)
            UNROLLED for (size_t p = 0; p < panels; p++) sums[r][p] = (v16){0};
        size_t k = 0;
        for (; k + LANES <= depth; k += LANES)
            ACCUMULATE(sums, rows, panels, a + k * TILE_ROWS + row * LANES, LANES, b + k * LANES, panelStride, LANES);
        if (k < depth)
            ACCUMULATE(sums, rows, panels, a + k * TILE_ROWS + row * LANES, LANES, b + k * LANES, panelStride, depth - k);
        UNROLLED for (size_t r = 0; r < rows; r++)
            UNROLLED for (size_t p = 0; p < panels; p++)
                STORE16(c + (p * TILE_ROWS + row + r) * LANES, sums[r][p]);
    }
}

#define INPUT_TRANSFORM(t, d0, d1, d2, d3, d4, d5)    \
    do {                                              \
        v16 even_ = (d4) - 4.0f * (d2), odd_ = (d3) - 4.0f * (d1); \
        v16 far_ = (d4) - (d2), near_ = (d3) - (d1);  \
        (t)[0] = (d4) + (4.0f * (d0) - 5.0f * (d2));  \
        (t)[1] = even_ + odd_;                        \
        (t)[2] = even_ - odd_;                        \
        (t)[3] = far_ + 2.0f * near_;                 \
        (t)[4] = far_ - 2.0f * near_;                 \
        (t)[5] = (d5) + (4.0f * (d1) - 5.0f * (d3));  \
    } while (0)

#define OUTPUT_TRANSFORM(y, m0, m1, m2, m3, m4, m5)                         \
    do {                                                                    \
        v16 sum_ = (m1) + (m2), difference_ = (m1) - (m2);                  \
        v16 sum2_ = (m3) + (m4), difference2_ = (m3) - (m4);                \
        (y)[0] = (m0) + sum_ + sum2_;                                       \
        (y)[1] = difference_ + 2.0f * difference2_;                         \
        (y)[2] = sum_ + 4.0f * sum2_;                                       \
        (y)[3] = difference_ + 8.0f * difference2_ + (m5);                  \
    } while (0)

// `lanes` channels (8 or 16) of the 6x6 inputs of a tile; its 36 values go to out + position * stride.
INLINE void transform_input(const float *in, size_t rowStride, size_t pixelStride, size_t lanes, float *out,
                            size_t stride) {
    v16 half[6][6];
    for (size_t x = 0; x < 6; x++) {
        v16 d[6], t[6];
        UNROLLED for (size_t y = 0; y < 6; y++) {
            const float *p = in + y * rowStride + x * pixelStride;
            if (lanes == LANES) {
                d[y] = LOAD16(p);
            } else {
                d[y] = __builtin_shufflevector(*(const v8 *)p, (v8){0}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            }
        }
        INPUT_TRANSFORM(t, d[0], d[1], d[2], d[3], d[4], d[5]);
        UNROLLED for (size_t y = 0; y < 6; y++) half[y][x] = t[y];
    }
    for (size_t y = 0; y < 6; y++) {
        v16 t[6];
        INPUT_TRANSFORM(t, half[y][0], half[y][1], half[y][2], half[y][3], half[y][4], half[y][5]);
        UNROLLED for (size_t x = 0; x < 6; x++) STORE16(out + (6 * y + x) * stride, t[x]);
    }
}

// 16 channels of a tile's 4x4 outputs, or of its 2x2 maxima, before bias and ReLU.
INLINE void transform_output(const float *products, size_t stride, const float *biases, int pooling,
                             v16 result[16]) {
    v16 half[4][6];
    for (size_t x = 0; x < 6; x++) {
        v16 y[4];
        const float *m = products + x * stride;
        OUTPUT_TRANSFORM(y, LOAD16(m), LOAD16(m + 6 * stride), LOAD16(m + 12 * stride), LOAD16(m + 18 * stride),
                         LOAD16(m + 24 * stride), LOAD16(m + 30 * stride));
        UNROLLED for (size_t i = 0; i < 4; i++) half[i][x] = y[i];
    }
    const v16 bias = LOAD16(biases), zero = {0};
    UNROLLED for (size_t i = 0; i < 4; i++) {
        v16 y[4];
        OUTPUT_TRANSFORM(y, half[i][0], half[i][1], half[i][2], half[i][3], half[i][4], half[i][5]);
        UNROLLED for (size_t j = 0; j < 4; j++) {
            v16 v = y[j] + bias;
            result[4 * i + j] = MAXIMUM(v, zero);
        }
    }
    if (pooling) {
        UNROLLED for (size_t i = 0; i < 2; i++)
            UNROLLED for (size_t j = 0; j < 2; j++) {
                v16 top = MAXIMUM(result[8 * i + 2 * j], result[8 * i + 2 * j + 1]);
                v16 bottom = MAXIMUM(result[8 * i + 4 + 2 * j], result[8 * i + 4 + 2 * j + 1]);
                result[2 * i + j] = MAXIMUM(top, bottom);
            }
    }
}

typedef struct {
    size_t depth, chunks, panels, groups;
    size_t inputs, products;  // floats between positions
} tile_shape;

static tile_shape shape_of(size_t inputChannels, size_t outputChannels) {
    tile_shape s;
    s.depth = inputChannels;
    s.chunks = nct_padded_channels(inputChannels) / LANES;
    s.panels = nct_padded_channels(outputChannels) / LANES;
    s.inputs = s.chunks * TILE_ROWS * LANES + LANES;  // a line more, so that the positions do not share cache sets
    s.products = s.panels * TILE_ROWS * LANES + LANES;
    size_t each = POSITIONS * (s.inputs + s.products);
    s.groups = GROUP_FLOATS / each;
    if (s.groups < 1) s.groups = 1;
    if (s.groups > 4) s.groups = 4;
    // Deep layers' weights come from memory: each of them should serve some tiles more than the cache would have it.
    if (inputChannels * outputChannels > 128 * 128 && s.groups < 4) s.groups = 4;
    return s;
}

size_t nct_winograd_group(size_t inputChannels, size_t outputChannels) {
    return shape_of(inputChannels, outputChannels).groups * TILE_ROWS;
}

size_t nct_winograd_scratch_count(size_t inputChannels, size_t outputChannels) {
    tile_shape s = shape_of(inputChannels, outputChannels);
    return s.groups * POSITIONS * (s.inputs + s.products) + POSITIONS * nct_padded_channels(inputChannels);
}

// The input transform of one tile into row `row` of a group.
INLINE void gather_tile(const nct_rows *map, size_t channels, size_t tileY, size_t tileX, float *border, float *out,
                        size_t stride) {
    const size_t width = map->width, height = map->height;
    const float *in = border;
    size_t rowStride = width * channels;
    const size_t top = 4 * tileY, left = 4 * tileX;  // of the tile's 6x6 inputs, plus one
    if (top >= 1 && left >= 1 && top + 5 <= height && left + 5 <= width) {
        in = map->values + ((top - 1 - map->firstRow) * width + left - 1) * channels;
    } else {
        rowStride = 6 * channels;
        for (size_t y = 0; y < 6; y++)
            for (size_t x = 0; x < 6; x++) {
                // Rows and columns before the first wrap around to huge numbers and are outside.
                size_t yy = top + y - 1, xx = left + x - 1;
                float *target = border + (6 * y + x) * channels;
                if (yy < height && xx < width) {
                    memcpy(target, map->values + ((yy - map->firstRow) * width + xx) * channels,
                           channels * sizeof(float));
                } else {
                    memset(target, 0, channels * sizeof(float));
                }
            }
    }
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES)
        transform_input(in + c, rowStride, channels, LANES, out + c * TILE_ROWS, stride);
    if (c < channels) transform_input(in + c, rowStride, channels, LANES / 2, out + c * TILE_ROWS, stride);
}

INLINE void scatter_tile(const nct_convolution *layer, const float *products, const tile_shape *s, size_t tileY,
                         size_t tileX, size_t width, size_t height, int pooling, float *out, size_t outFirstRow) {
    const size_t channels = layer->outputChannels;
    const size_t side = pooling ? 2 : 4;
    const size_t outWidth = pooling ? width / 2 : width, outHeight = pooling ? height / 2 : height;
    const size_t top = side * tileY, left = side * tileX;
    if (top >= outHeight || left >= outWidth) return;
    const size_t rows = outHeight - top < side ? outHeight - top : side;
    const size_t columns = outWidth - left < side ? outWidth - left : side;
    float *corner = out + ((top - outFirstRow) * outWidth + left) * channels;
    for (size_t panel = 0; panel < s->panels; panel++) {
        v16 result[16];
        transform_output(products + panel * TILE_ROWS * LANES, s->products, layer->bias + panel * LANES, pooling,
                         result);
        const size_t some = channels - panel * LANES < LANES ? channels - panel * LANES : LANES;
        for (size_t y = 0; y < rows; y++)
            for (size_t x = 0; x < columns; x++)
                STORE_SOME(corner + (y * outWidth + x) * channels + panel * LANES, result[y * side + x], some);
    }
}

INLINE void winograd_tiles(const nct_convolution *layer, const nct_rows *map, size_t firstTile, size_t count,
                           int pooling, float *scratch, float *out, size_t outFirstRow, size_t rows, size_t panelPair) {
    const tile_shape s = shape_of(layer->inputChannels, layer->outputChannels);
    const size_t across = (map->width + 3) / 4, tiles = s.groups * TILE_ROWS;
    float *inputs = scratch, *products = inputs + s.groups * POSITIONS * s.inputs;
    float *border = products + s.groups * POSITIONS * s.products;
    for (size_t start = 0; start < count; start += tiles) {
        const size_t here = count - start < tiles ? count - start : tiles;
        const size_t groups = (here + TILE_ROWS - 1) / TILE_ROWS;
        // Rows of the last group without a tile are multiplied like the others; what they hold must be numbers.
        if (here < groups * TILE_ROWS) {
            memset(inputs + (groups - 1) * POSITIONS * s.inputs, 0, POSITIONS * s.inputs * sizeof(float));
        }
        for (size_t i = 0; i < here; i++) {
            const size_t tile = firstTile + start + i;
            gather_tile(map, s.depth, tile / across, tile % across, border,
                        inputs + i / TILE_ROWS * POSITIONS * s.inputs + i % TILE_ROWS * LANES, s.inputs);
        }
        for (size_t position = 0; position < POSITIONS; position++) {
            const float *weights = layer->weights + position * s.panels * s.depth * LANES;
            size_t panel = 0;
            for (; panel + panelPair <= s.panels; panel += panelPair)
                for (size_t g = 0; g < groups; g++)
                    multiply(inputs + (g * POSITIONS + position) * s.inputs, weights + panel * s.depth * LANES, s.depth,
                             products + (g * POSITIONS + position) * s.products + panel * TILE_ROWS * LANES, rows,
                             panelPair);
            for (; panel < s.panels; panel++)
                for (size_t g = 0; g < groups; g++)
                    multiply(inputs + (g * POSITIONS + position) * s.inputs, weights + panel * s.depth * LANES, s.depth,
                             products + (g * POSITIONS + position) * s.products + panel * TILE_ROWS * LANES, rows, 1);
        }
        for (size_t i = 0; i < here; i++) {
            const size_t tile = firstTile + start + i;
            scatter_tile(layer, products + i / TILE_ROWS * POSITIONS * s.products + i % TILE_ROWS * LANES, &s,
                         tile / across, tile % across, map->width, map->height, pooling, out, outFirstRow);
        }
    }
}

size_t nct_direct_scratch_count(size_t inputChannels, size_t width) {
    return 3 * (width + 2 + TILE_ROWS) * inputChannels;
}

// `rows` pixels, of which `pixels` are stored, by `panels` panels.
INLINE void direct_pixels(const nct_convolution *layer, const float *in, size_t stride, size_t channels, size_t panel,
                          size_t pixels, float *out, size_t rows, size_t panels) {
    const size_t outputs = layer->outputChannels, panelStride = 9 * channels * LANES;
    v16 sums[TILE_ROWS][2];
    UNROLLED for (size_t r = 0; r < rows; r++)
        UNROLLED for (size_t p = 0; p < panels; p++) sums[r][p] = (v16){0};
    for (size_t ky = 0; ky < 3; ky++)
        ACCUMULATE(sums, rows, panels, in + ky * stride, channels,
                   layer->weights + panel * panelStride + ky * 3 * channels * LANES, panelStride, 3 * channels);
    UNROLLED for (size_t p = 0; p < panels; p++) {
        const v16 bias = LOAD16(layer->bias + (panel + p) * LANES), zero = {0};
        const size_t first = (panel + p) * LANES, some = outputs - first < LANES ? outputs - first : LANES;
        if (pixels == rows && some == LANES) {
            UNROLLED for (size_t r = 0; r < rows; r++)
                STORE16(out + r * outputs + first, MAXIMUM(sums[r][p] + bias, zero));
        } else {
            UNROLLED for (size_t r = 0; r < rows; r++)
                if (r < pixels) STORE_SOME(out + r * outputs + first, MAXIMUM(sums[r][p] + bias, zero), some);
        }
    }
}

INLINE void direct_rows(const nct_convolution *layer, const nct_rows *map, size_t y0, size_t y1, float *scratch,
                        float *out, size_t channels, size_t rows, size_t panelPair) {
    const size_t width = map->width, outputs = layer->outputChannels, panels = nct_padded_channels(outputs) / LANES;
    const size_t stride = (width + 2 + TILE_ROWS) * channels;
    memset(scratch, 0, 3 * stride * sizeof(float));
    for (size_t y = y0; y < y1; y++, out += width * outputs) {
        for (size_t ky = 0; ky < 3; ky++) {
            const size_t yy = y + ky - 1;
            float *target = scratch + ky * stride + channels;
            if (yy < map->height) {
                memcpy(target, map->values + (yy - map->firstRow) * width * channels, width * channels * sizeof(float));
            } else {
                memset(target, 0, width * channels * sizeof(float));
            }
        }
        for (size_t x = 0; x < width; x += rows) {
            const size_t pixels = width - x < rows ? width - x : rows;
            const float *in = scratch + x * channels;
            size_t panel = 0;
            for (; panel + panelPair <= panels; panel += panelPair)
                direct_pixels(layer, in, stride, channels, panel, pixels, out + x * outputs, rows, panelPair);
            for (; panel < panels; panel++)
                direct_pixels(layer, in, stride, channels, panel, pixels, out + x * outputs, rows, 1);
        }
    }
}

#define DEFINE_LEVEL(suffix, attributes, rows, panelPair)                                                            \
    attributes static void winograd_tiles_##suffix(const nct_convolution *layer, const nct_rows *map,                \
                                                   size_t firstTile, size_t count, int pooling, float *scratch,      \
                                                   float *out, size_t outFirstRow) {                                 \
        if (pooling) {                                                                                               \
            winograd_tiles(layer, map, firstTile, count, 1, scratch, out, outFirstRow, rows, panelPair);             \
        } else {                                                                                                     \
            winograd_tiles(layer, map, firstTile, count, 0, scratch, out, outFirstRow, rows, panelPair);             \
        }                                                                                                            \
    }                                                                                                                \
    attributes static void direct_rows_##suffix(const nct_convolution *layer, const nct_rows *map, size_t y0,        \
                                                size_t y1, float *scratch, float *out) {                             \
        if (layer->inputChannels == 3) {                                                                             \
            direct_rows(layer, map, y0, y1, scratch, out, 3, rows, panelPair);                                       \
        } else {                                                                                                     \
            direct_rows(layer, map, y0, y1, scratch, out, layer->inputChannels, rows, panelPair);                    \
        }                                                                                                            \
    }

LEVELS(DEFINE_LEVEL)

void nct_winograd_tiles(const nct_convolution *layer, const nct_rows *map, size_t firstTile, size_t count, int pooling,
                        float *scratch, float *out, size_t outFirstRow) {
    DISPATCH(winograd_tiles, layer, map, firstTile, count, pooling, scratch, out, outFirstRow);
}

void nct_direct_rows(const nct_convolution *layer, const nct_rows *map, size_t y0, size_t y1, float *scratch,
                     float *out) {
    DISPATCH(direct_rows, layer, map, y0, y1, scratch, out);
}
