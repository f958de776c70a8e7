// How libtiff reads from and writes to memory, and where its messages go; not part of the module's interface.
#pragma once

#include "internal.h"

#include <tiffio.h>

// What libtiff may allocate at once beside the size of the file: tables of strips, JPEG and LZW states.
#define NCT_TIFF_OWN_ALLOCATION ((size_t)64 << 20)

// One open TIFF file in memory. It must outlive the handle that nct_tiff_open returns for it.
typedef struct tiff_client {
    const uint8_t *bytes;  // what is read; null while encoding
    size_t count;
    nct_output *output;  // what is written; null while decoding
    size_t offset;
    nct_raster *raster;  // takes the warnings; null while encoding
    char *message;       // takes the first error
    nct_status status;   // of the first error
    bool opening;        // while the directory is read, when only what concerns the pixels is fatal
} tiff_client;

// Opens with mode "r" or "w" (with more letters as TIFFOpen has them). libtiff's messages go to the client and nowhere
// else, and no single allocation of its own may exceed maximum_allocation bytes. Null on failure, with the client's
// status and message set. Close the handle with TIFFClose.
TIFF *nct_tiff_open(tiff_client *client, const char *mode, size_t maximum_allocation);

// Sets the status and the message unless an earlier error did; returns the status that stands.
nct_status nct_tiff_fail(tiff_client *client, nct_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
