// How the samples of a TIFF image lie and what they stand for; not part of the module's interface.
#pragma once

#include "tiff_client.h"

typedef struct tiff_layout {
    uint32_t width, height;
    uint16_t bits, samples, photometric, compression;
    nct_model model;
    int colors;       // of the samples are color: 1, 3 or 4 (or 1 is a palette's index)
    int order[4];     // which sample each color is
    int alpha;        // the sample that is alpha, -1 without
    bool associated;  // the colors are multiplied by alpha
    bool palette, separate, tiled;
    bool converted;                // libtiff makes 8-bit RGB of it
    uint16_t *red, *green, *blue;  // of a palette, borrowed from the handle
    int palette_shift;             // from its values to 8 bits
    uint32_t chunk_width, chunk_height;  // strips or tiles
    uint32_t chunk_samples;              // a pixel of a chunk: all, or 1 where the planes are separate
    uint64_t row_bytes;                  // of a chunk; 0 where they are converted
    int bits_out, channels;              // of the raster
} tiff_layout;

// Reads the directory at hand and refuses what is not supported, before anything is allocated for pixels.
//
// order: null, or which of three gray samples per pixel are red, green and blue.
nct_status nct_tiff_layout(TIFF *tiff, tiff_client *client, nct_limits limits, const int *order, tiff_layout *at);
