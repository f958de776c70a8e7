// Shared by the codecs; not part of the module's interface.
#pragma once

#include "nct_codecs.h"

#include <stdarg.h>

// Writes a printf-style message, cut to its size.
void nct_set_message(char message[NCT_MESSAGE_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));

// Adds a line to the warnings unless it is there already or no room is left.
void nct_add_warning(nct_raster *raster, const char *text);

// Whether an image of that size is within the limits; if not, the message says so. Nothing is allocated.
nct_status nct_check_size(nct_raster *raster, uint32_t width, uint32_t height, nct_limits limits);

// Sets width, height, bits, model and channels and allocates the pixels (uninitialized), all within the limits.
nct_status nct_raster_allocate(nct_raster *raster, uint32_t width, uint32_t height, int bits, nct_model model,
                               bool has_alpha, nct_limits limits);

// A malloc'ed copy of bytes; null when count is 0 or memory is short.
uint8_t *nct_copy(const void *bytes, size_t count);

// Grows the output to hold at least capacity bytes; false when memory is short.
bool nct_output_reserve(nct_output *output, size_t capacity);
bool nct_output_append(nct_output *output, const void *bytes, size_t count);
