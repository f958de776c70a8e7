#include "tiff_layout.h"

#include <stdlib.h>
#include <string.h>

// All strips or tiles together may have this size even where the image itself is much smaller.
static const uint64_t CHUNKS_FLOOR = (uint64_t)256 << 20;

static bool reads_compression(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_JPEG:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_PACKBITS:
    case COMPRESSION_LZMA:
    case COMPRESSION_ZSTD:
    case COMPRESSION_WEBP: return TIFFIsCODECConfigured(compression) != 0;
    default: return false;
    }
}

// The name of what is not read, for those who have to export it anew.
static const char *compression_name(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4: return ", a fax";
    case COMPRESSION_OJPEG: return ", JPEG of the old kind";
    case 33003:
    case 33004:
    case 33005:
    case 34712: return ", JPEG 2000";
    case COMPRESSION_LZMA: return ", LZMA";
    case COMPRESSION_ZSTD: return ", Zstandard";
    case COMPRESSION_WEBP: return ", WebP";
    case 50002: return ", JPEG XL";
    default: return "";
    }
}

// Palettes have 16 bits. Writers make them of 8 by v * 257 or v * 256, and some old ones leave the 8 bits as they are.
static int palette_shift(const tiff_layout *at) {
    for (unsigned i = 0; i < 1u << at->bits; i++) {
        if (at->red[i] > 255 || at->green[i] > 255 || at->blue[i] > 255) return 8;
    }
    return 0;
}

static nct_status read_palette(TIFF *tiff, tiff_client *client, tiff_layout *at) {
    at->colors = 1;
    at->model = NCT_RGB;
    at->palette = true;
    if (at->samples != 1 || at->bits > 8) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "a palette with %u samples of %u bits a pixel", at->samples,
                             at->bits);
    }
    if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &at->red, &at->green, &at->blue)) {
        return nct_tiff_fail(client, NCT_CORRUPT, "the palette is missing");
    }
    at->palette_shift = palette_shift(at);
    return NCT_OK;
}

// What the photometric interpretation makes of the samples.
static nct_status read_colors(TIFF *tiff, tiff_client *client, const int *order, tiff_layout *at) {
    at->colors = 3;
    at->model = NCT_RGB;
    for (int i = 0; i < 4; i++) at->order[i] = i;
    switch (at->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        if (order == NULL) {
            at->colors = 1;
            at->model = NCT_GRAY;
        } else {
            for (int i = 0; i < 3; i++) at->order[i] = order[i];
        }
        break;
    case PHOTOMETRIC_RGB: break;
    case PHOTOMETRIC_YCBCR:
        if (at->compression == COMPRESSION_WEBP) break;  // its own conversion
        at->converted = at->compression != COMPRESSION_JPEG || at->separate;
        if (at->converted && (at->bits != 8 || at->samples != 3)) {
            return nct_tiff_fail(client, NCT_UNSUPPORTED, "YCbCr colors of %u samples of %u bits", at->samples,
                                 at->bits);
        }
        // libtiff then hands out RGB at full resolution.
        if (!at->converted) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        break;
    case PHOTOMETRIC_PALETTE: return read_palette(tiff, client, at);
    case PHOTOMETRIC_SEPARATED: {
        uint16_t inks = INKSET_CMYK;
        TIFFGetFieldDefaulted(tiff, TIFFTAG_INKSET, &inks);
        if (inks != INKSET_CMYK || at->samples < 4) {
            return nct_tiff_fail(client, NCT_UNSUPPORTED, "%u inks that are not cyan, magenta, yellow and black",
                                 at->samples);
        }
        at->colors = 4;
        at->model = NCT_CMYK;
        break;
    }
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
        if (at->bits != 8 && at->bits != 16) {
            return nct_tiff_fail(client, NCT_UNSUPPORTED, "CIELAB colors of %u bits", at->bits);
        }
        at->model = NCT_LAB;
        break;
    case 32803:
    case 34892:
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "raw data of a sensor, photometric interpretation %u",
                             at->photometric);
    default: return nct_tiff_fail(client, NCT_UNSUPPORTED, "photometric interpretation %u", at->photometric);
    }
    if (at->samples < at->colors) {
        return nct_tiff_fail(client, NCT_CORRUPT, "%u samples a pixel are too few for the colors", at->samples);
    }
    return NCT_OK;
}

static nct_status read_extra_samples(TIFF *tiff, tiff_client *client, tiff_layout *at) {
    uint16_t count = 0, *kinds = NULL;
    at->alpha = -1;
    if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds)) count = 0;
    bool takes_alpha = at->model == NCT_GRAY || at->model == NCT_RGB;
    for (uint16_t i = 0; takes_alpha && i < count && at->colors + i < at->samples && at->alpha < 0; i++) {
        if (kinds[i] != EXTRASAMPLE_ASSOCALPHA && kinds[i] != EXTRASAMPLE_UNASSALPHA) continue;
        at->alpha = at->colors + i;
        at->associated = kinds[i] == EXTRASAMPLE_ASSOCALPHA;
    }
    int others = at->samples - at->colors - (at->alpha >= 0 ? 1 : 0);
    if (others >= 2 && at->model == NCT_GRAY) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED,
                             "%u channels that are said to be gray, and nothing says which are red, green and blue",
                             at->samples);
    }
    if (others > 0) nct_add_warning(client->raster, "extra channels that are neither color nor alpha were ignored");
    return NCT_OK;
}

static nct_status read_chunk_size(TIFF *tiff, tiff_client *client, tiff_layout *at) {
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
    if (at->converted) {
        at->row_bytes = 0;
        return NCT_OK;
    }
    uint64_t size = at->tiled ? TIFFTileSize64(tiff) : TIFFVStripSize64(tiff, at->chunk_height);
    if (size != at->row_bytes * at->chunk_height) {
        return nct_tiff_fail(client, NCT_CORRUPT, "the sizes in the directory contradict each other");
    }
    return NCT_OK;
}

static nct_status read_samples(TIFF *tiff, tiff_client *client, tiff_layout *at) {
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
        // JPEG data of three components is YCbCr unless it says otherwise, and libtiff asks it.
        at->photometric = at->compression == COMPRESSION_JPEG ? PHOTOMETRIC_YCBCR : PHOTOMETRIC_RGB;
        nct_add_warning(client->raster, "the photometric interpretation is missing; three samples of 8 bits are taken for RGB");
    }
    if (!reads_compression(at->compression)) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "compression scheme %u%s", at->compression,
                             compression_name(at->compression));
    }
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
        // The numbers of a* and b* have signs, which some writers say.
        if (format != SAMPLEFORMAT_INT || at->photometric != PHOTOMETRIC_CIELAB) {
            return nct_tiff_fail(client, NCT_UNSUPPORTED, "samples that are not unsigned integers");
        }
    }
    if (at->bits < 1 || at->bits > 16) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "%u samples of %u bits a pixel", at->samples, at->bits);
    }
    if (at->bits != 8 && (at->compression == COMPRESSION_JPEG || at->compression == COMPRESSION_WEBP)) {
        return nct_tiff_fail(client, NCT_UNSUPPORTED, "%s compression of %u bits",
                             at->compression == COMPRESSION_JPEG ? "JPEG" : "WebP", at->bits);
    }
    return NCT_OK;
}

nct_status nct_tiff_layout(TIFF *tiff, tiff_client *client, nct_limits limits, const int *order, tiff_layout *at) {
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &at->width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &at->height);
    nct_status status = nct_check_size(client->raster, at->width, at->height, limits);
    if (status != NCT_OK) return client->status = status;
    if (read_samples(tiff, client, at) != NCT_OK || read_colors(tiff, client, order, at) != NCT_OK ||
        read_extra_samples(tiff, client, at) != NCT_OK) {
        return client->status;
    }
    at->bits_out = at->bits > 8 ? 16 : 8;
    at->channels = (at->palette ? 3 : at->colors) + (at->alpha >= 0 ? 1 : 0);
    return read_chunk_size(tiff, client, at);
}
