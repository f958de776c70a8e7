#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nct_raster_init(nct_raster *raster) { memset(raster, 0, sizeof *raster); }

void nct_raster_free(nct_raster *raster) {
    free(raster->pixels);
    free(raster->icc);
    free(raster->exif);
    nct_raster_init(raster);
}

const char *nct_raster_message(const nct_raster *raster) { return raster->message; }
const char *nct_raster_warnings(const nct_raster *raster) { return raster->warnings; }

void nct_output_init(nct_output *output) { memset(output, 0, sizeof *output); }

void nct_output_free(nct_output *output) {
    free(output->bytes);
    nct_output_init(output);
}

const char *nct_output_message(const nct_output *output) { return output->message; }

void nct_set_message(char message[NCT_MESSAGE_SIZE], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, NCT_MESSAGE_SIZE, format, arguments);
    va_end(arguments);
}

void nct_add_warning(nct_raster *raster, const char *text) {
    size_t used = strlen(raster->warnings);
    size_t length = strlen(text);
    if (length == 0 || strstr(raster->warnings, text) != NULL || used + length + 2 > NCT_WARNINGS_SIZE) return;
    memcpy(raster->warnings + used, text, length);
    memcpy(raster->warnings + used + length, "\n", 2);
}

nct_status nct_check_size(nct_raster *raster, uint32_t width, uint32_t height, nct_limits limits) {
    if (width == 0 || height == 0) {
        nct_set_message(raster->message, "the header says %u x %u pixels", width, height);
        return NCT_CORRUPT;
    }
    if (width > limits.side || height > limits.side || (uint64_t)width * height > limits.pixels) {
        nct_set_message(raster->message, "%u x %u pixels", width, height);
        return NCT_TOO_LARGE;
    }
    return NCT_OK;
}

nct_status nct_raster_allocate(nct_raster *raster, uint32_t width, uint32_t height, int bits, nct_model model,
                               bool has_alpha, nct_limits limits) {
    nct_status status = nct_check_size(raster, width, height, limits);
    if (status != NCT_OK) return status;
    raster->width = width;
    raster->height = height;
    raster->bits = bits;
    raster->model = model;
    raster->channels = (model == NCT_GRAY ? 1 : model == NCT_CMYK ? 4 : 3) + (has_alpha ? 1 : 0);
    raster->pixels = malloc((size_t)width * height * (size_t)raster->channels * (size_t)(bits / 8));
    return raster->pixels != NULL ? NCT_OK : NCT_NO_MEMORY;
}

nct_status nct_raster_copy(nct_raster *raster, const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                           const uint8_t *icc, size_t icc_count) {
    nct_limits all = {.pixels = UINT64_MAX, .side = UINT32_MAX};
    nct_status status = nct_raster_allocate(raster, width, height, 8, NCT_RGB, channels == 4, all);
    if (status != NCT_OK) return status;
    memcpy(raster->pixels, pixels, (size_t)width * height * (size_t)channels);
    raster->file_channels = channels;
    raster->icc = nct_copy(icc, icc_count);
    raster->icc_count = raster->icc != NULL ? icc_count : 0;
    return NCT_OK;
}

uint8_t *nct_copy(const void *bytes, size_t count) {
    uint8_t *copy = count > 0 ? malloc(count) : NULL;
    if (copy != NULL) memcpy(copy, bytes, count);
    return copy;
}

bool nct_output_reserve(nct_output *output, size_t capacity) {
    if (capacity <= output->capacity) return true;
    size_t grown = output->capacity < 65536 ? 65536 : output->capacity + output->capacity / 2;
    if (grown < capacity) grown = capacity;
    uint8_t *bytes = realloc(output->bytes, grown);
    if (bytes == NULL) return false;
    output->bytes = bytes;
    output->capacity = grown;
    return true;
}

bool nct_output_append(nct_output *output, const void *bytes, size_t count) {
    if (count > SIZE_MAX - output->count || !nct_output_reserve(output, output->count + count)) return false;
    if (count > 0) memcpy(output->bytes + output->count, bytes, count);
    output->count += count;
    return true;
}
