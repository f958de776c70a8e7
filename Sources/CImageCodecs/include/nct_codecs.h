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

#include <stdbool.h>
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

// What the samples of a raster stand for.
typedef enum nct_model {
    NCT_GRAY = 1,
    NCT_RGB = 2,
    NCT_CMYK = 3,  // amounts of ink, 0 for none; never with alpha
    NCT_LAB = 4,   // as ICC profiles of version 2 have it; never with alpha
} nct_model;

// A decoded image. Zero it (nct_raster_init) before use; free it with nct_raster_free.
typedef struct nct_raster {
    uint32_t width;
    uint32_t height;
    int bits;           // 8 or 16
    nct_model model;    // of pixels
    int channels;       // of pixels: 1 gray, 3 RGB or Lab, 4 CMYK; one more with alpha (not premultiplied)
    int file_channels;  // of the file, a palette counting as the colors it stands for
    void *pixels;       // height x width x channels samples, owned
    uint8_t *icc;       // the embedded profile or null, owned
    size_t icc_count;
    uint8_t *exif;  // the EXIF block, from its byte-order mark on, or null, owned
    size_t exif_count;
    double pixels_per_meter_x;  // 0 where unknown
    double pixels_per_meter_y;
    double gamma;               // what samples are raised to for light; 0 where nothing is said, or sRGB
    double chromaticities[8];   // x and y of white, red, green and blue; 0 where nothing is said, or sRGB
    int sample_bits;            // that count, as the file says; 0 where it does not
    char message[NCT_MESSAGE_SIZE];    // why decoding failed, in the library's words
    char warnings[NCT_WARNINGS_SIZE];  // newline-separated
} nct_raster;

// What is to be encoded. Everything is borrowed for the call only.
typedef struct nct_picture {
    uint32_t width;
    uint32_t height;
    int bits;      // 8 or 16 (JPEG: 8)
    int channels;  // 3 (PNG: 1, gray, too)
    const void *pixels;
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

// One image of a TIFF file: a page, or what belongs to one (a subdirectory).
typedef struct nct_tiff_page {
    uint64_t offset;  // of its directory
    uint32_t width, height;
    uint32_t kind;  // NewSubfileType: 1 a smaller version of another, 4 a mask
    uint16_t samples, bits, photometric;
    bool is_sub;
} nct_tiff_page;

// Lists the file's images, each page followed by its subdirectories, and says by is_damaged whether the list ends at a
// directory that cannot be read. Returns how many were found, at most capacity.
int nct_tiff_pages(const uint8_t *bytes, size_t count, nct_tiff_page *pages, int capacity, bool *is_damaged);

// The images at one directory, or at three: gray ones that become red, green and blue. Samples of 1 to 16 bits: gray,
// palettes, RGB, CMYK, CIELAB and ICCLAB, YCbCr, alpha of both kinds; whatever compression libtiff was built with; in
// strips or tiles, pixels or planes. TIFF's own tags (orientation, resolution, strings) are left to the caller, as they
// have the form of an EXIF block: raster->exif stays null.
nct_status nct_tiff_decode(const uint8_t *bytes, size_t count, nct_limits limits, const uint64_t *directories,
                           int directory_count, nct_raster *raster);
// The same for one whose three gray samples per pixel are red, green and blue, whatever the photometric interpretation says.
nct_status nct_tiff_decode_channels(const uint8_t *bytes, size_t count, nct_limits limits, uint64_t directory,
                                    const int order[3], nct_raster *raster);

// What was done about a raster's colors.
typedef enum nct_color_action {
    NCT_COLOR_SRGB = 0,       // nothing: they are sRGB's, or nothing else is said
    NCT_COLOR_CONVERTED = 1,  // they were brought to sRGB
    NCT_COLOR_UNUSABLE = 2,   // nothing: the profile cannot be used
} nct_color_action;

typedef struct nct_color_report {
    nct_color_action action;
    char name[NCT_MESSAGE_SIZE];     // of the embedded profile, by itself; may be empty
    char problem[NCT_MESSAGE_SIZE];  // why it cannot be used
} nct_color_report;

// Brings the pixels to sRGB in place, by the embedded profile, else by gamma and chromaticities; CMYK that no profile
// tells of by its ink. The model is gray or RGB afterwards. A profile that is sRGB in effect leaves every bit as it is.
nct_status nct_convert_to_srgb(nct_raster *raster, nct_color_report *report);

// The ICC profile of sRGB that written files carry. The bytes live as long as the process.
const uint8_t *nct_srgb_profile(size_t *count);

// A raster of 8-bit samples copied from the caller's: RGB, or RGB and alpha.
nct_status nct_raster_copy(nct_raster *raster, const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                           const uint8_t *icc, size_t icc_count);

// The greatest sample of all channels; 16 bits only.
uint16_t nct_greatest_sample(const nct_raster *raster);
// Stretches samples that have only bits (1...15) of 16 to all 16; greater ones become full.
void nct_stretch_samples(nct_raster *raster, int bits);

// Encode a whole file into output, tagged as sRGB where it has colors.
nct_status nct_png_encode(const nct_picture *picture, nct_output *output);
nct_status nct_jpeg_encode(const nct_picture *picture, nct_output *output);
nct_status nct_tiff_encode(const nct_picture *picture, nct_output *output);

// Turn samples into floats, v / 255 or v / 65535, gray repeated three times, upright by an EXIF orientation (1...8).
// rgb takes width x height x 3 floats; alpha takes width x height and may be null only where channels is odd.
void nct_samples_to_float(const void *pixels, uint32_t width, uint32_t height, int bits, int channels,
                          int orientation, float *rgb, float *alpha);

// Turn floats into samples: clamped to 0...1 (not a number is 0), scaled, rounded to nearest (halves up).
void nct_float_to_samples(const float *rgb, size_t count, int bits, void *out);
