#include "internal.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LONGEST_PROFILE = 16 << 20 };

// What libpng's callbacks share with the function that called it. It lives outside the frame that setjmp returns to,
// so its members keep their values.
typedef struct png_state {
    jmp_buf jump;
    nct_status status;
    char *message;
    nct_raster *raster;  // null while encoding
    const uint8_t *bytes;
    size_t count;
    size_t offset;
    nct_output *output;  // null while decoding
    png_bytep *rows;
} png_state;

static void on_error(png_structp png, png_const_charp text) {
    png_state *state = png_get_error_ptr(png);
    if (state->status == NCT_OK) state->status = NCT_CORRUPT;
    nct_set_message(state->message, "%s", text);
    longjmp(state->jump, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    png_state *state = png_get_error_ptr(png);
    if (state->raster == NULL) return;
    char words[NCT_MESSAGE_SIZE];
    if (strlen(text) > 6 && strcmp(text + 4, ": CRC error") == 0) {
        nct_set_message(words, "the chunk %.4s fails its checksum and was ignored", text);
        text = words;
    }
    nct_add_warning(state->raster, text);
}

static void on_read(png_structp png, png_bytep out, size_t count) {
    png_state *state = png_get_io_ptr(png);
    if (count > state->count - state->offset) {
        state->status = NCT_TRUNCATED;
        png_error(png, "the file ends early");
    }
    memcpy(out, state->bytes + state->offset, count);
    state->offset += count;
}

static void on_write(png_structp png, png_bytep bytes, size_t count) {
    png_state *state = png_get_io_ptr(png);
    if (!nct_output_append(state->output, bytes, count)) {
        state->status = NCT_NO_MEMORY;
        png_error(png, "out of memory");
    }
}

static void on_flush(png_structp png) { (void)png; }

static bool is_little_endian(void) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1;
}

static void allocate_rows(png_structp png, png_state *state, uint32_t height) {
    state->rows = malloc((size_t)height * sizeof *state->rows);
    if (state->rows == NULL) {
        state->status = NCT_NO_MEMORY;
        png_error(png, "out of memory");
    }
}

// The profile as it is in its chunk, whatever libpng thinks of it: a name, a zero, a zero for the method, and a zlib
// stream. One that cannot be unpacked is dropped.
static void keep_profile(png_structp png, png_infop info, nct_raster *raster) {
    png_unknown_chunkp chunks = NULL;
    int count = png_get_unknown_chunks(png, info, &chunks);
    for (int i = 0; i < count && raster->icc == NULL; i++) {
        if (memcmp(chunks[i].name, "iCCP", 4) != 0) continue;
        const uint8_t *end = memchr(chunks[i].data, 0, chunks[i].size);
        size_t start = end != NULL ? (size_t)(end - chunks[i].data) + 2 : chunks[i].size;
        // Its first four bytes are its own length.
        uint8_t head[4] = {0};
        uLongf size = sizeof head;
        const uint8_t *packed = chunks[i].data + start;
        uLong packed_size = start < chunks[i].size ? (uLong)(chunks[i].size - start) : 0;
        if (packed_size > 0) uncompress(head, &size, packed, packed_size);
        size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        if (packed_size > 0 && size == sizeof head && length >= 128 && length <= LONGEST_PROFILE) {
            raster->icc = malloc(length);
            uLongf got = length;
            int result = raster->icc != NULL ? uncompress(raster->icc, &got, packed, packed_size) : Z_MEM_ERROR;
            // What follows the profile in its stream is no part of it.
            if ((result == Z_OK || result == Z_BUF_ERROR) && got == length) raster->icc_count = length;
        }
        if (raster->icc_count == 0) {
            free(raster->icc);
            raster->icc = NULL;
            nct_add_warning(raster, "the embedded ICC profile cannot be unpacked and was dropped");
        }
    }
}

static void keep_metadata(png_structp png, png_infop info, nct_raster *raster) {
    png_uint_32 x = 0, y = 0;
    int unit = PNG_RESOLUTION_UNKNOWN;
    if (png_get_pHYs(png, info, &x, &y, &unit) == PNG_INFO_pHYs && unit == PNG_RESOLUTION_METER) {
        raster->pixels_per_meter_x = x;
        raster->pixels_per_meter_y = y;
    }
    keep_profile(png, info, raster);
    bool is_srgb = png_get_valid(png, info, PNG_INFO_sRGB) != 0;
    double gamma = 0, *at = raster->chromaticities;
    if (!is_srgb && png_get_gAMA(png, info, &gamma) == PNG_INFO_gAMA && gamma > 0.01 && gamma < 100) {
        raster->gamma = 1 / gamma;
    }
    if (!is_srgb) png_get_cHRM(png, info, &at[0], &at[1], &at[2], &at[3], &at[4], &at[5], &at[6], &at[7]);
    png_color_8p bits = NULL;
    if (png_get_sBIT(png, info, &bits) == PNG_INFO_sBIT) {
        raster->sample_bits = raster->model == NCT_GRAY ? bits->gray : bits->green;
        if (raster->model != NCT_GRAY && (bits->red != bits->green || bits->blue != bits->green)) raster->sample_bits = 0;
    }
    png_uint_32 exif_count = 0;
    png_bytep exif = NULL;
    if (png_get_eXIf_1(png, info, &exif_count, &exif) == PNG_INFO_eXIf) {
        raster->exif = nct_copy(exif, exif_count);
        raster->exif_count = raster->exif != NULL ? exif_count : 0;
    }
}

// Whether needle lies within count bytes.
static bool contains(const char *bytes, size_t count, const char *needle) {
    size_t length = strlen(needle);
    for (size_t i = 0; i + length <= count; i++) {
        if (memcmp(bytes + i, needle, length) == 0) return true;
    }
    return false;
}

// What tells how to show the pixels and is not followed is said. eXIf is the one chunk whose orientation counts, before
// or after the pixels.
static void remark_on_metadata(png_structp png, png_infop info, nct_raster *raster) {
    png_textp texts = NULL;
    int count = png_get_text(png, info, &texts, NULL);
    for (int i = 0; i < count; i++) {
        const char *key = texts[i].key, *text = texts[i].text;
        size_t length = text == NULL ? 0 : texts[i].text_length != 0 ? texts[i].text_length : texts[i].itxt_length;
        bool is_exif = strcmp(key, "Raw profile type exif") == 0 || strcmp(key, "Raw profile type APP1") == 0;
        bool is_turned = contains(text, length, "tiff:Orientation") && !contains(text, length, "tiff:Orientation=\"1\"") &&
                         !contains(text, length, "<tiff:Orientation>1<");
        if (is_exif && raster->exif == NULL) {
            nct_add_warning(raster, "EXIF data in a text chunk was not used, nor an orientation in it: only chunk eXIf is");
        } else if (is_turned && raster->exif == NULL) {
            nct_add_warning(raster, "an orientation in an XMP text chunk was not used: only that of chunk eXIf is");
        }
    }
}

static void decode(png_structp png, png_infop info, png_state *state, nct_limits limits) {
    nct_raster *raster = state->raster;
    // What a chunk says that is not needed for the pixels is no reason to do without them.
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // ours are checked below
    // Its profile is judged by who converts by it, not by libpng.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, (png_const_bytep)"iCCP", 1);
    png_read_info(png, info);
    png_set_expand(png);
    if (is_little_endian()) png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);

    uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    int channels = png_get_channels(png, info);
    nct_status status =
        nct_raster_allocate(raster, width, height, png_get_bit_depth(png, info), channels < 3 ? NCT_GRAY : NCT_RGB,
                            channels % 2 == 0, limits);
    if (status != NCT_OK) {
        state->status = status;
        png_error(png, raster->message[0] != 0 ? raster->message : "out of memory");
    }
    raster->file_channels = channels;
    allocate_rows(png, state, height);
    size_t stride = png_get_rowbytes(png, info);
    for (uint32_t y = 0; y < height; y++) state->rows[y] = (png_bytep)raster->pixels + y * stride;
    png_read_image(png, state->rows);
    png_read_end(png, info);
    keep_metadata(png, info, raster);
    remark_on_metadata(png, info, raster);
}

static void attempt_decode(png_structp png, png_infop info, png_state *state, nct_limits limits) {
    if (setjmp(state->jump) == 0) decode(png, info, state, limits);
}

nct_status nct_png_decode(const uint8_t *bytes, size_t count, nct_limits limits, nct_raster *raster) {
    png_state state = {.message = raster->message, .raster = raster, .bytes = bytes, .count = count};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    if (info == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        return NCT_NO_MEMORY;
    }
    png_set_read_fn(png, &state, on_read);
    attempt_decode(png, info, &state, limits);
    free(state.rows);
    png_destroy_read_struct(&png, &info, NULL);
    return state.status;
}

static void encode(png_structp png, png_infop info, png_state *state, const nct_picture *picture) {
    int type = picture->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
    png_set_IHDR(png, info, picture->width, picture->height, picture->bits, type, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_compression_level(png, picture->png_compression);
    if (picture->channels == 3) png_set_sRGB(png, info, PNG_sRGB_INTENT_RELATIVE);
    double x = picture->pixels_per_meter_x + 0.5, y = picture->pixels_per_meter_y + 0.5;
    if (x >= 1 && y >= 1 && x < 2147483647.0 && y < 2147483647.0) {
        png_set_pHYs(png, info, (png_uint_32)x, (png_uint_32)y, PNG_RESOLUTION_METER);
    }
    png_write_info(png, info);
    if (is_little_endian()) png_set_swap(png);
    allocate_rows(png, state, picture->height);
    size_t stride = (size_t)picture->width * (size_t)picture->channels * (size_t)(picture->bits / 8);
    for (uint32_t y_row = 0; y_row < picture->height; y_row++) {
        state->rows[y_row] = (png_bytep)picture->pixels + y_row * stride;  // only read from
    }
    png_write_image(png, state->rows);
    png_write_end(png, info);
}

static void attempt_encode(png_structp png, png_infop info, png_state *state, const nct_picture *picture) {
    if (setjmp(state->jump) == 0) encode(png, info, state, picture);
}

nct_status nct_png_encode(const nct_picture *picture, nct_output *output) {
    png_state state = {.message = output->message, .output = output};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        return NCT_NO_MEMORY;
    }
    png_set_write_fn(png, &state, on_write, on_flush);
    attempt_encode(png, info, &state, picture);
    free(state.rows);
    png_destroy_write_struct(&png, &info);
    return state.status;
}
