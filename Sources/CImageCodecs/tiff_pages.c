#include "tiff_client.h"

#include <string.h>

// Subdirectories of one page that are looked at.
enum { MOST_SUBDIRECTORIES = 64 };

static nct_tiff_page describe(TIFF *tiff, bool is_sub) {
    nct_tiff_page page = {.offset = TIFFCurrentDirOffset(tiff), .is_sub = is_sub, .photometric = UINT16_MAX};
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &page.width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &page.height);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &page.bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &page.samples);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &page.photometric);
    uint16_t old_kind = 0;
    if (!TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &page.kind) &&
        TIFFGetField(tiff, TIFFTAG_OSUBFILETYPE, &old_kind)) {
        page.kind = old_kind == OFILETYPE_REDUCEDIMAGE ? FILETYPE_REDUCEDIMAGE : 0;
    }
    return page;
}

int nct_tiff_pages(const uint8_t *bytes, size_t count, nct_tiff_page *pages, int capacity, bool *is_damaged) {
    char message[NCT_MESSAGE_SIZE];
    tiff_client client = {.bytes = bytes, .count = count, .message = message};
    *is_damaged = false;
    TIFF *tiff = nct_tiff_open(&client, "r", count + NCT_TIFF_OWN_ALLOCATION);
    if (tiff == NULL) return 0;
    int found = 0;
    while (found < capacity) {
        pages[found++] = describe(tiff, false);
        uint16_t sub_count = 0;
        uint64_t *subs = NULL, own[MOST_SUBDIRECTORIES];
        if (!TIFFGetField(tiff, TIFFTAG_SUBIFD, &sub_count, &subs)) sub_count = 0;
        if (sub_count > MOST_SUBDIRECTORIES) sub_count = MOST_SUBDIRECTORIES;
        if (sub_count > 0) memcpy(own, subs, sub_count * sizeof *own);
        tdir_t page_number = TIFFCurrentDirectory(tiff);
        for (uint16_t i = 0; i < sub_count && found < capacity; i++) {
            if (TIFFSetSubDirectory(tiff, own[i])) pages[found++] = describe(tiff, true);
        }
        if (sub_count > 0 && !TIFFSetDirectory(tiff, page_number)) break;
        if (TIFFLastDirectory(tiff)) break;
        if (!TIFFReadDirectory(tiff)) {
            *is_damaged = true;
            break;
        }
    }
    TIFFClose(tiff);
    return found;
}
