#include "tiff_client.h"

enum { STRIP_BYTES = 1 << 18 };

// Classic TIFF ends at 4 GiB; leave room for what compression may add and for the directory.
static bool needs_big_offsets(const nct_picture *picture, size_t stride) {
    return (uint64_t)stride * picture->height > 0xf0000000u;
}

static void describe(TIFF *tiff, const nct_picture *picture, uint32_t rows) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, picture->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, picture->height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, picture->bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, picture->channels);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows);
    double x = picture->pixels_per_meter_x / 100, y = picture->pixels_per_meter_y / 100;
    if (x > 0 && y > 0 && x < 4e9 && y < 4e9) {
        TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
        TIFFSetField(tiff, TIFFTAG_XRESOLUTION, x);
        TIFFSetField(tiff, TIFFTAG_YRESOLUTION, y);
    }
    size_t profile_count = 0;
    const uint8_t *profile = nct_srgb_profile(&profile_count);
    TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)profile_count, profile);
}

nct_status nct_tiff_encode(const nct_picture *picture, nct_output *output) {
    tiff_client client = {.output = output, .message = output->message};
    size_t stride = (size_t)picture->width * (size_t)picture->channels * (size_t)(picture->bits / 8);
    TIFF *tiff = nct_tiff_open(&client, needs_big_offsets(picture, stride) ? "w8" : "w", 0);
    if (tiff == NULL) return client.status;
    uint32_t rows = stride < STRIP_BYTES ? (uint32_t)(STRIP_BYTES / stride) : 1;
    if (rows > picture->height) rows = picture->height;
    describe(tiff, picture, rows);
    for (uint32_t y = 0; y < picture->height && client.status == NCT_OK; y += rows) {
        uint32_t present = picture->height - y < rows ? picture->height - y : rows;
        void *strip = (uint8_t *)picture->pixels + y * stride;  // only read from
        if (TIFFWriteEncodedStrip(tiff, y / rows, strip, (tmsize_t)(present * stride)) < 0) {
            nct_tiff_fail(&client, NCT_CORRUPT, "strip %u cannot be written", y / rows);
        }
    }
    if (client.status == NCT_OK && !TIFFWriteDirectory(tiff)) {
        nct_tiff_fail(&client, NCT_CORRUPT, "the directory cannot be written");
    }
    TIFFClose(tiff);
    return client.status;
}
