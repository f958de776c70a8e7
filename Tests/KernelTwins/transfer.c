#include "CKernelTwins.h"

#include <math.h>

void nct_transfer_initial_row_scalar(const float *source, const float *guidance, size_t width, size_t height, size_t y,
                                     float epsilon, float leastGain, float greatestGain, float *out) {
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < 3; c++) {
            double count = 0, sumS = 0, sumG = 0, squareS = 0, squareG = 0;
            for (size_t v = y > 0 ? y - 1 : 0; v <= y + 1 && v < height; v++)
                for (size_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < width; u++) {
                    double s = source[3 * (v * width + u) + c], g = guidance[3 * (v * width + u) + c];
                    count++;
                    sumS += s;
                    sumG += g;
                    squareS += s * s;
                    squareG += g * g;
                }
            double meanS = sumS / count, meanG = sumG / count;
            double sigmaS = sqrt(fmax(squareS / count - meanS * meanS, 0));
            double sigmaG = sqrt(fmax(squareG / count - meanG * meanG, 0));
            double gain = sigmaG / (sigmaS + 100 * (double)epsilon);
            gain = fmin(fmax(gain, leastGain), greatestGain);
            out[8 * x + c] = (float)gain;
            out[8 * x + 4 + c] = (float)((meanG - gain * meanS) / 100);
            out[8 * x + 3] = out[8 * x + 7] = 0;
        }
}

void nct_transfer_apply_scalar(const float *field, const float *lab, size_t count, float *result) {
    for (size_t i = 0; i < 3 * count; i++) {
        double gain = field[i / 3 * 8 + i % 3], offset = field[i / 3 * 8 + 4 + i % 3];
        result[i] = (float)(gain * lab[i] + 100 * offset);
    }
}

void nct_transfer_pack_scalar(const float *lab, const float *confidence, size_t count, float *packed) {
    for (size_t i = 0; i < 4 * count; i++)
        packed[i] = i % 4 < 3 ? (float)((double)lab[i / 4 * 3 + i % 4] / 100) : confidence[i / 4];
}

void nct_transfer_local_weights_row_scalar(const float *luminance, size_t width, size_t height, size_t y,
                                           float *weights) {
    for (size_t x = 0; x < width; x++)
        for (size_t down = 0; down < 2; down++) {
            size_t i = y * width + x;
            weights[2 * x + down] = 0;
            if (down ? y + 1 == height : x + 1 == width) continue;
            double step = (double)luminance[down ? i + width : i + 1] - (double)luminance[i];
            weights[2 * x + down] = (float)(1 / (pow(fabs(step), 1.2) + 1e-4));
        }
}

// Link by link: each counts at the place it starts from and at the one it goes to.
void nct_transfer_color_degree_scalar(const int32_t *order, const float *weights, size_t begin, size_t end,
                                      size_t reach, float scale, float *degree) {
    for (size_t place = begin; place < end; place++) {
        double sum = 0;
        for (size_t from = 0; from <= place; from++)
            for (size_t k = 1; k <= reach; k++)
                if (from == place || from + k == place) sum += weights[from * reach + k - 1];
        degree[order[place]] += (float)((double)scale * sum);
    }
}

void nct_transfer_local_degree_row_scalar(const float *weights, size_t width, size_t y, float scale, float *degree) {
    for (size_t x = 0; x < width; x++) {
        size_t i = y * width + x;
        double sum = (double)weights[2 * i] + (double)weights[2 * i + 1];
        sum += x > 0 ? (double)weights[2 * i - 2] : 0;
        sum += y > 0 ? (double)weights[2 * (i - width) + 1] : 0;
        degree[i] += (float)((double)scale * sum);
    }
}

void nct_transfer_color_laplacian_scalar(const float *x, const int32_t *order, const float *weights, size_t count,
                                         size_t begin, size_t end, size_t reach, float scale, float *y) {
    for (size_t i = begin; i < end; i++)
        for (size_t c = 0; c < 8; c++) {
            double own = x[8 * (size_t)order[i] + c], sum = 0;
            for (size_t k = 1; k <= reach; k++) {
                if (i + k < count)
                    sum += (double)weights[i * reach + k - 1] * (own - (double)x[8 * (size_t)order[i + k] + c]);
                if (i >= k)
                    sum += (double)weights[(i - k) * reach + k - 1] * (own - (double)x[8 * (size_t)order[i - k] + c]);
            }
            y[8 * (size_t)order[i] + c] = (float)((double)scale * sum);
        }
}

void nct_transfer_grid_operator_scalar(const float *x, const float *packed, const float *weights, size_t width,
                                       size_t height, size_t begin, size_t end, float scale, float *y, double *dots) {
    dots[0] = dots[1] = dots[2] = 0;
    for (size_t row = begin; row < end; row++)
        for (size_t column = 0; column < width; column++) {
            size_t i = row * width + column;
            for (int c = 0; c < 3; c++) {
                double s = packed[4 * i + c];
                double misfit = packed[4 * i + 3] * (s * x[8 * i + c] + x[8 * i + 4 + c]);
                for (int half = 0; half < 2; half++) {
                    size_t at = 8 * i + 4 * (size_t)half + (size_t)c;
                    double own = x[at], sum = 0;
                    if (column > 0) sum += weights[2 * (i - 1)] * (own - x[at - 8]);
                    if (column + 1 < width) sum += weights[2 * i] * (own - x[at + 8]);
                    if (row > 0) sum += weights[2 * (i - width) + 1] * (own - x[at - 8 * width]);
                    if (row + 1 < height) sum += weights[2 * i + 1] * (own - x[at + 8 * width]);
                    double result = y[at] + scale * sum + (half == 0 ? s * misfit : misfit);
                    y[at] = (float)result;
                    dots[c] += own * result;
                }
            }
        }
}

// inverse(D) r of one channel of one pixel by Cramer's rule.
static void precondition(const float *r, const float *packed, const float *degree, size_t i, int c, double *gain,
                         double *offset) {
    double s = packed[4 * i + c], confidence = packed[4 * i + 3];
    double d = fmax(degree[i], fmax(1e-3 * confidence, 1e-8));
    double aa = d + confidence * s * s, ab = confidence * s, bb = d + confidence;
    double determinant = aa * bb - ab * ab;
    *gain = (bb * r[8 * i + c] - ab * r[8 * i + 4 + c]) / determinant;
    *offset = (aa * r[8 * i + 4 + c] - ab * r[8 * i + c]) / determinant;
}

void nct_transfer_residual_scalar(const float *packed, const float *guidance, const float *degree, size_t count,
                                  float *r, double *residual, double *right, double *guidanceEnergy) {
    residual[0] = residual[1] = residual[2] = *right = *guidanceEnergy = 0;
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) {
            double target = (double)guidance[3 * i + (size_t)c] / 100, confidence = packed[4 * i + 3];
            size_t at[2] = {8 * i + (size_t)c, 8 * i + 4 + (size_t)c};
            float own[2] = {r[at[0]], r[at[1]]};
            double side[2] = {confidence * target * packed[4 * i + (size_t)c], confidence * target};
            double gain, offset;
            for (int half = 0; half < 2; half++) r[at[half]] = (float)side[half];
            precondition(r, packed, degree, i, c, &gain, &offset);
            *right += side[0] * gain + side[1] * offset;
            for (int half = 0; half < 2; half++) r[at[half]] = (float)(side[half] - own[half]);
            precondition(r, packed, degree, i, c, &gain, &offset);
            residual[c] += r[at[0]] * gain + r[at[1]] * offset;
            *guidanceEnergy += confidence * target * target;
        }
}

void nct_transfer_step_scalar(const float *alpha, const float *p, const float *q, const float *packed,
                              const float *degree, size_t count, float *x, float *r, double *dots) {
    dots[0] = dots[1] = dots[2] = 0;
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) {
            size_t at[2] = {8 * i + (size_t)c, 8 * i + 4 + (size_t)c};
            for (int half = 0; half < 2; half++) {
                x[at[half]] += alpha[c] * p[at[half]];
                r[at[half]] -= alpha[c] * q[at[half]];
            }
            double gain, offset;
            precondition(r, packed, degree, i, c, &gain, &offset);
            dots[c] += r[at[0]] * gain + r[at[1]] * offset;
        }
}

void nct_transfer_direction_scalar(const float *beta, const float *r, const float *packed, const float *degree,
                                   size_t count, float *p) {
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) {
            double gain, offset;
            precondition(r, packed, degree, i, c, &gain, &offset);
            p[8 * i + c] = (float)gain + beta[c] * p[8 * i + c];
            p[8 * i + 4 + c] = (float)offset + beta[c] * p[8 * i + 4 + c];
        }
}

// Twice a weight times the squared distance of two pixel vectors.
static double pair(float weight, const float *a, const float *b) {
    double sum = 0;
    for (int c = 0; c < 8; c++) sum += ((double)a[c] - (double)b[c]) * ((double)a[c] - (double)b[c]);
    return 2 * (double)weight * sum;
}

void nct_transfer_grid_energy_scalar(const float *field, const float *packed, const float *guidance,
                                     const float *weights, size_t width, size_t height, size_t begin, size_t end,
                                     double *data, double *local) {
    *data = *local = 0;
    for (size_t i = begin * width; i < end * width; i++) {
        const float *own = field + 8 * i;
        for (size_t c = 0; c < 3; c++) {
            double misfit = (double)own[c] * packed[4 * i + c] + own[4 + c] - (double)guidance[3 * i + c] / 100;
            *data += packed[4 * i + 3] * misfit * misfit;
        }
        if (i % width + 1 < width) *local += pair(weights[2 * i], own, own + 8);
        if (i / width + 1 < height) *local += pair(weights[2 * i + 1], own, own + 8 * width);
    }
}

double nct_transfer_color_energy_scalar(const float *field, const int32_t *order, const float *weights, size_t count,
                                        size_t begin, size_t end, size_t reach) {
    double sum = 0;
    for (size_t i = begin; i < end; i++)
        for (size_t j = i + 1; j < count && j <= i + reach; j++)
            sum += pair(weights[i * reach + j - i - 1], field + 8 * (size_t)order[i], field + 8 * (size_t)order[j]);
    return sum;
}
