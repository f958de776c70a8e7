#include "tiff_layout.h"

#include <stdlib.h>
#include <string.h>

// The planes to read: one that holds all samples, or those of the colors and alpha, in the raster's order.
static int plane_count(const tiff_layout *at) { return at->separate ? at->channels : 1; }

static uint16_t plane_sample(const tiff_layout *at, int plane) {
    return (uint16_t)(plane < at->colors ? at->order[plane] : at->alpha);
}

typedef nct_status (*chunk_visitor)(TIFF *tiff, tiff_client *client, const tiff_layout *at, int plane, uint32_t x,
                                    uint32_t y, uint8_t *buffer);

static nct_status visit_chunks(TIFF *tiff, tiff_client *client, const tiff_layout *at, uint8_t *buffer,
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

static uint32_t chunk_index(TIFF *tiff, const tiff_layout *at, int plane, uint32_t x, uint32_t y) {
    uint16_t sample = at->separate ? plane_sample(at, plane) : 0;
    return at->tiled ? TIFFComputeTile(tiff, x, y, 0, sample) : TIFFComputeStrip(tiff, y, sample);
}

// Rows that a chunk stores: all of a tile, those of a strip that are in the image.
static uint32_t stored_rows(const tiff_layout *at, uint32_t y) {
    return at->tiled || at->height - y > at->chunk_height ? at->chunk_height : at->height - y;
}

static nct_status check_chunk(TIFF *tiff, tiff_client *client, const tiff_layout *at, int plane, uint32_t x, uint32_t y,
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

// Sample number i of a row of samples of 1 to 16 bits, the high bit first.
static uint32_t packed_sample(const uint8_t *row, size_t i, unsigned bits) {
    size_t bit = i * bits;
    uint32_t value = 0;
    for (unsigned left = bits; left > 0;) {
        unsigned offset = bit % 8, taken = 8 - offset < left ? 8 - offset : left;
        value = value << taken | (((uint32_t)row[bit / 8] >> (8 - offset - taken)) & ((1u << taken) - 1));
        bit += taken;
        left -= taken;
    }
    return value;
}

// Samples that fill no whole bytes, brought to 8 or 16 bits.
static void unpack_samples(const tiff_layout *at, const uint8_t *in, size_t first, size_t in_step, uint8_t *out,
                           size_t out_step, size_t count) {
    uint32_t top = (1u << at->bits) - 1, full = at->bits_out == 16 ? 65535 : 255;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = (packed_sample(in, first + i * in_step, at->bits) * full + top / 2) / top;
        if (at->bits_out == 16) {
            ((uint16_t *)out)[i * out_step] = (uint16_t)value;
        } else {
            out[i * out_step] = (uint8_t)value;
        }
    }
}

static bool is_dense(const tiff_layout *at) {
    for (int c = 0; c < at->channels; c++) {
        if (plane_sample(at, c) != c) return false;
    }
    return at->samples == at->channels;
}

static void place_row(const tiff_layout *at, int plane, const uint8_t *in, uint8_t *out, uint32_t count) {
    size_t channels = (size_t)at->channels, size = (size_t)at->bits_out / 8;
    bool is_packed = at->bits != 8 && at->bits != 16;
    if (at->palette) {
        for (uint32_t i = 0; i < count; i++, out += 3) {
            unsigned index = packed_sample(in, i, at->bits);
            out[0] = (uint8_t)(at->red[index] >> at->palette_shift);
            out[1] = (uint8_t)(at->green[index] >> at->palette_shift);
            out[2] = (uint8_t)(at->blue[index] >> at->palette_shift);
        }
    } else if (at->separate) {
        out += (size_t)plane * size;
        if (is_packed) {
            unpack_samples(at, in, 0, 1, out, channels, count);
        } else {
            copy_samples(in, 1, out, channels, count, at->bits);
        }
    } else if (is_packed) {
        for (int c = 0; c < at->channels; c++) {
            unpack_samples(at, in, plane_sample(at, c), at->samples, out + (size_t)c * size, channels, count);
        }
    } else if (is_dense(at)) {
        memcpy(out, in, (size_t)count * channels * size);
    } else {
        for (int c = 0; c < at->channels; c++) {
            copy_samples(in + plane_sample(at, c) * size, at->samples, out + (size_t)c * size, channels, count, at->bits);
        }
    }
}

static nct_status read_chunk(TIFF *tiff, tiff_client *client, const tiff_layout *at, int plane, uint32_t x, uint32_t y,
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
    static void NAME(const tiff_layout *at, TYPE *pixels, size_t count) {                                              \
        int colors = at->channels - (at->alpha >= 0 ? 1 : 0);                                                          \
        bool invert = at->photometric == PHOTOMETRIC_MINISWHITE, divides = false;                                      \
        for (size_t i = 0; at->associated && i < count && !divides; i++) {                                             \
            divides = pixels[i * (size_t)at->channels + (size_t)colors] != 0;                                          \
        }                                                                                                              \
        for (size_t i = 0; i < count; i++, pixels += at->channels) {                                                   \
            uint64_t alpha = divides ? pixels[colors] : TOP;                                                           \
            for (int c = 0; c < colors; c++) {                                                                         \
                uint64_t value = alpha == 0 ? 0 : ((uint64_t)pixels[c] * TOP + alpha / 2) / alpha;                     \
                if (value > TOP) value = TOP;                                                                          \
                pixels[c] = (TYPE)(invert ? TOP - value : value);                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

NCT_DEFINE_FINISH(finish8, uint8_t, 255)
NCT_DEFINE_FINISH(finish16, uint16_t, 65535)

// CIELAB has signed a* and b*, 100 of L* is all bits; profiles of version 2 have 128 for 0, and 0xff00 for 100.
static void finish_lab(nct_raster *raster) {
    size_t count = (size_t)raster->width * raster->height;
    if (raster->bits == 8) {
        uint8_t *at = raster->pixels;
        for (size_t i = 0; i < count; i++, at += 3) at[1] ^= 0x80, at[2] ^= 0x80;
        return;
    }
    uint16_t *at = raster->pixels;
    for (size_t i = 0; i < count; i++, at += 3) {
        at[0] = (uint16_t)(((uint32_t)at[0] * 0xff00u + 32767) / 65535);
        at[1] ^= 0x8000, at[2] ^= 0x8000;
    }
}

// Divides associated alpha out of the colors, unless it is 0 everywhere and so cannot be meant, turns white-is-zero
// around, and brings CIELAB into the form of profiles.
static void finish(const tiff_layout *at, nct_raster *raster) {
    if (at->photometric == PHOTOMETRIC_CIELAB) finish_lab(raster);
    if (!at->associated && at->photometric != PHOTOMETRIC_MINISWHITE) return;
    size_t count = (size_t)raster->width * raster->height;
    if (raster->bits == 16) {
        finish16(at, raster->pixels, count);
    } else {
        finish8(at, raster->pixels, count);
    }
}

// What libtiff makes RGB of: YCbCr with subsampling that no JPEG decoder undoes.
static nct_status read_converted(TIFF *tiff, tiff_client *client) {
    nct_raster *raster = client->raster;
    TIFFRGBAImage image;
    char words[1024] = "";
    if (!TIFFRGBAImageBegin(&image, tiff, 1, words)) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "%.200s", words);
    }
    size_t count = (size_t)raster->width * raster->height;
    uint32_t *packed = malloc(count * sizeof *packed);
    // Whoever turns the picture upright does so later.
    image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;
    if (packed == NULL) {
        nct_tiff_fail(client, NCT_NO_MEMORY, "out of memory");
    } else if (!TIFFRGBAImageGet(&image, packed, raster->width, raster->height)) {
        nct_tiff_fail(client, NCT_CORRUPT, "the colors cannot be decoded");
    }
    uint8_t *out = raster->pixels;
    for (size_t i = 0; client->status == NCT_OK && i < count; i++, out += 3) {
        out[0] = (uint8_t)TIFFGetR(packed[i]);
        out[1] = (uint8_t)TIFFGetG(packed[i]);
        out[2] = (uint8_t)TIFFGetB(packed[i]);
    }
    free(packed);
    TIFFRGBAImageEnd(&image);
    return client->status;
}

static void keep_metadata(TIFF *tiff, nct_raster *raster) {
    uint32_t icc_count = 0;
    const void *icc = NULL;
    if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &icc_count, &icc)) {
        raster->icc = nct_copy(icc, icc_count);
        raster->icc_count = raster->icc != NULL ? icc_count : 0;
    }
    float *white = NULL, *primaries = NULL;
    if (TIFFGetField(tiff, TIFFTAG_WHITEPOINT, &white) && TIFFGetField(tiff, TIFFTAG_PRIMARYCHROMATICITIES, &primaries)) {
        for (int i = 0; i < 8; i++) raster->chromaticities[i] = (double)(i < 2 ? white[i] : primaries[i - 2]);
    }
    uint16_t greatest = 0;
    if (TIFFGetField(tiff, TIFFTAG_MAXSAMPLEVALUE, &greatest)) {
        for (int bits = 8; bits < 16; bits++) {
            if (greatest == (1u << bits) - 1) raster->sample_bits = bits;
        }
    }
}

static nct_status decode(TIFF *tiff, tiff_client *client, nct_limits limits, const int *order) {
    nct_raster *raster = client->raster;
    tiff_layout at = {0};
    if (nct_tiff_layout(tiff, client, limits, order, &at) != NCT_OK) return client->status;
    if (visit_chunks(tiff, client, &at, NULL, check_chunk) != NCT_OK) return client->status;
    nct_status status = nct_raster_allocate(raster, at.width, at.height, at.bits_out, at.model, at.alpha >= 0, limits);
    if (status != NCT_OK) return nct_tiff_fail(client, status, "out of memory");
    raster->file_channels = at.palette ? 3 : at.samples;
    if (at.converted) {
        read_converted(tiff, client);
    } else {
        uint8_t *buffer = malloc((size_t)(at.row_bytes * at.chunk_height));
        if (buffer == NULL) return nct_tiff_fail(client, NCT_NO_MEMORY, "out of memory");
        visit_chunks(tiff, client, &at, buffer, read_chunk);
        free(buffer);
    }
    if (client->status != NCT_OK) return client->status;
    finish(&at, raster);
    keep_metadata(tiff, raster);
    if (at.bits < 16 && at.bits > 8) raster->sample_bits = 16;  // they are unpacked to all of them
    return NCT_OK;
}

static nct_status decode_at(const uint8_t *bytes, size_t count, nct_limits limits, uint64_t directory,
                            const int *order, nct_raster *raster) {
    tiff_client client = {.bytes = bytes, .count = count, .raster = raster, .message = raster->message};
    TIFF *tiff = nct_tiff_open(&client, "r", count + NCT_TIFF_OWN_ALLOCATION);
    if (tiff == NULL) return client.status;
    if (client.status == NCT_OK && directory != 0 && directory != TIFFCurrentDirOffset(tiff)) {
        client.opening = true;
        if (!TIFFSetSubDirectory(tiff, directory)) nct_tiff_fail(&client, NCT_CORRUPT, "a directory cannot be read");
        client.opening = false;
    }
    // libtiff goes on after some errors in the directory without a tag that places the pixels.
    if (client.status == NCT_OK) decode(tiff, &client, limits, order);
    TIFFClose(tiff);
    return client.status;
}

#define NCT_DEFINE_INTERLEAVE(NAME, TYPE)                                                                             \
    static void NAME(const TYPE *in, TYPE *out, size_t count) {                                                        \
        for (size_t i = 0; i < count; i++) out[3 * i] = in[i];                                                         \
    }

NCT_DEFINE_INTERLEAVE(interleave8, uint8_t)
NCT_DEFINE_INTERLEAVE(interleave16, uint16_t)

// Three gray images as red, green and blue.
static nct_status compose(const uint8_t *bytes, size_t count, nct_limits limits, const uint64_t *directories,
                          nct_raster *raster) {
    for (int c = 0; c < 3; c++) {
        nct_raster plane;
        nct_raster_init(&plane);
        nct_status status = decode_at(bytes, count, limits, directories[c], NULL, &plane);
        if (status == NCT_OK && (plane.channels != 1 || (c > 0 && (plane.width != raster->width || plane.bits != raster->bits ||
                                                                   plane.height != raster->height)))) {
            nct_set_message(plane.message, "the images of the three channels differ in kind");
            status = NCT_UNSUPPORTED;
        }
        if (status == NCT_OK && c == 0) {
            status = nct_raster_allocate(raster, plane.width, plane.height, plane.bits, NCT_RGB, false, limits);
            raster->file_channels = 3;
            raster->sample_bits = plane.sample_bits;
        }
        size_t pixels = (size_t)plane.width * plane.height;
        if (status == NCT_OK && plane.bits == 16) {
            interleave16(plane.pixels, (uint16_t *)raster->pixels + c, pixels);
        } else if (status == NCT_OK) {
            interleave8(plane.pixels, (uint8_t *)raster->pixels + c, pixels);
        }
        if (status != NCT_OK) memcpy(raster->message, plane.message, sizeof raster->message);
        nct_raster_free(&plane);
        if (status != NCT_OK) return status;
    }
    return NCT_OK;
}

nct_status nct_tiff_decode(const uint8_t *bytes, size_t count, nct_limits limits, const uint64_t *directories,
                           int directory_count, nct_raster *raster) {
    if (directory_count == 3) return compose(bytes, count, limits, directories, raster);
    return decode_at(bytes, count, limits, directory_count > 0 ? directories[0] : 0, NULL, raster);
}

nct_status nct_tiff_decode_channels(const uint8_t *bytes, size_t count, nct_limits limits, uint64_t directory,
                                    const int order[3], nct_raster *raster) {
    return decode_at(bytes, count, limits, directory, order, raster);
}
