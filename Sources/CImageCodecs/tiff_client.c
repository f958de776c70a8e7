#include "tiff_client.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

// libtiff begins some of its messages with it.
#define OPEN_NAME "memory"

static bool starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

// libtiff has no codes for its errors, only words.
static nct_status status_of(const char *text) {
    if (strstr(text, "limit defined in open options") != NULL) return NCT_TOO_LARGE;
    static const char *const memory[] = {"Out of memory", "No space for", "Not enough memory", "Failed to allocate"};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        if (strstr(text, memory[i]) != NULL) return NCT_NO_MEMORY;
    }
    if (starts_with(text, "Cannot handle different")) return NCT_UNSUPPORTED;
    return NCT_CORRUPT;
}

// libtiff calls it a warning when JPEG or PackBits data is missing, unreadable or of another size than the directory
// says, and leaves the pixels as they come; here that is an error.
static bool is_damage(const char *module, const char *text) {
    if (module != NULL && strcmp(module, "JPEGLib") == 0) {
        return starts_with(text, "Corrupt JPEG data") || starts_with(text, "Premature end") ||
               starts_with(text, "Inconsistent progression") || starts_with(text, "Invalid SOS");
    }
    return starts_with(text, "Improper JPEG") || starts_with(text, "Discarding");
}

// Tags that place the pixels or tell what they mean, by libtiff's names: a file whose value for one of them cannot be
// read is damaged. What all others say is a description of the picture.
static bool is_essential(const char *name) {
    static const char *const names[] = {
        "ImageWidth",      "ImageLength",     "BitsPerSample",   "Compression",         "PhotometricInterpretation",
        "FillOrder",       "StripOffsets",    "SamplesPerPixel", "RowsPerStrip",        "StripByteCounts",
        "Predictor",       "ColorMap",        "TileWidth",       "PlanarConfiguration", "TileLength",
        "TileOffsets",     "TileByteCounts",  "ExtraSamples",    "SampleFormat",        "JPEGTables",
        "ImageDepth",      "TileDepth",       "YCbCrSubsampling",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) return true;
    }
    return false;
}

// The tag that a message of libtiff names, in quotation marks or by its number; false where it names none.
static bool named_tag(const char *text, char *name, size_t size) {
    unsigned number;
    const char *custom = strstr(text, "custom tag ");
    if (custom != NULL && sscanf(custom, "custom tag %u", &number) == 1) {
        snprintf(name, size, "Tag %u", number);
        return true;
    }
    const char *start = strchr(text, '"');
    const char *end = start != NULL ? strchr(start + 1, '"') : NULL;
    if (end == NULL || (size_t)(end - start - 1) >= size) return false;
    memcpy(name, start + 1, (size_t)(end - start - 1));
    name[end - start - 1] = 0;
    return true;
}

// Whether what libtiff says while it reads the directory is about a descriptive tag alone; if so, it becomes a warning.
static bool is_remark(tiff_client *client, const char *text) {
    char name[64];
    if (!client->opening || client->raster == NULL || !named_tag(text, name, sizeof name)) return false;
    bool is_outside = starts_with(text, "IO error");
    if (is_essential(name)) return false;
    // Whoever turns the picture upright remarks on this one.
    if (strcmp(name, "Orientation") == 0 && strstr(text, "Bad value") != NULL) return true;
    const char *what = is_outside                              ? "values beyond the end of the file"
                       : strstr(text, "Bad value") != NULL     ? "a value that means nothing"
                       : strstr(text, "ount") != NULL          ? "a number of values that it cannot have"
                       : strstr(text, "ype") != NULL           ? "a type that it cannot have"
                                                               : "values that cannot be read";
    char words[NCT_MESSAGE_SIZE];
    bool is_nameless = starts_with(name, "Tag ");
    snprintf(words, sizeof words, "the %s%s has %s and was ignored", is_nameless ? "private tag" : "tag ",
             is_nameless ? name + 3 : name, what);
    nct_add_warning(client->raster, words);
    return true;
}

// The message without the name that the file was opened under.
static const char *message(char text[NCT_MESSAGE_SIZE], const char *format, va_list arguments) {
    vsnprintf(text, NCT_MESSAGE_SIZE, format, arguments);
    return starts_with(text, OPEN_NAME ": ") ? text + strlen(OPEN_NAME ": ") : text;
}

static int on_error(TIFF *tiff, void *data, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    char buffer[NCT_MESSAGE_SIZE];
    const char *text = message(buffer, format, arguments);
    if (!is_remark(data, text)) nct_tiff_fail(data, status_of(text), "%s", text);
    return 1;  // handled: the global handler is not called
}

static int on_warning(TIFF *tiff, void *data, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    tiff_client *client = data;
    char buffer[NCT_MESSAGE_SIZE];
    const char *text = message(buffer, format, arguments);
    if (is_remark(client, text)) return 1;
    if (starts_with(text, "IO error during reading of")) {
        // A value of a tag lies outside the file: libtiff would go on without the tag.
        nct_tiff_fail(client, NCT_TRUNCATED, "%s", text);
    } else if (is_damage(module, text)) {
        nct_tiff_fail(client, NCT_CORRUPT, "%s", text);
    } else if (client->raster != NULL && !starts_with(text, "Unknown field with tag")) {
        // Private tags of cameras and microscopes are no reason to remark on anything.
        nct_add_warning(client->raster, text);
    }
    return 1;
}

nct_status nct_tiff_fail(tiff_client *client, nct_status status, const char *format, ...) {
    if (client->status != NCT_OK) return client->status;
    client->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(client->message, NCT_MESSAGE_SIZE, format, arguments);
    va_end(arguments);
    return status;
}

static const uint8_t *content(const tiff_client *client) {
    return client->output != NULL ? client->output->bytes : client->bytes;
}

static size_t content_count(const tiff_client *client) {
    return client->output != NULL ? client->output->count : client->count;
}

static tmsize_t on_read(thandle_t handle, void *out, tmsize_t size) {
    tiff_client *client = handle;
    size_t count = content_count(client);
    if (size <= 0 || client->offset >= count) return 0;
    size_t left = count - client->offset;
    size_t taken = (size_t)size < left ? (size_t)size : left;
    memcpy(out, content(client) + client->offset, taken);
    client->offset += taken;
    return (tmsize_t)taken;
}

static tmsize_t on_write(thandle_t handle, void *bytes, tmsize_t size) {
    tiff_client *client = handle;
    nct_output *output = client->output;
    if (output == NULL || size < 0) return -1;
    size_t count = (size_t)size;
    if (count > SIZE_MAX - client->offset || !nct_output_reserve(output, client->offset + count)) {
        nct_tiff_fail(client, NCT_NO_MEMORY, "out of memory");
        return -1;
    }
    if (client->offset > output->count) memset(output->bytes + output->count, 0, client->offset - output->count);
    if (count > 0) memcpy(output->bytes + client->offset, bytes, count);
    client->offset += count;
    if (client->offset > output->count) output->count = client->offset;
    return size;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    tiff_client *client = handle;
    toff_t base = whence == SEEK_CUR ? client->offset : whence == SEEK_END ? content_count(client) : 0;
    toff_t target = base + offset;  // wraps where the offset means a step back, as libtiff has it
    if (target > INT64_MAX) return (toff_t)-1;
    client->offset = (size_t)target;
    return target;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) { return content_count(handle); }

static int on_map(thandle_t handle, void **base, toff_t *size) {
    tiff_client *client = handle;
    if (client->output != NULL) return 0;
    *base = (void *)client->bytes;  // only read from
    *size = client->count;
    return 1;
}

static void on_unmap(thandle_t handle, void *base, toff_t size) { (void)handle, (void)base, (void)size; }

// What libtiff reports without a handle would go to stderr.
static void silence(void) {
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
}

TIFF *nct_tiff_open(tiff_client *client, const char *mode, size_t maximum_allocation) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, silence);
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) {
        nct_tiff_fail(client, NCT_NO_MEMORY, "out of memory");
        return NULL;
    }
    tmsize_t most = maximum_allocation < INT64_MAX ? (tmsize_t)maximum_allocation : INT64_MAX;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, most);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, client);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, client);
    client->opening = true;
    TIFF *tiff = TIFFClientOpenExt(OPEN_NAME, mode, client, on_read, on_write, on_seek, on_close, on_size, on_map,
                                   on_unmap, options);
    client->opening = false;
    TIFFOpenOptionsFree(options);
    if (tiff == NULL) nct_tiff_fail(client, NCT_CORRUPT, "no directory can be read");
    return tiff;
}
