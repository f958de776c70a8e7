// Reading and writing PNG, JPEG and TIFF in memory, on top of libpng, libjpeg and libtiff.
//
// Conventions of this module:
// - every function is prefixed nct_ and returns an nct_status where it can fail;
// - no function prints, exits, or lets a longjmp out: the libraries' errors become a status and a message, their
//   warnings lines of nct_raster.warnings;
// - no pointer may be null unless its comment says so;
// - a function that fills an nct_raster or an nct_output may leave memory in it even if it fails: the caller always
//   passes it to nct_raster_free or nct_output_free, once, and never frees its members;
// - samples are 8 bits, or 16 bits in the machine's byte order; rows are dense, top row first, channels innermost.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum nct_status {
    NCT_OK = 0,
    NCT_TRUNCATED = 1,
    NCT_CORRUPT = 2,
    NCT_UNSUPPORTED = 3,
    NCT_TOO_LARGE = 4,
    NCT_NO_MEMORY = 5,
} nct_status;

enum { NCT_MESSAGE_SIZE = 256, NCT_WARNINGS_SIZE = 1024 };

// What may be allocated for one image; checked from the file's header.
typedef struct nct_limits {
    uint64_t pixels;
    uint32_t side;
} nct_limits;

// A decoded image. Zero it (nct_raster_init) before use; free it with nct_raster_free.
typedef struct nct_raster {
    uint32_t width;
    uint32_t height;
    int bits;           // 8 or 16
    int channels;       // of pixels: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha (not premultiplied)
    int file_channels;  // of the file, a palette counting as the colors it stands for
    void *pixels;       // height x width x channels samples, owned
    uint8_t *icc;       // the embedded profile or null, owned
    size_t icc_count;
    uint8_t *exif;  // the EXIF block, from its byte-order mark on, or null, owned
    size_t exif_count;
    double pixels_per_meter_x;  // 0 where unknown
    double pixels_per_meter_y;
    char message[NCT_MESSAGE_SIZE];    // why decoding failed, in the library's words
    char warnings[NCT_WARNINGS_SIZE];  // newline-separated
} nct_raster;

// What is to be encoded. Everything is borrowed for the call only.
typedef struct nct_picture {
    uint32_t width;
    uint32_t height;
    int bits;      // 8 or 16 (JPEG: 8)
    int channels;  // 3, or 4 with alpha (JPEG: 3; PNG: 1, gray, too)
    const void *pixels;
    const uint8_t *icc;  // or null
    size_t icc_count;
    const uint8_t *exif;  // from the byte-order mark on, or null; JPEG only
    size_t exif_count;
    double pixels_per_meter_x;  // 0 where unknown
    double pixels_per_meter_y;
    int jpeg_quality;     // 1...100
    int png_compression;  // 0...9
} nct_picture;

// An encoded file. Zero it (nct_output_init) before use; free it with nct_output_free.
typedef struct nct_output {
    uint8_t *bytes;  // owned
    size_t count;
    size_t capacity;
    char message[NCT_MESSAGE_SIZE];
} nct_output;

void nct_raster_init(nct_raster *raster);
void nct_raster_free(nct_raster *raster);
const char *nct_raster_message(const nct_raster *raster);
const char *nct_raster_warnings(const nct_raster *raster);
void nct_output_init(nct_output *output);
void nct_output_free(nct_output *output);
const char *nct_output_message(const nct_output *output);

// Decode a whole file. The limits are checked before the pixels are allocated. A file that ends early, fails a
// checksum, or makes the library guess at pixels is an error.
nct_status nct_png_decode(const uint8_t *bytes, size_t count, nct_limits limits, nct_raster *raster);
nct_status nct_jpeg_decode(const uint8_t *bytes, size_t count, nct_limits limits, nct_raster *raster);
// The first page only: gray and palettes of 1, 2, 4 and 8 bits, gray and RGB of 8 and 16, alpha of both kinds, YCbCr with
// JPEG; uncompressed, LZW, deflate, PackBits or JPEG; in strips or tiles, pixels or planes. TIFF's own tags (orientation, resolution, strings) are left to the caller, as they have the
// form of an EXIF block: raster->exif stays null.
nct_status nct_tiff_decode(const uint8_t *bytes, size_t count, nct_limits limits, nct_raster *raster);

// Encode a whole file into output.
nct_status nct_png_encode(const nct_picture *picture, nct_output *output);
nct_status nct_jpeg_encode(const nct_picture *picture, nct_output *output);
nct_status nct_tiff_encode(const nct_picture *picture, nct_output *output);

// Turn samples into floats, v / 255 or v / 65535, gray repeated three times, upright by an EXIF orientation (1...8).
// rgb takes width x height x 3 floats; alpha takes width x height and may be null only where channels is odd.
void nct_samples_to_float(const void *pixels, uint32_t width, uint32_t height, int bits, int channels,
                          int orientation, float *rgb, float *alpha);

// Turn floats into samples: clamped to 0...1 (not a number is 0), scaled, rounded to nearest (halves up).
// alpha may be null; then out has 3 channels, otherwise 4.
void nct_float_to_samples(const float *rgb, const float *alpha, size_t pixel_count, int bits, void *out);

// Renames a file unless the new name is taken: 0, or -1 with errno set (EEXIST where it is taken).
// Swift's own import of the C library lacks the system call.
int nct_move_to_new_name(const char *from, const char *to);
