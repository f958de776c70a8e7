#include "internal.h"

nct_status nct_tiff_decode(const uint8_t *bytes, size_t count, nct_limits limits, nct_raster *raster) {
    (void)bytes, (void)count, (void)limits;
    nct_set_message(raster->message, "TIFF is not read yet");
    return NCT_UNSUPPORTED;
}

nct_status nct_tiff_encode(const nct_picture *picture, nct_output *output) {
    (void)picture;
    nct_set_message(output->message, "TIFF is not written yet");
    return NCT_UNSUPPORTED;
}
