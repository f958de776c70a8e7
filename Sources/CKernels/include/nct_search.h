// PatchMatch and the bidirectional vote over maps of 8-bit features.
//
// A map is padded by one pixel on every side: height + 2 rows of `stride` pixels, `dimensions` values per pixel,
// channels innermost. The pixel (x, y) of the unpadded map is the pixel (x + 1, y + 1) of the padded one, so its 3x3
// patch starts at the padded pixel (x, y). Values lie within +-NCT_QUANTIZATION_LIMIT, so that a patch distance of up
// to NCT_MAX_DIMENSIONS values per pixel fits 32 bits.
//
// A target may hold several references side by side in one map: `columnHeights[x]` is the number of rows that are
// valid at column x (0 for the gaps between references). A position is packed as y << 16 | x.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define NCT_QUANTIZATION_LIMIT 127
#define NCT_MAX_DIMENSIONS 96
_Static_assert(9ull * NCT_MAX_DIMENSIONS * 4 * NCT_QUANTIZATION_LIMIT * NCT_QUANTIZATION_LIMIT < 4294967295ull,
               "a patch distance must fit 32 bits");

typedef struct {
    const int8_t *values;
    size_t stride;                  // pixels a padded row
    size_t width, height;           // unpadded; the greatest height if several references stand side by side
    const uint16_t *columnHeights;  // `width` entries
    const uint16_t *columns;        // the `columnCount` columns that are valid at all
    size_t columnCount;
    size_t dimensions;              // a multiple of 8
    size_t components, labels;      // of the dimensions: features, then one for each label
    const uint32_t *cellStarts;     // NCT_CELLS a label + 1 offsets into `cellEntries`, by nct_cell_lists
    const uint32_t *cellEntries;    // the valid positions, by cell, in order
} nct_map;

/// Cells that the first three components of pixels of one label fall into. Pixels of one cell are alike: random search
/// looks among them first.
#define NCT_CELLS 4096

/// The cell of every pixel in rows y0...y1-1; UINT32_MAX where the map holds nothing.
void nct_cells(const nct_map *map, size_t y0, size_t y1, uint32_t *cells);
/// Sorts positions by cell: `cellCount` + 1 starts, and as many entries as there are valid pixels.
void nct_cell_lists(const uint32_t *cells, size_t width, size_t height, size_t cellCount, uint32_t *starts,
                    uint32_t *entries);

/// Squared distance of two 3x3 patches.
uint32_t nct_patch_distance(const nct_map *a, size_t ax, size_t ay, const nct_map *b, size_t bx, size_t by);

/// Computes the distances of a given field's rows y0...y1-1; invalid positions are replaced by
/// random ones of the pixel's cell, or of all where the cell is empty.
void nct_field_distances(const nct_map *source, const nct_map *target, uint64_t seed, size_t y0, size_t y1,
                         uint32_t *field, uint32_t *distances);

/// One PatchMatch pass (row by row propagation, then random search) over rows y0...y1-1, in scan order or, if
/// `backward`, against it; one of each tries all radii of the random search. Neighbors outside of the rows are read
/// from `before`, the field as it was when the pass began, so that strips of rows can run in any order. Exact integer
/// arithmetic: the same on every processor.
void nct_patchmatch_strip(const nct_map *source, const nct_map *target, uint64_t seed, int backward,
                          size_t y0, size_t y1, const uint32_t *before, uint32_t *field, uint32_t *distances);

/// Offers a field's matches to the field that goes the other way, where they end in rows y0...y1-1 of the target: the
/// distance of two patches is the same both ways, so this costs no patch. The first of the nearest wins.
void nct_field_exchange(const nct_map *source, const nct_map *target, const uint32_t *field, const uint32_t *distances,
                        size_t y0, size_t y1, uint32_t *reverse, uint32_t *reverseDistances);

typedef struct {
    const nct_map *source;       // S
    const nct_map *target;       // R (the references)
    const float *targetColors;   // padded like the target's map, 3 a pixel
    const uint32_t *field;       // S to R, at S's pixels; invalid entries do not occur
    const uint32_t *reverseStart;  // width * height + 1 offsets into `reverse`, by S's pixel
    const uint32_t *reverse;     // positions in R whose match is that pixel
    float reverseWeight;
} nct_vote_input;

/// The bidirectional vote for rows y0...y1-1: `colors` 3 a pixel; `errors` the squared distance between the voted
/// features and S's own, in squared quantization steps.
void nct_vote(const nct_vote_input *input, size_t y0, size_t y1, float *colors, float *errors);
