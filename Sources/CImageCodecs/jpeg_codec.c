#include "internal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>  // after jpeglib.h, whose version decides which codes there are

enum { EXIF_MARKER = JPEG_APP0 + 1, ICC_MARKER = JPEG_APP0 + 2, MAXIMUM_SCANS = 500 };

// libjpeg's error manager with what its callbacks need. It lives outside the frame that setjmp returns to.
typedef struct jpeg_state {
    struct jpeg_error_mgr manager;  // first: libjpeg's pointer to it is a pointer to the state
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    nct_status status;
    char *message;
    nct_raster *raster;  // null while encoding
    bool lacks_end;  // what there is of the file was used up
    struct jpeg_destination_mgr destination;
    nct_output *output;  // null while decoding
} jpeg_state;

static jpeg_state *state_of(j_common_ptr info) { return (jpeg_state *)info->err; }

static nct_status status_of(int code) {
    switch (code) {
    case JERR_OUT_OF_MEMORY: return NCT_NO_MEMORY;
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
    case JWRN_JPEG_EOF: return NCT_TRUNCATED;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL: return NCT_UNSUPPORTED;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW: return NCT_TOO_LARGE;
    default: return NCT_CORRUPT;
    }
}

static void on_error(j_common_ptr info) {
    jpeg_state *state = state_of(info);
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    nct_set_message(state->message, "%s", text);
    state->status = status_of(info->err->msg_code);
    // What is made up after the file's end makes no sense as a rule.
    if (state->lacks_end && state->status == NCT_CORRUPT) state->status = NCT_TRUNCATED;
    longjmp(state->jump, 1);
}

static void fail(j_common_ptr info, nct_status status, const char *message) {
    jpeg_state *state = state_of(info);
    state->status = status;
    if (message != state->message) nct_set_message(state->message, "%s", message);
    longjmp(state->jump, 1);
}

// libjpeg calls it a warning when it fills missing or unreadable data with guesses; here that is an error.
static void on_message(j_common_ptr info, int level) {
    if (level >= 0) return;  // a trace
    switch (info->err->msg_code) {
    case JWRN_JPEG_EOF: state_of(info)->lacks_end = true; return;
    case JWRN_HIT_MARKER:
        if (state_of(info)->lacks_end) fail(info, NCT_TRUNCATED, "the data ends before its last block");
        on_error(info);
        break;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_PROGRESSION: on_error(info); break;
    default: break;
    }
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    info->err->num_warnings++;
    if (state_of(info)->raster != NULL) nct_add_warning(state_of(info)->raster, text);
}

static void on_output(j_common_ptr info) { (void)info; }

// A small file may hold thousands of scans of a large image; stop before that costs minutes.
static void on_progress(j_common_ptr info) {
    jpeg_state *state = state_of(info);
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > MAXIMUM_SCANS) {
        nct_set_message(state->message, "more than %d scans", MAXIMUM_SCANS);
        state->status = NCT_CORRUPT;
        longjmp(state->jump, 1);
    }
}

static struct jpeg_error_mgr *install(jpeg_state *state) {
    jpeg_std_error(&state->manager);
    state->manager.error_exit = on_error;
    state->manager.emit_message = on_message;
    state->manager.output_message = on_output;
    state->progress.progress_monitor = on_progress;
    return &state->manager;
}

static void keep_metadata(j_decompress_ptr info, nct_raster *raster) {
    double per_unit = info->density_unit == 1 ? 1 / 0.0254 : info->density_unit == 2 ? 100.0 : 0.0;
    if (info->saw_JFIF_marker) {
        raster->pixels_per_meter_x = info->X_density * per_unit;
        raster->pixels_per_meter_y = info->Y_density * per_unit;
    }
    for (jpeg_saved_marker_ptr marker = info->marker_list; marker != NULL; marker = marker->next) {
        if (marker->marker != EXIF_MARKER || marker->data_length <= 6 || raster->exif != NULL) continue;
        if (memcmp(marker->data, "Exif\0\0", 6) != 0) continue;
        raster->exif = nct_copy(marker->data + 6, marker->data_length - 6);
        raster->exif_count = raster->exif != NULL ? marker->data_length - 6 : 0;
    }
    JOCTET *profile = NULL;
    unsigned int profile_count = 0;
    if (jpeg_read_icc_profile(info, &profile, &profile_count)) {
        raster->icc = profile;
        raster->icc_count = profile_count;
    }
}

// Adobe writes CMYK inverted (0 is full ink), everybody else upright.
static void invert(uint8_t *at, size_t count) {
    for (size_t i = 0; i < count; i++) at[i] ^= 255;
}

// A file that lacks its end marker may have all of its blocks; whether it lacks some is to be seen after decoding.
// Entropy-coded data that ends early is an error of its own (on_message), but what never began is not.
static bool has_all_scans(j_decompress_ptr info) {
    if (info->arith_code) return false;  // its decoder makes up zeros in silence
    for (int c = 0; c < info->num_components; c++) {
        if (info->comp_info[c].quant_table == NULL) return false;
        for (int k = 0; info->coef_bits != NULL && k < DCTSIZE2; k++) {
            if (info->coef_bits[c][k] != 0) return false;
        }
    }
    return true;
}

static void decode(j_decompress_ptr info, const uint8_t *bytes, size_t count, nct_limits limits) {
    jpeg_state *state = state_of((j_common_ptr)info);
    nct_raster *raster = state->raster;
    jpeg_create_decompress(info);
    info->progress = &state->progress;
    jpeg_mem_src(info, bytes, count);
    jpeg_save_markers(info, EXIF_MARKER, 0xffff);
    jpeg_save_markers(info, ICC_MARKER, 0xffff);
    jpeg_read_header(info, TRUE);

    bool cmyk = info->num_components == 4;
    bool gray = info->jpeg_color_space == JCS_GRAYSCALE;
    info->out_color_space = cmyk ? JCS_CMYK : gray ? JCS_GRAYSCALE : JCS_RGB;
    info->dct_method = JDCT_ISLOW;  // the accurate one, the same on every machine
    info->do_block_smoothing = FALSE;
    nct_status status =
        nct_raster_allocate(raster, info->image_width, info->image_height, 8, gray ? NCT_GRAY : cmyk ? NCT_CMYK : NCT_RGB,
                            false, limits);
    if (status != NCT_OK) {
        fail((j_common_ptr)info, status, raster->message[0] != 0 ? raster->message : "out of memory");
    }
    raster->file_channels = info->num_components;
    keep_metadata(info, raster);
    jpeg_start_decompress(info);
    size_t stride = (size_t)info->image_width * (size_t)raster->channels;
    while (info->output_scanline < info->output_height) {
        uint8_t *out = (uint8_t *)raster->pixels + info->output_scanline * stride;
        JSAMPROW row = out;
        if (jpeg_read_scanlines(info, &row, 1) != 1) fail((j_common_ptr)info, NCT_TRUNCATED, "the file ends early");
        if (cmyk && info->saw_Adobe_marker) invert(out, stride);
    }
    bool is_complete = has_all_scans(info);  // what tells it goes with the end of decompression
    jpeg_finish_decompress(info);
    if (!state->lacks_end) return;
    if (!is_complete) fail((j_common_ptr)info, NCT_TRUNCATED, "the file ends before its last scan");
    nct_add_warning(raster, "the end marker of the JPEG is missing; all blocks of the picture are there");
}

static void attempt_decode(j_decompress_ptr info, const uint8_t *bytes, size_t count, nct_limits limits) {
    if (setjmp(state_of((j_common_ptr)info)->jump) == 0) decode(info, bytes, count, limits);
}

nct_status nct_jpeg_decode(const uint8_t *bytes, size_t count, nct_limits limits, nct_raster *raster) {
    jpeg_state state = {.message = raster->message, .raster = raster};
    struct jpeg_decompress_struct info = {.err = install(&state)};
    attempt_decode(&info, bytes, count, limits);
    jpeg_destroy_decompress(&info);
    return state.status;
}

// JFIF holds whole numbers to 65535, per inch or per centimeter: take the unit that loses least. Neither may fit.
static void set_density(j_compress_ptr info, double x, double y) {
    double inch_x = x * 0.0254, inch_y = y * 0.0254, cm_x = x / 100, cm_y = y / 100;
    if (!(inch_x >= 0.5 && inch_y >= 0.5 && inch_x < 65535 && inch_y < 65535)) return;
    UINT16 whole_x = (UINT16)(inch_x + 0.5), whole_cm_x = (UINT16)(cm_x + 0.5);
    double inch_loss = (whole_x - inch_x) / inch_x, cm_loss = (whole_cm_x - cm_x) / cm_x;
    if (inch_loss * inch_loss <= cm_loss * cm_loss || cm_y < 0.5) {
        info->density_unit = 1;
        info->X_density = whole_x;
        info->Y_density = (UINT16)(inch_y + 0.5);
    } else {
        info->density_unit = 2;
        info->X_density = whole_cm_x;
        info->Y_density = (UINT16)(cm_y + 0.5);
    }
}

// libjpeg's destination manager: its buffer is the free end of the output.
static void offer_space(j_compress_ptr info) {
    nct_output *output = state_of((j_common_ptr)info)->output;
    if (!nct_output_reserve(output, output->count + 65536)) {
        fail((j_common_ptr)info, NCT_NO_MEMORY, "out of memory");
    }
    info->dest->next_output_byte = output->bytes + output->count;
    info->dest->free_in_buffer = output->capacity - output->count;
}

static boolean on_full(j_compress_ptr info) {
    nct_output *output = state_of((j_common_ptr)info)->output;
    output->count = output->capacity;
    offer_space(info);
    return TRUE;
}

static void on_end(j_compress_ptr info) {
    nct_output *output = state_of((j_common_ptr)info)->output;
    output->count = output->capacity - info->dest->free_in_buffer;
}

static void encode(j_compress_ptr info, const nct_picture *picture) {
    jpeg_state *state = state_of((j_common_ptr)info);
    jpeg_create_compress(info);
    state->destination = (struct jpeg_destination_mgr){
        .init_destination = offer_space, .empty_output_buffer = on_full, .term_destination = on_end};
    info->dest = &state->destination;
    info->image_width = picture->width;
    info->image_height = picture->height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, picture->jpeg_quality, TRUE);
    info->comp_info[0].h_samp_factor = info->comp_info[0].v_samp_factor = 1;  // 4:4:4
    info->dct_method = JDCT_ISLOW;
    info->optimize_coding = TRUE;
    set_density(info, picture->pixels_per_meter_x, picture->pixels_per_meter_y);
    jpeg_start_compress(info, TRUE);
    if (picture->exif != NULL && picture->exif_count <= 65527) {
        jpeg_write_m_header(info, EXIF_MARKER, (unsigned int)picture->exif_count + 6);
        for (int i = 0; i < 6; i++) jpeg_write_m_byte(info, "Exif\0\0"[i]);
        for (size_t i = 0; i < picture->exif_count; i++) jpeg_write_m_byte(info, picture->exif[i]);
    }
    size_t profile_count = 0;
    const uint8_t *profile = nct_srgb_profile(&profile_count);
    jpeg_write_icc_profile(info, profile, (unsigned int)profile_count);
    size_t stride = (size_t)picture->width * 3;
    while (info->next_scanline < info->image_height) {
        JSAMPROW row = (JSAMPROW)picture->pixels + info->next_scanline * stride;  // only read from
        jpeg_write_scanlines(info, &row, 1);
    }
    jpeg_finish_compress(info);
}

static void attempt_encode(j_compress_ptr info, const nct_picture *picture) {
    if (setjmp(state_of((j_common_ptr)info)->jump) == 0) encode(info, picture);
}

nct_status nct_jpeg_encode(const nct_picture *picture, nct_output *output) {
    jpeg_state state = {.message = output->message, .output = output};
    struct jpeg_compress_struct info = {.err = install(&state)};
    attempt_encode(&info, picture);
    jpeg_destroy_compress(&info);
    return state.status;
}
