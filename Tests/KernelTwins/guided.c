#include "CKernelTwins.h"

#define NCT_SUMS 18
#define NCT_COEFFICIENTS 16

void nct_guided_add_row_scalar(const float *guide, const float *field, size_t width, double sign, double *sums) {
    for (size_t x = 0; x < width; x++) {
        double value = guide[x], *column = sums + NCT_SUMS * x;
        column[0] += sign * value;
        column[1] += sign * (value * value);
        for (size_t c = 0; c < 8; c++) {
            double other = field[8 * x + c];
            column[2 + c] += sign * other;
            column[10 + c] += sign * (value * other);
        }
    }
}

// The mean over the window around `x` of entry `c` of columns of `entries` sums, each of `rows` rows.
static double window_mean(const double *sums, size_t entries, size_t c, size_t x, size_t width, size_t rows,
                          size_t radius) {
    size_t first = x > radius ? x - radius : 0, last = x + radius < width ? x + radius : width - 1;
    double sum = 0;
    for (size_t u = first; u <= last; u++) sum += sums[entries * u + c];
    return sum / (double)(rows * (last - first + 1));
}

void nct_guided_coefficients_row_scalar(const double *sums, size_t width, size_t rows, size_t radius, double epsilon,
                                        float *coefficients) {
    for (size_t x = 0; x < width; x++) {
        double mean[NCT_SUMS];
        for (size_t c = 0; c < NCT_SUMS; c++) mean[c] = window_mean(sums, NCT_SUMS, c, x, width, rows, radius);
        double variance = mean[1] - mean[0] * mean[0];
        if (variance < 0) variance = 0;
        for (size_t c = 0; c < 8; c++) {
            double slope = (mean[10 + c] - mean[0] * mean[2 + c]) / (variance + epsilon);
            coefficients[NCT_COEFFICIENTS * x + c] = (float)slope;
            coefficients[NCT_COEFFICIENTS * x + 8 + c] = (float)(mean[2 + c] - slope * mean[0]);
        }
    }
}

void nct_guided_add_coefficients_scalar(const float *coefficients, size_t width, double sign, double *sums) {
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < NCT_COEFFICIENTS; c++)
            sums[NCT_COEFFICIENTS * x + c] += sign * (double)coefficients[NCT_COEFFICIENTS * x + c];
}

void nct_guided_average_row_scalar(const double *sums, size_t width, size_t rows, size_t radius, float *average) {
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < NCT_COEFFICIENTS; c++)
            average[NCT_COEFFICIENTS * x + c] =
                (float)window_mean(sums, NCT_COEFFICIENTS, c, x, width, rows, radius);
}

void nct_guided_apply_row_scalar(const float *upper, const float *lower, float fraction, size_t coarseWidth,
                                 size_t scale, const float *luminance, size_t width, float *lab) {
    for (size_t x = 0; x < width; x++) {
        double place = ((double)x + 0.5) / (double)scale - 0.5, last = (double)(coarseWidth - 1);
        place = place < 0 ? 0 : place > last ? last : place;
        size_t left = (size_t)place, right = left + 1 < coarseWidth ? left + 1 : left;
        double across = place - (double)left, mixed[NCT_COEFFICIENTS];
        for (size_t c = 0; c < NCT_COEFFICIENTS; c++) {
            size_t l = NCT_COEFFICIENTS * left + c, r = NCT_COEFFICIENTS * right + c;
            double top = (1 - across) * upper[l] + across * upper[r];
            double bottom = (1 - across) * lower[l] + across * lower[r];
            mixed[c] = (1 - (double)fraction) * top + (double)fraction * bottom;
        }
        for (size_t c = 0; c < 3; c++) {
            double gain = mixed[c] * luminance[x] + mixed[8 + c];
            double offset = mixed[4 + c] * luminance[x] + mixed[12 + c];
            lab[3 * x + c] = (float)(gain * lab[3 * x + c] + 100 * offset);
        }
    }
}
