#include "tiff_client.h"

#include <stdlib.h>
#include <string.h>

// What libtiff may allocate at once beside the size of the file: tables of strips, JPEG and LZW states.
static const size_t OWN_ALLOCATION = (size_t)64 << 20;
// All strips or tiles together may have this size even where the image itself is much smaller.
static const uint64_t CHUNKS_FLOOR = (uint64_t)256 << 20;

// How the samples of the file lie, in chunks: strips or tiles.
typedef struct layout {
    uint32_t width, height;
    uint16_t bits, samples, photometric, compression;
    int colors;      // 1 or 3 of the samples are color (or 1 is a palette's index)
    int alpha;       // the sample that is alpha, -1 without
    bool associated; // the colors are multiplied by alpha
    bool palette, separate, tiled;
    uint16_t *red, *green, *blue;  // of a palette, borrowed from the handle
    int palette_shift;             // from its values to 8 bits
    uint32_t chunk_width, chunk_height;
    uint32_t chunk_samples;  // a pixel of a chunk: all, or 1 where the planes are separate
    uint64_t row_bytes;      // of a chunk
    int bits_out, channels;  // of the raster
} layout;

static bool reads_compression(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_JPEG:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_PACKBITS: return true;
    default: return false;
    }
}

// Palettes have 16 bits. Writers make them of 8 by v * 257 or v * 256, and some old ones leave the 8 bits as they are.
static int palette_shift(const layout *at) {
    for (unsigned i = 0; i < 1u << at->bits; i++) {
        if (at->red[i] > 255 || at->green[i] > 255 || at->blue[i] > 255) return 8;
    }
    return 0;
}

static nct_status read_colors(TIFF *tiff, tiff_client *client, layout *at) {
    switch (at->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK: at->colors = 1; break;
    case PHOTOMETRIC_RGB: at->colors = 3; break;
    case PHOTOMETRIC_YCBCR:
        if (at->compression != COMPRESSION_JPEG || at->separate) {
            return nct_tiff_fail(client, NCT_UNSUPPORTED, "YCbCr colors without JPEG compression");
        }
        // libtiff then hands out RGB at full resolution.
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        at->colors = 3;
        break;
    case PHOTOMETRIC_PALETTE:
        at->colors = 1;
        at->palette = true;
        if (at->samples != 1 || at->bits > 8) {
            return nct_tiff_fail(client, NCT_UNSUPPORTED, "a palette with %u samples of %u bits a pixel", at->samples,
                                 at->bits);
        }
        if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &at->red, &at->green, &at->blue)) {
            return nct_tiff_fail(client, NCT_CORRUPT, "the palette is missing");
        }
        at->palette_shift = palette_shift(at);
        break;
    case PHOTOMETRIC_SEPARATED: return nct_tiff_fail(client, NCT_UNSUPPORTED, "CMYK colors");
    default: return nct_tiff_fail(client, NCT_UNSUPPORTED, "photometric interpretation %u", at->photometric);
    }
    if (at->samples < at->colors) {
        return nct_tiff_fail(client, NCT_CORRUPT, "%u samples a pixel are too few for the colors", at->samples);
    }
    return NCT_OK;
}

static void read_extra_samples(TIFF *tiff, nct_raster *raster, layout *at) {
    uint16_t count = 0, *kinds = NULL;
    at->alpha = -1;
    if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds)) count = 0;
    for (uint16_t i = 0; i < count && at->colors + i < at->samples && at->alpha < 0; i++) {
        if (kinds[i] != EXTRASAMPLE_ASSOCALPHA && kinds[i] != EXTRASAMPLE_UNASSALPHA) continue;
        at->alpha = at->colors + i;
        at->associated = kinds[i] == EXTRASAMPLE_ASSOCALPHA;
    }
    if (at->samples > at->colors + (at->alpha >= 0 ? 1 : 0)) {
        nct_add_warning(raster, "extra channels that are neither color nor alpha were ignored");
    }
}

static nct_status read_chunk_size(TIFF *tiff, tiff_client *client, layout *at) {
    at->tiled = TIFFIsTiled(tiff);
    at->chunk_width = at->width;
    if (at->tiled) {
        if (!TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &at->chunk_width) ||
            !TIFFGetField(tiff, TIFFTAG_TILELENGTH, &at->chunk_height)) {
            return nct_tiff_fail(client, NCT_CORRUPT, "the size of the tiles is missing");
        }
    } else {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &at->chunk_height);
        if (at->chunk_height > at->height) at->chunk_height = at->height;
    }
    if (at->chunk_width == 0 || at->chunk_height == 0) {
        return nct_tiff_fail(client, NCT_CORRUPT, "%s of %u x %u pixels", at->tiled ? "tiles" : "strips",
                             at->chunk_width, at->chunk_height);
    }
    at->chunk_samples = at->separate ? 1 : at->samples;
    at->row_bytes = ((uint64_t)at->chunk_width * at->chunk_samples * at->bits + 7) / 8;
    uint64_t image = (uint64_t)at->width * at->height * (uint64_t)(at->channels * at->bits_out / 8);
    uint64_t room = 4 * image > CHUNKS_FLOOR ? 4 * image : CHUNKS_FLOOR;
    const uint64_t factors[] = {at->row_bytes, at->chunk_height, ((uint64_t)at->width - 1) / at->chunk_width + 1,
                                ((uint64_t)at->height - 1) / at->chunk_height + 1};
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) room /= factors[i];
    if (room == 0) {
        return nct_tiff_fail(client, NCT_TOO_LARGE, "%s of %u x %u pixels of %u samples",
                             at->tiled ? "tiles" : "strips", at->chunk_width, at->chunk_height, at->chunk_samples);
    }
    uint64_t size = at->tiled ? TIFFTileSize64(tiff) : TIFFVStripSize64(tiff, at->chunk_height);
    if (size != at->row_bytes * at->chunk_height) {
        return nct_tiff_fail(client, NCT_CORRUPT, "the sizes in the directory contradict each other");
    }
    return NCT_OK;
}

// Reads the directory and refuses what is not supported, before anything is allocated for pixels.
static nct_status read_layout(TIFF *tiff, tiff_client *client, nct_limits limits, layout *at) {
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &at->width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &at->height);
    nct_status status = nct_check_size(client->raster, at->width, at->height, limits);
    if (status != NCT_OK) return client->status = status;
    uint16_t planar = PLANARCONFIG_CONTIG, format = SAMPLEFORMAT_UINT;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &at->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &at->samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &at->compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    at->separate = planar == PLANARCONFIG_SEPARATE && at->samples > 1;
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &at->photometric)) {
        if (at->samples != 3 || at->bits != 8) {
            return nct_tiff_fail(client, NCT_CORRUPT, "the photometric interpretation is missing");
        }
        at->photometric = PHOTOMETRIC_RGB;
        nct_add_warning(client->raster, "the photometric interpretation is missing; three samples of 8 bits are taken for RGB");
    }
    if (!reads_compression(at->compression)) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "compression scheme %u", at->compression);
    }
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "samples that are not unsigned integers");
    }
    bool small = at->bits == 1 || at->bits == 2 || at->bits == 4;
    if (at->bits != 8 && at->bits != 16 && !(small && at->samples == 1)) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "%u samples of %u bits a pixel", at->samples, at->bits);
    }
    if (at->compression == COMPRESSION_JPEG && at->bits != 8) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "JPEG compression of %u bits", at->bits);
    }
    if (read_colors(tiff, client, at) != NCT_OK) return client->status;
    read_extra_samples(tiff, client->raster, at);
    at->bits_out = at->bits == 16 ? 16 : 8;
    at->channels = (at->palette ? 3 : at->colors) + (at->alpha >= 0 ? 1 : 0);
    return read_chunk_size(tiff, client, at);
}

// The planes to read: one that holds all samples, or those of the colors and alpha, in the raster's order.
static int plane_count(const layout *at) { return at->separate ? at->channels : 1; }

static uint16_t plane_sample(const layout *at, int plane) {
    return (uint16_t)(plane < at->colors ? plane : at->alpha);
}

typedef nct_status (*chunk_visitor)(TIFF *tiff, tiff_client *client, const layout *at, int plane, uint32_t x,
                                    uint32_t y, uint8_t *buffer);

static nct_status visit_chunks(TIFF *tiff, tiff_client *client, const layout *at, uint8_t *buffer,
                               chunk_visitor visit) {
    for (int plane = 0; plane < plane_count(at); plane++) {
        for (uint64_t y = 0; y < at->height; y += at->chunk_height) {
            for (uint64_t x = 0; x < at->width; x += at->chunk_width) {
                if (visit(tiff, client, at, plane, (uint32_t)x, (uint32_t)y, buffer) != NCT_OK) return client->status;
            }
        }
    }
    return client->status;
}

static uint32_t chunk_index(TIFF *tiff, const layout *at, int plane, uint32_t x, uint32_t y) {
    uint16_t sample = at->separate ? plane_sample(at, plane) : 0;
    return at->tiled ? TIFFComputeTile(tiff, x, y, 0, sample) : TIFFComputeStrip(tiff, y, sample);
}

// Rows that a chunk stores: all of a tile, those of a strip that are in the image.
static uint32_t stored_rows(const layout *at, uint32_t y) {
    return at->tiled || at->height - y > at->chunk_height ? at->chunk_height : at->height - y;
}

static nct_status check_chunk(TIFF *tiff, tiff_client *client, const layout *at, int plane, uint32_t x, uint32_t y,
                              uint8_t *buffer) {
    (void)buffer;
    const char *kind = at->tiled ? "tile" : "strip";
    uint32_t index = chunk_index(tiff, at, plane, x, y);
    if (index >= (at->tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff))) {
        return nct_tiff_fail(client, NCT_CORRUPT, "%s %u is missing", kind, index);
    }
    uint64_t offset = TIFFGetStrileOffset(tiff, index), count = TIFFGetStrileByteCount(tiff, index);
    if (client->status != NCT_OK) return client->status;
    if (count == 0 || offset == 0) return nct_tiff_fail(client, NCT_CORRUPT, "%s %u is missing", kind, index);
    if (offset > client->count || count > client->count - offset) {
        return nct_tiff_fail(client, NCT_TRUNCATED, "%s %u ends beyond the file", kind, index);
    }
    if (at->compression == COMPRESSION_NONE && count < at->row_bytes * stored_rows(at, y)) {
        return nct_tiff_fail(client, NCT_CORRUPT, "%s %u is too short for its pixels", kind, index);
    }
    return NCT_OK;
}

// Copies count samples, which lie in_step and out_step samples apart.
static void copy_samples(const uint8_t *in, size_t in_step, uint8_t *out, size_t out_step, size_t count, int bits) {
    if (bits == 8) {
        for (size_t i = 0; i < count; i++) out[i * out_step] = in[i * in_step];
        return;
    }
    const uint16_t *wide_in = (const uint16_t *)in;
    uint16_t *wide_out = (uint16_t *)out;
    for (size_t i = 0; i < count; i++) wide_out[i * out_step] = wide_in[i * in_step];
}

// Sample number i of a row of 1, 2, 4 or 8-bit samples.
static unsigned packed_sample(const uint8_t *row, size_t i, unsigned bits) {
    size_t bit = i * bits;
    return (unsigned)row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
}

static void place_row(const layout *at, int plane, const uint8_t *in, uint8_t *out, uint32_t count) {
    if (at->palette) {
        for (uint32_t i = 0; i < count; i++, out += 3) {
            unsigned index = packed_sample(in, i, at->bits);
            out[0] = (uint8_t)(at->red[index] >> at->palette_shift);
            out[1] = (uint8_t)(at->green[index] >> at->palette_shift);
            out[2] = (uint8_t)(at->blue[index] >> at->palette_shift);
        }
    } else if (at->bits < 8) {
        unsigned scale = 255 / ((1u << at->bits) - 1);
        for (uint32_t i = 0; i < count; i++) out[i] = (uint8_t)(packed_sample(in, i, at->bits) * scale);
    } else if (at->separate) {
        copy_samples(in, 1, out + plane * (at->bits / 8), (size_t)at->channels, count, at->bits);
    } else if (at->samples == at->channels) {
        memcpy(out, in, (size_t)count * at->samples * (at->bits / 8));
    } else {
        for (int c = 0; c < at->channels; c++) {
            copy_samples(in + plane_sample(at, c) * (at->bits / 8), at->samples, out + c * (at->bits / 8),
                         (size_t)at->channels, count, at->bits);
        }
    }
}

static nct_status read_chunk(TIFF *tiff, tiff_client *client, const layout *at, int plane, uint32_t x, uint32_t y,
                             uint8_t *buffer) {
    nct_raster *raster = client->raster;
    uint32_t index = chunk_index(tiff, at, plane, x, y), rows = stored_rows(at, y);
    tmsize_t size = (tmsize_t)(at->row_bytes * rows);
    memset(buffer, 0, (size_t)size);
    tmsize_t got = at->tiled ? TIFFReadEncodedTile(tiff, index, buffer, size)
                             : TIFFReadEncodedStrip(tiff, index, buffer, size);
    if (client->status != NCT_OK) return client->status;
    if (got != size) {
        return nct_tiff_fail(client, NCT_CORRUPT, "%s %u cannot be decoded", at->tiled ? "tile" : "strip", index);
    }
    uint32_t columns = at->width - x < at->chunk_width ? at->width - x : at->chunk_width;
    if (rows > at->height - y) rows = at->height - y;
    size_t pixel = (size_t)at->channels * (size_t)(at->bits_out / 8);
    for (uint32_t row = 0; row < rows; row++) {
        uint8_t *out = (uint8_t *)raster->pixels + (((size_t)y + row) * at->width + x) * pixel;
        place_row(at, plane, buffer + row * at->row_bytes, out, columns);
    }
    return NCT_OK;
}

#define NCT_DEFINE_FINISH(NAME, TYPE, TOP)                                                                            \
    static void NAME(const layout *at, TYPE *pixels, size_t count) {                                                   \
        int colors = at->channels - (at->alpha >= 0 ? 1 : 0);                                                          \
        bool invert = at->photometric == PHOTOMETRIC_MINISWHITE;                                                       \
        for (size_t i = 0; i < count; i++, pixels += at->channels) {                                                   \
            uint64_t alpha = at->associated ? pixels[colors] : TOP;                                                    \
            for (int c = 0; c < colors; c++) {                                                                         \
                uint64_t value = alpha == 0 ? 0 : ((uint64_t)pixels[c] * TOP + alpha / 2) / alpha;                     \
                if (value > TOP) value = TOP;                                                                          \
                pixels[c] = (TYPE)(invert ? TOP - value : value);                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

NCT_DEFINE_FINISH(finish8, uint8_t, 255)
NCT_DEFINE_FINISH(finish16, uint16_t, 65535)

// Divides associated alpha out of the colors and turns white-is-zero around.
static void finish(const layout *at, nct_raster *raster) {
    if (!at->associated && at->photometric != PHOTOMETRIC_MINISWHITE) return;
    size_t count = (size_t)raster->width * raster->height;
    if (raster->bits == 16) {
        finish16(at, raster->pixels, count);
    } else {
        finish8(at, raster->pixels, count);
    }
}

// The first image is read; that others are not must not pass in silence.
static void remark_on_images(TIFF *tiff, nct_raster *raster) {
    uint32_t kind = 0;
    if (TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind) && (kind & FILETYPE_REDUCEDIMAGE) != 0) {
        nct_add_warning(raster, "the first image says that it is another one made smaller; it was read, so export the other alone");
    }
    if (!TIFFLastDirectory(tiff)) {
        nct_add_warning(raster, "the file says that it holds further images (pages, channels, layers); only the first was read");
    }
}

static nct_status decode(TIFF *tiff, tiff_client *client, nct_limits limits) {
    nct_raster *raster = client->raster;
    layout at = {0};
    if (read_layout(tiff, client, limits, &at) != NCT_OK) return client->status;
    if (visit_chunks(tiff, client, &at, NULL, check_chunk) != NCT_OK) return client->status;
    nct_status status = nct_raster_allocate(raster, at.width, at.height, at.bits_out, at.channels, limits);
    uint8_t *buffer = status == NCT_OK ? malloc((size_t)(at.row_bytes * at.chunk_height)) : NULL;
    if (buffer == NULL) return nct_tiff_fail(client, status == NCT_OK ? NCT_NO_MEMORY : status, "out of memory");
    raster->file_channels = at.palette ? 3 : at.samples;
    visit_chunks(tiff, client, &at, buffer, read_chunk);
    free(buffer);
    if (client->status != NCT_OK) return client->status;
    finish(&at, raster);
    remark_on_images(tiff, raster);
    uint32_t icc_count = 0;
    const void *icc = NULL;
    if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &icc_count, &icc)) {
        raster->icc = nct_copy(icc, icc_count);
        raster->icc_count = raster->icc != NULL ? icc_count : 0;
    }
    return NCT_OK;
}

nct_status nct_tiff_decode(const uint8_t *bytes, size_t count, nct_limits limits, nct_raster *raster) {
    tiff_client client = {.bytes = bytes, .count = count, .raster = raster, .message = raster->message};
    TIFF *tiff = nct_tiff_open(&client, "r", count + OWN_ALLOCATION);
    if (tiff == NULL) return client.status;
    // libtiff goes on after some errors in the directory without a tag that places the pixels.
    if (client.status == NCT_OK) decode(tiff, &client, limits);
    TIFFClose(tiff);
    return client.status;
}
