// Colors by Little CMS: from what a file says of its samples to sRGB, relative colorimetric with black point
// compensation. Sources: ICC.1:2022; PNG 1.2 (gAMA, cHRM); TIFF 6.0, sections 20 and 23.
#include "internal.h"

#include <lcms2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// A profile that moves no color by more than this is sRGB in effect: a level of 8 bits, and what rounding adds.
enum { SAME = 320 };
// A longer profile is not looked at.
static const size_t LONGEST_PROFILE = (size_t)16 << 20;

typedef struct conversion {
    cmsContext context;
    cmsHPROFILE from, to;
    cmsHTRANSFORM transform;
    char *problem;  // of the report: takes the first message of Little CMS
} conversion;

static void on_error(cmsContext context, cmsUInt32Number code, const char *text) {
    (void)code;
    conversion *state = cmsGetContextUserData(context);
    if (state != NULL && state->problem[0] == 0) nct_set_message(state->problem, "%s", text);
}

static void close_conversion(conversion *state) {
    if (state->transform != NULL) cmsDeleteTransform(state->transform);
    if (state->from != NULL) cmsCloseProfile(state->from);
    if (state->to != NULL) cmsCloseProfile(state->to);
    if (state->context != NULL) cmsDeleteContext(state->context);
}

static cmsToneCurve *srgb_curve(cmsContext context) {
    const cmsFloat64Number parameters[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    return cmsBuildParametricToneCurve(context, 4, parameters);
}

// White, red, green and blue of sRGB, x and y.
static const double SRGB_PRIMARIES[8] = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};

// What gray of sRGB is: its curve on the white of the profile connection space.
static cmsHPROFILE gray_profile(cmsContext context) {
    cmsToneCurve *curve = srgb_curve(context);
    cmsHPROFILE profile = curve != NULL ? cmsCreateGrayProfileTHR(context, cmsD50_xyY(), curve) : NULL;
    if (curve != NULL) cmsFreeToneCurve(curve);
    return profile;
}

static bool says_primaries(const nct_raster *raster) {
    const double *at = raster->chromaticities;
    for (int i = 0; i < 8; i++) {
        if (!(at[i] > 0 && at[i] < 1)) return false;
    }
    return true;
}

static bool are_srgb_primaries(const nct_raster *raster) {
    for (int i = 0; i < 8; i++) {
        double difference = raster->chromaticities[i] - SRGB_PRIMARIES[i];
        if (difference > 0.002 || difference < -0.002) return false;
    }
    return true;
}

// The profile that white, primaries and exponent come to. An exponent as sRGB's writers give it means sRGB's curve, but
// for other primaries, whose curves are powers. Null where nothing is said, or sRGB in other words.
static cmsHPROFILE profile_of_numbers(cmsContext context, const nct_raster *raster) {
    bool has_primaries = says_primaries(raster) && !are_srgb_primaries(raster);
    bool is_usual = raster->gamma == 0 || (raster->gamma > 2.08 && raster->gamma < 2.33);
    if (!has_primaries && is_usual) return NULL;
    bool is_power = raster->gamma > 0 && (has_primaries || !is_usual);
    cmsToneCurve *curve = is_power ? cmsBuildGamma(context, raster->gamma) : srgb_curve(context);
    if (curve == NULL) return NULL;
    const double *at = has_primaries ? raster->chromaticities : SRGB_PRIMARIES;
    cmsCIExyY white = {at[0], at[1], 1};
    cmsCIExyYTRIPLE primaries = {{at[2], at[3], 1}, {at[4], at[5], 1}, {at[6], at[7], 1}};
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = raster->model == NCT_GRAY ? cmsCreateGrayProfileTHR(context, cmsD50_xyY(), curve)
                                                    : cmsCreateRGBProfileTHR(context, &white, &primaries, curves);
    cmsFreeToneCurve(curve);
    return profile;
}

// Little CMS's word for the samples of a model, 16 bits in the machine's order.
static cmsUInt32Number format_of(nct_model model, int bits, int extra) {
    cmsUInt32Number rest = BYTES_SH(bits / 8) | EXTRA_SH(extra);
    switch (model) {
    case NCT_GRAY: return COLORSPACE_SH(PT_GRAY) | CHANNELS_SH(1) | rest;
    case NCT_CMYK: return COLORSPACE_SH(PT_CMYK) | CHANNELS_SH(4) | rest;
    case NCT_LAB:
        return (bits == 8 ? COLORSPACE_SH(PT_Lab) : COLORSPACE_SH(PT_LabV2)) | CHANNELS_SH(3) | rest;
    default: return COLORSPACE_SH(PT_RGB) | CHANNELS_SH(3) | rest;
    }
}

static bool open_transform(conversion *state, cmsUInt32Number in, cmsUInt32Number out, bool exact) {
    if (state->transform != NULL) cmsDeleteTransform(state->transform);
    // Tables of few points are exact enough for 8 bits alone.
    cmsUInt32Number flags = cmsFLAGS_BLACKPOINTCOMPENSATION | (exact ? cmsFLAGS_NOOPTIMIZE : 0);
    state->transform = cmsCreateTransformTHR(state->context, state->from, in, state->to, out,
                                             INTENT_RELATIVE_COLORIMETRIC, flags);
    return state->transform != NULL;
}

static bool is_near(const uint16_t *a, const uint16_t *b, int count) {
    for (int i = 0; i < count; i++) {
        int difference = (int)a[i] - (int)b[i];
        if (difference > SAME || difference < -SAME) return false;
    }
    return true;
}

// Whether the profile is sRGB in effect: all grays and a grid of colors stay where they are.
static bool is_srgb(conversion *state, nct_model model) {
    int channels = model == NCT_GRAY ? 1 : 3;
    cmsUInt32Number format = format_of(model, 16, 0);
    if (!open_transform(state, format, format, true)) return false;
    for (int i = 0; i <= 64; i++) {
        uint16_t gray = (uint16_t)(i * 65535 / 64), in[3] = {gray, gray, gray}, out[3];
        cmsDoTransform(state->transform, in, out, 1);
        if (!is_near(in, out, channels)) return false;
    }
    for (int i = 0; channels == 3 && i < 6 * 6 * 6; i++) {
        uint16_t in[3] = {(uint16_t)(i / 36 * 13107), (uint16_t)(i / 6 % 6 * 13107), (uint16_t)(i % 6 * 13107)}, out[3];
        cmsDoTransform(state->transform, in, out, 1);
        if (!is_near(in, out, 3)) return false;
    }
    return true;
}

// Row by row and in place: a row never takes more room than the one that it is made of.
static void convert_rows(conversion *state, nct_raster *raster, int channels_out) {
    size_t sample = (size_t)(raster->bits / 8);
    size_t in = (size_t)raster->width * (size_t)raster->channels * sample;
    size_t out = (size_t)raster->width * (size_t)channels_out * sample;
    for (uint32_t y = 0; y < raster->height; y++) {
        cmsDoTransform(state->transform, (uint8_t *)raster->pixels + y * in, (uint8_t *)raster->pixels + y * out,
                       raster->width);
    }
    raster->channels = channels_out;
}

// Gray under a profile for RGB: what equal parts of the three become, which have one value on the way to gray.
static bool convert_gray_by_rgb(conversion *state, nct_raster *raster) {
    cmsCloseProfile(state->to);
    state->to = gray_profile(state->context);
    if (state->to == NULL || !open_transform(state, TYPE_RGB_16, TYPE_GRAY_16, true)) return false;
    unsigned top = raster->bits == 16 ? 65535 : 255;
    uint16_t *table = malloc((size_t)(top + 1) * sizeof *table);
    if (table == NULL) return false;
    bool changes = false;
    for (unsigned value = 0; value <= top; value++) {
        uint16_t gray = (uint16_t)(value * (65535 / top)), in[3] = {gray, gray, gray}, out = 0;
        cmsDoTransform(state->transform, in, &out, 1);
        changes = changes || !is_near(&gray, &out, 1);
        table[value] = top == 255 ? (uint16_t)((out + 128u) / 257u) : out;
    }
    size_t count = (size_t)raster->width * raster->height, step = (size_t)raster->channels;
    for (size_t i = 0; changes && i < count; i++) {
        if (raster->bits == 16) {
            uint16_t *at = (uint16_t *)raster->pixels + i * step;
            *at = table[*at];
        } else {
            uint8_t *at = (uint8_t *)raster->pixels + i * step;
            *at = (uint8_t)table[*at];
        }
    }
    free(table);
    return true;
}

#define NCT_DEFINE_INK(NAME, TYPE, TOP)                                                                               \
    static void NAME(TYPE *pixels, size_t count) {                                                                     \
        const TYPE *in = pixels;                                                                                       \
        for (size_t i = 0; i < count; i++, in += 4, pixels += 3) {                                                     \
            uint32_t light[3], white = TOP - in[3];                                                                    \
            for (int c = 0; c < 3; c++) light[c] = ((uint32_t)(TOP - in[c]) * white + TOP / 2) / TOP;                  \
            for (int c = 0; c < 3; c++) pixels[c] = (TYPE)light[c];                                                    \
        }                                                                                                              \
    }

NCT_DEFINE_INK(lighten8, uint8_t, 255u)
NCT_DEFINE_INK(lighten16, uint16_t, 65535u)

// CMYK that no profile tells of: ink takes its share of the light.
static void convert_ink(nct_raster *raster) {
    size_t count = (size_t)raster->width * raster->height;
    if (raster->bits == 16) {
        lighten16(raster->pixels, count);
    } else {
        lighten8(raster->pixels, count);
    }
    raster->channels = 3;
    raster->model = NCT_RGB;
    nct_add_warning(raster, "CMYK was converted to RGB without regard to a profile");
}

// Opens the embedded profile if it can serve for the raster's model.
static bool open_embedded(conversion *state, const nct_raster *raster, nct_color_report *report) {
    if (raster->icc_count > LONGEST_PROFILE) {
        nct_set_message(report->problem, "it has %zu bytes", raster->icc_count);
        return false;
    }
    state->from = cmsOpenProfileFromMemTHR(state->context, raster->icc, (cmsUInt32Number)raster->icc_count);
    if (state->from == NULL) {
        if (report->problem[0] == 0) nct_set_message(report->problem, "it is damaged");
        return false;
    }
    cmsGetProfileInfoASCII(state->from, cmsInfoDescription, "en", "US", report->name, sizeof report->name);
    report->name[sizeof report->name - 1] = 0;
    cmsColorSpaceSignature space = cmsGetColorSpace(state->from);
    cmsProfileClassSignature kind = cmsGetDeviceClass(state->from);
    bool fits = (raster->model == NCT_GRAY && (space == cmsSigGrayData || space == cmsSigRgbData)) ||
                (raster->model == NCT_RGB && space == cmsSigRgbData) ||
                (raster->model == NCT_CMYK && space == cmsSigCmykData);
    bool is_device = kind == cmsSigInputClass || kind == cmsSigDisplayClass || kind == cmsSigOutputClass ||
                     kind == cmsSigColorSpaceClass;
    if (fits && is_device) return true;
    nct_set_message(report->problem, is_device ? "it is made for other colors than the picture has"
                                               : "it describes no camera, screen or printer");
    cmsCloseProfile(state->from);
    state->from = NULL;
    return false;
}

static nct_color_action convert(conversion *state, nct_raster *raster, nct_color_report *report) {
    if (raster->model == NCT_LAB) {
        state->from = cmsCreateLab4ProfileTHR(state->context, NULL);
    } else if (raster->icc != NULL) {
        if (!open_embedded(state, raster, report)) return NCT_COLOR_UNUSABLE;
    } else if (raster->model != NCT_CMYK) {
        state->from = profile_of_numbers(state->context, raster);
    }
    if (state->from == NULL) return NCT_COLOR_SRGB;
    nct_model made = raster->model == NCT_GRAY ? NCT_GRAY : NCT_RGB;
    state->to = made == NCT_GRAY ? gray_profile(state->context) : cmsCreate_sRGBProfileTHR(state->context);
    if (state->to == NULL) return NCT_COLOR_UNUSABLE;
    if (made == NCT_GRAY && cmsGetColorSpace(state->from) == cmsSigRgbData) {
        return convert_gray_by_rgb(state, raster) ? NCT_COLOR_CONVERTED : NCT_COLOR_UNUSABLE;
    }
    if (raster->model == made && is_srgb(state, made)) return NCT_COLOR_SRGB;
    int colors = raster->model == NCT_CMYK ? 4 : raster->model == NCT_GRAY ? 1 : 3;
    int extra = raster->channels - colors, channels_out = (made == NCT_GRAY ? 1 : 3) + extra;
    if (!open_transform(state, format_of(raster->model, raster->bits, extra), format_of(made, raster->bits, extra),
                        raster->bits == 16)) {
        return NCT_COLOR_UNUSABLE;
    }
    convert_rows(state, raster, channels_out);
    raster->model = made;
    return NCT_COLOR_CONVERTED;
}

nct_status nct_convert_to_srgb(nct_raster *raster, nct_color_report *report) {
    memset(report, 0, sizeof *report);
    bool is_plain = raster->icc == NULL && raster->gamma == 0 && !says_primaries(raster);
    if (is_plain && raster->model != NCT_LAB) {
        if (raster->model == NCT_CMYK) convert_ink(raster);
        return NCT_OK;
    }
    conversion state = {.problem = report->problem};
    state.context = cmsCreateContext(NULL, &state);
    if (state.context == NULL) return NCT_NO_MEMORY;
    cmsSetLogErrorHandlerTHR(state.context, on_error);
    report->action = convert(&state, raster, report);
    close_conversion(&state);
    if (raster->model == NCT_LAB) return NCT_CORRUPT;
    if (raster->model == NCT_CMYK) convert_ink(raster);
    if (report->action == NCT_COLOR_UNUSABLE && report->problem[0] == 0) {
        nct_set_message(report->problem, "nothing can be converted by it");
    }
    return NCT_OK;
}

static struct {
    uint8_t bytes[8192];
    cmsUInt32Number count;
} srgb;

static void make_srgb(void) {
    cmsHPROFILE profile = cmsCreate_sRGBProfile();
    cmsUInt32Number count = 0;
    if (profile != NULL && cmsSaveProfileToMem(profile, NULL, &count) && count <= sizeof srgb.bytes &&
        cmsSaveProfileToMem(profile, srgb.bytes, &count)) {
        // The date of creation would make every result another: a fixed one. ICC.1:2022, 7.2.10.
        static const uint8_t date[12] = {7, 208, 0, 1, 0, 1};
        memcpy(srgb.bytes + 24, date, sizeof date);
        srgb.count = count;
    }
    if (profile != NULL) cmsCloseProfile(profile);
}

const uint8_t *nct_srgb_profile(size_t *count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_srgb);
    *count = srgb.count;
    return srgb.bytes;
}
