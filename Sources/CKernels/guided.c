#include "nct_guided.h"

#define NCT_SUMS 18
#define NCT_COEFFICIENTS 16

NCT_MULTIVERSIONED
void nct_guided_add_row(const float *guide, const float *field, size_t width, double sign, double *sums) {
    for (size_t x = 0; x < width; x++) {
        double value = guide[x], factor = sign * value;
        double *column = sums + NCT_SUMS * x;
        column[0] += factor;
        column[1] += factor * value;
        for (int c = 0; c < 8; c++) column[2 + c] += sign * (double)field[8 * x + c];
        for (int c = 0; c < 8; c++) column[10 + c] += factor * (double)field[8 * x + c];
    }
}

NCT_MULTIVERSIONED
void nct_guided_coefficients_row(const double *sums, size_t width, size_t rows, size_t radius, double epsilon,
                                 float *coefficients) {
    double window[NCT_SUMS] = {0};
    for (size_t x = 0; x < radius && x < width; x++)
        for (int c = 0; c < NCT_SUMS; c++) window[c] += sums[NCT_SUMS * x + c];
    for (size_t x = 0; x < width; x++) {
        if (x + radius < width)
            for (int c = 0; c < NCT_SUMS; c++) window[c] += sums[NCT_SUMS * (x + radius) + c];
        if (x > radius)
            for (int c = 0; c < NCT_SUMS; c++) window[c] -= sums[NCT_SUMS * (x - radius - 1) + c];
        size_t first = x > radius ? x - radius : 0, last = x + radius < width ? x + radius : width - 1;
        double share = 1.0 / (double)(rows * (last - first + 1));
        double mean = window[0] * share, variance = window[1] * share - mean * mean;
        double factor = 1.0 / ((variance > 0 ? variance : 0) + epsilon);
        for (int c = 0; c < 8; c++) {
            double meanField = window[2 + c] * share;
            double slope = (window[10 + c] * share - mean * meanField) * factor;
            coefficients[NCT_COEFFICIENTS * x + c] = (float)slope;
            coefficients[NCT_COEFFICIENTS * x + 8 + c] = (float)(meanField - slope * mean);
        }
    }
}

NCT_MULTIVERSIONED
void nct_guided_add_coefficients(const float *coefficients, size_t width, double sign, double *sums) {
    for (size_t i = 0; i < NCT_COEFFICIENTS * width; i++) sums[i] += sign * (double)coefficients[i];
}

NCT_MULTIVERSIONED
void nct_guided_average_row(const double *sums, size_t width, size_t rows, size_t radius, float *average) {
    double window[NCT_COEFFICIENTS] = {0};
    for (size_t x = 0; x < radius && x < width; x++)
        for (int c = 0; c < NCT_COEFFICIENTS; c++) window[c] += sums[NCT_COEFFICIENTS * x + c];
    for (size_t x = 0; x < width; x++) {
        if (x + radius < width)
            for (int c = 0; c < NCT_COEFFICIENTS; c++) window[c] += sums[NCT_COEFFICIENTS * (x + radius) + c];
        if (x > radius)
            for (int c = 0; c < NCT_COEFFICIENTS; c++) window[c] -= sums[NCT_COEFFICIENTS * (x - radius - 1) + c];
        size_t first = x > radius ? x - radius : 0, last = x + radius < width ? x + radius : width - 1;
        double share = 1.0 / (double)(rows * (last - first + 1));
        for (int c = 0; c < NCT_COEFFICIENTS; c++) average[NCT_COEFFICIENTS * x + c] = (float)(window[c] * share);
    }
}

NCT_MULTIVERSIONED
void nct_guided_apply_row(const float *upper, const float *lower, float fraction, size_t coarseWidth, size_t scale,
                          const float *luminance, size_t width, float *lab) {
    float step = 1.0f / (float)scale;
    for (size_t x = 0; x < width; x++) {
        float place = ((float)x + 0.5f) * step - 0.5f;
        if (place < 0) place = 0;
        if (place > (float)(coarseWidth - 1)) place = (float)(coarseWidth - 1);
        size_t left = (size_t)place, right = left + 1 < coarseWidth ? left + 1 : left;
        float across = place - (float)left, guide = luminance[x];
        const float *ul = upper + NCT_COEFFICIENTS * left, *ur = upper + NCT_COEFFICIENTS * right;
        const float *ll = lower + NCT_COEFFICIENTS * left, *lr = lower + NCT_COEFFICIENTS * right;
        float mixed[NCT_COEFFICIENTS], transfer[8];
        for (int c = 0; c < NCT_COEFFICIENTS; c++) {
            float top = ul[c] + across * (ur[c] - ul[c]), bottom = ll[c] + across * (lr[c] - ll[c]);
            mixed[c] = top + fraction * (bottom - top);
        }
        for (int c = 0; c < 8; c++) transfer[c] = mixed[c] * guide + mixed[8 + c];
        for (int c = 0; c < 3; c++) lab[3 * x + c] = transfer[c] * lab[3 * x + c] + 100 * transfer[4 + c];
    }
}
