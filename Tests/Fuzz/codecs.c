// The C codecs under libFuzzer: whatever the bytes, decoding ends with an image or a status, and what it decoded can be
// turned into floats and encoded again. FUZZ_FORMAT is png, jpeg or tiff.
#include <stdlib.h>

#include "nct_codecs.h"

// The pages of a TIFF file are chosen by who asks; here the first ones are.
static nct_status first_tiff_decode(const uint8_t *bytes, size_t count, nct_limits limits, nct_raster *raster) {
    nct_tiff_page pages[4];
    bool is_damaged;
    int found = nct_tiff_pages(bytes, count, pages, 4, &is_damaged);
    if (found < 1) return NCT_CORRUPT;
    return nct_tiff_decode(bytes, count, limits, &pages[found > 1 ? count % 2 : 0].offset, 1, raster);
}
#define first_png_decode nct_png_decode
#define first_jpeg_decode nct_jpeg_decode

#define JOINED(a, b, c) a##b##c
#define DECODE_(format) JOINED(first_, format, _decode)
#define DECODE(format) DECODE_(format)
#define ENCODE_(format) JOINED(nct_, format, _encode)
#define ENCODE(format) ENCODE_(format)

static void encode(const nct_raster *raster, const float *rgb, const float *alpha) {
    size_t count = (size_t)raster->width * raster->height;
    uint8_t *samples = malloc(count * 4);
    if (!samples) return;
    nct_float_to_samples(rgb, count, 8, samples);
    nct_picture picture = {
        .width = raster->width, .height = raster->height, .bits = 8, .channels = 3, .pixels = samples,
        .exif = raster->exif, .exif_count = raster->exif_count,
        .pixels_per_meter_x = raster->pixels_per_meter_x, .pixels_per_meter_y = raster->pixels_per_meter_y,
        .jpeg_quality = 90, .png_compression = 1,
    };
    (void)alpha;
    nct_output output;
    nct_output_init(&output);
    ENCODE(FUZZ_FORMAT)(&picture, &output);
    nct_output_free(&output);
    free(samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    if (count == 0) return 0;
    // Small, so that an input costs little; the limits are what is tried as well.
    nct_limits limits = {.pixels = 1 << 16, .side = 1 << 12};
    nct_raster raster;
    nct_raster_init(&raster);
    if (DECODE(FUZZ_FORMAT)(bytes, count, limits, &raster) == NCT_OK) {
        size_t pixels = (size_t)raster.width * raster.height;
        float *rgb = malloc(pixels * 3 * sizeof *rgb);
        float *alpha = malloc(pixels * sizeof *alpha);
        if (rgb && alpha) {
            nct_samples_to_float(raster.pixels, raster.width, raster.height, raster.bits, raster.channels,
                                 1 + (int)(bytes[count - 1] % 8), rgb, raster.channels % 2 == 0 ? alpha : NULL);
            encode(&raster, rgb, raster.channels % 2 == 0 ? alpha : NULL);
        }
        free(rgb);
        free(alpha);
    }
    nct_raster_free(&raster);
    return 0;
}
