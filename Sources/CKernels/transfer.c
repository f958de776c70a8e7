#include "nct_transfer.h"

#include <math.h>

// Eight floats that need not be aligned; on processors without AVX the compiler splits them.
typedef float nct_f8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float nct_f4 __attribute__((vector_size(16), aligned(4), may_alias));

#define NCT_LOAD8(pointer) (*(const nct_f8 *)(pointer))
#define NCT_STORE8(pointer, value) (*(nct_f8 *)(pointer) = (value))
// The halves exchanged: adding this to a product with (S, 1) makes the sum over gain and offset in all lanes.
#define NCT_SWAP8(v) __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3)
// (S, confidence, 1, 1, 1, 1). Lanes 3 and 7 only ever meet zeros.
#define NCT_MODEL8(packed, i) \
    __builtin_shufflevector(*(const nct_f4 *)((packed) + 4 * (i)), ((nct_f4){1, 1, 1, 1}), 0, 1, 2, 3, 4, 5, 6, 7)
#define NCT_SPLAT8(s) ((nct_f8){s, s, s, s, s, s, s, s})
// Pixels whose products are summed in float before they go to double.
#define NCT_BLOCK 64

// Floors of a pixel's degree in the preconditioner, so that it stays positive definite where nothing smooths.
#define NCT_DEGREE_FLOOR(degree, confidence) fmaxf(degree, fmaxf(1e-3f * (confidence), 1e-8f))

void nct_transfer_initial_row(const float *source, const float *guidance, size_t width, size_t height, size_t y,
                              float epsilon, float leastGain, float greatestGain, float *out) {
    size_t y0 = y > 0 ? y - 1 : 0, y1 = y + 1 < height ? y + 1 : height - 1;
    for (size_t x = 0; x < width; x++) {
        size_t x0 = x > 0 ? x - 1 : 0, x1 = x + 1 < width ? x + 1 : width - 1;
        float share = 1.0f / (float)((y1 - y0 + 1) * (x1 - x0 + 1));
        for (int c = 0; c < 3; c++) {
            float sumS = 0, sumG = 0, varS = 0, varG = 0;
            for (size_t v = y0; v <= y1; v++)
                for (size_t u = x0; u <= x1; u++) {
                    sumS += source[3 * (v * width + u) + c];
                    sumG += guidance[3 * (v * width + u) + c];
                }
            float meanS = sumS * share, meanG = sumG * share;
            for (size_t v = y0; v <= y1; v++)
                for (size_t u = x0; u <= x1; u++) {
                    float s = source[3 * (v * width + u) + c] - meanS;
                    float g = guidance[3 * (v * width + u) + c] - meanG;
                    varS += s * s;
                    varG += g * g;
                }
            float gain = sqrtf(varG * share) / (sqrtf(varS * share) + 100 * epsilon);
            gain = fminf(fmaxf(gain, leastGain), greatestGain);
            out[8 * x + c] = gain;
            out[8 * x + 4 + c] = 0.01f * (meanG - gain * meanS);
        }
        out[8 * x + 3] = 0;
        out[8 * x + 7] = 0;
    }
}

void nct_transfer_apply(const float *field, const float *lab, size_t count, float *result) {
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) result[3 * i + c] = field[8 * i + c] * lab[3 * i + c] + 100 * field[8 * i + 4 + c];
}

void nct_transfer_pack(const float *lab, const float *confidence, size_t count, float *packed) {
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < 3; c++) packed[4 * i + c] = 0.01f * lab[3 * i + c];
        packed[4 * i + 3] = confidence[i];
    }
}

void nct_transfer_local_weights_row(const float *luminance, size_t width, size_t height, size_t y, float *weights) {
    const float *row = luminance + y * width;
    for (size_t x = 0; x < width; x++) {
        float right = 0, down = 0;
        if (x + 1 < width) right = 1 / (powf(fabsf(row[x + 1] - row[x]), 1.2f) + 1e-4f);
        if (y + 1 < height) down = 1 / (powf(fabsf(row[x + width] - row[x]), 1.2f) + 1e-4f);
        weights[2 * x] = right;
        weights[2 * x + 1] = down;
    }
}

void nct_transfer_color_degree(const int32_t *order, const float *weights, size_t begin, size_t end, size_t reach,
                               float scale, float *degree) {
    for (size_t i = begin; i < end; i++) {
        float sum = 0;
        for (size_t k = 1; k <= reach; k++) {
            sum += weights[i * reach + k - 1];
            if (i >= k) sum += weights[(i - k) * reach + k - 1];
        }
        degree[order[i]] += scale * sum;
    }
}

void nct_transfer_local_degree_row(const float *weights, size_t width, size_t y, float scale, float *degree) {
    for (size_t x = 0; x < width; x++) {
        size_t i = y * width + x;
        float sum = weights[2 * i] + weights[2 * i + 1];
        if (x > 0) sum += weights[2 * (i - 1)];
        if (y > 0) sum += weights[2 * (i - width) + 1];
        degree[i] += scale * sum;
    }
}

// One place of the color graph, `reach` a constant where it is expanded.
#define NCT_COLOR_PLACE(reach)                                                                   \
    do {                                                                                         \
        nct_f8 own = NCT_LOAD8(x + 8 * (size_t)order[i]), sum = NCT_SPLAT8(0);                   \
        for (size_t k = 1; k <= (reach); k++) {                                                  \
            nct_f8 after = NCT_LOAD8(x + 8 * (size_t)order[i + k]);                              \
            nct_f8 before = NCT_LOAD8(x + 8 * (size_t)order[i - k]);                             \
            sum += weights[i * (reach) + k - 1] * (own - after);                                 \
            sum += weights[(i - k) * (reach) + k - 1] * (own - before);                          \
        }                                                                                        \
        sum *= scale;                                                                            \
        NCT_STORE8(y + 8 * (size_t)order[i], sum);                                               \
    } while (0)

#define NCT_COLOR_RUN(reach)                                                     \
    for (; i < last; i++) {                                                      \
        __builtin_prefetch(x + 8 * (size_t)order[i + 16 < count ? i + 16 : i]);  \
        __builtin_prefetch(y + 8 * (size_t)order[i + 12 < count ? i + 12 : i], 1); \
        NCT_COLOR_PLACE(reach);                                                  \
    }

// Places that may lack neighbors: those at the ends.
static inline __attribute__((always_inline)) void laplacian_at_ends(const float *x, const int32_t *order,
                                                                    const float *weights, size_t count, size_t begin,
                                                                    size_t end, size_t reach, float scale, float *y) {
    for (size_t i = begin; i < end; i++) {
        const float *own = x + 8 * (size_t)order[i];
        float *to = y + 8 * (size_t)order[i];
        for (int c = 0; c < 8; c++) {
            float sum = 0;
            for (size_t k = 1; k <= reach; k++) {
                if (i + k < count)
                    sum += weights[i * reach + k - 1] * (own[c] - x[8 * (size_t)order[i + k] + c]);
                if (i >= k)
                    sum += weights[(i - k) * reach + k - 1] * (own[c] - x[8 * (size_t)order[i - k] + c]);
            }
            to[c] = scale * sum;
        }
    }
}

NCT_MULTIVERSIONED
void nct_transfer_color_laplacian(const float *x, const int32_t *order, const float *weights, size_t count,
                                  size_t begin, size_t end, size_t reach, float scale, float *y) {
    // Places with all neighbors on both sides take the fast path; the few at the ends the plain one.
    size_t first = begin < reach ? (reach < end ? reach : end) : begin;
    size_t last = end + reach > count ? (count > reach ? count - reach : 0) : end;
    if (last < first) last = first;
    laplacian_at_ends(x, order, weights, count, begin, first, reach, scale, y);
    size_t i = first;
    switch (reach) {
    case 1: NCT_COLOR_RUN(1) break;
    case 2: NCT_COLOR_RUN(2) break;
    case 3: NCT_COLOR_RUN(3) break;
    default: NCT_COLOR_RUN(4) break;
    }
    laplacian_at_ends(x, order, weights, count, last, end, reach, scale, y);
}

#define NCT_ADD_CHANNELS(sums, v)                                   \
    do {                                                            \
        for (int c = 0; c < 3; c++) (sums)[c] += (double)(v)[c] + (double)(v)[c + 4]; \
    } while (0)

NCT_MULTIVERSIONED
void nct_transfer_grid_operator(const float *x, const float *packed, const float *weights, size_t width,
                                size_t height, size_t begin, size_t end, float scale, float *y, double *dots) {
    dots[0] = dots[1] = dots[2] = 0;
    for (size_t row = begin; row < end; row++) {
        for (size_t start = 0; start < width; start += NCT_BLOCK) {
            size_t stop = start + NCT_BLOCK < width ? start + NCT_BLOCK : width;
            nct_f8 dot = NCT_SPLAT8(0);
            for (size_t column = start; column < stop; column++) {
                size_t i = row * width + column;
                // A missing neighbor is the pixel itself, which adds nothing.
                size_t left = i - (column > 0), right = i + (column + 1 < width);
                size_t up = row > 0 ? i - width : i, down = row + 1 < height ? i + width : i;
                nct_f8 own = NCT_LOAD8(x + 8 * i);
                nct_f8 sum = weights[2 * left] * (own - NCT_LOAD8(x + 8 * left));
                sum += weights[2 * i] * (own - NCT_LOAD8(x + 8 * right));
                sum += weights[2 * up + 1] * (own - NCT_LOAD8(x + 8 * up));
                sum += weights[2 * i + 1] * (own - NCT_LOAD8(x + 8 * down));
                nct_f8 model = NCT_MODEL8(packed, i);
                nct_f8 value = model * own;
                value += NCT_SWAP8(value);
                nct_f8 result = NCT_LOAD8(y + 8 * i) + scale * sum + packed[4 * i + 3] * (model * value);
                NCT_STORE8(y + 8 * i, result);
                dot += own * result;
            }
            NCT_ADD_CHANNELS(dots, dot);
        }
    }
}

// inverse(D) r of one pixel: its 2x2 blocks are degree * I + confidence * (S, 1)(S, 1)^T (Sherman and Morrison).
#define NCT_PRECONDITION(z, r, packed, degree, i)                                     \
    nct_f8 z;                                                                         \
    do {                                                                              \
        float confidence_ = (packed)[4 * (i) + 3];                                    \
        float degree_ = NCT_DEGREE_FLOOR((degree)[i], confidence_);                   \
        nct_f8 model_ = NCT_MODEL8(packed, i);                                        \
        nct_f8 square_ = model_ * model_, product_ = model_ * (r);                    \
        square_ += NCT_SWAP8(square_);                                                \
        product_ += NCT_SWAP8(product_);                                              \
        nct_f8 whole_ = degree_ + confidence_ * square_;                              \
        z = ((r) * whole_ - (confidence_ * product_) * model_) / (degree_ * whole_);  \
    } while (0)

NCT_MULTIVERSIONED
void nct_transfer_residual(const float *packed, const float *guidance, const float *degree, size_t count, float *r,
                           double *residual, double *right, double *guidanceEnergy) {
    double rightChannels[3] = {0, 0, 0}, energy = 0;
    residual[0] = residual[1] = residual[2] = 0;
    for (size_t start = 0; start < count; start += NCT_BLOCK) {
        size_t stop = start + NCT_BLOCK < count ? start + NCT_BLOCK : count;
        nct_f8 dotR = NCT_SPLAT8(0), dotB = NCT_SPLAT8(0);
        for (size_t i = start; i < stop; i++) {
            const float *g = guidance + 3 * i;
            nct_f8 target = {g[0], g[1], g[2], 0, g[0], g[1], g[2], 0};
            nct_f8 b = (0.01f * packed[4 * i + 3]) * (NCT_MODEL8(packed, i) * target);
            nct_f8 own = b - NCT_LOAD8(r + 8 * i);
            NCT_STORE8(r + 8 * i, own);
            NCT_PRECONDITION(zR, own, packed, degree, i);
            NCT_PRECONDITION(zB, b, packed, degree, i);
            dotR += own * zR;
            dotB += b * zB;
            for (int c = 0; c < 3; c++) energy += 1e-4 * (double)packed[4 * i + 3] * (double)g[c] * (double)g[c];
        }
        NCT_ADD_CHANNELS(residual, dotR);
        NCT_ADD_CHANNELS(rightChannels, dotB);
    }
    *right = rightChannels[0] + rightChannels[1] + rightChannels[2];
    *guidanceEnergy = energy;
}

NCT_MULTIVERSIONED
void nct_transfer_step(const float *alpha, const float *p, const float *q, const float *packed, const float *degree,
                       size_t count, float *x, float *r, double *dots) {
    nct_f8 a = {alpha[0], alpha[1], alpha[2], 0, alpha[0], alpha[1], alpha[2], 0};
    dots[0] = dots[1] = dots[2] = 0;
    for (size_t start = 0; start < count; start += NCT_BLOCK) {
        size_t stop = start + NCT_BLOCK < count ? start + NCT_BLOCK : count;
        nct_f8 dot = NCT_SPLAT8(0);
        for (size_t i = start; i < stop; i++) {
            NCT_STORE8(x + 8 * i, NCT_LOAD8(x + 8 * i) + a * NCT_LOAD8(p + 8 * i));
            nct_f8 own = NCT_LOAD8(r + 8 * i) - a * NCT_LOAD8(q + 8 * i);
            NCT_STORE8(r + 8 * i, own);
            NCT_PRECONDITION(z, own, packed, degree, i);
            dot += own * z;
        }
        NCT_ADD_CHANNELS(dots, dot);
    }
}

NCT_MULTIVERSIONED
void nct_transfer_direction(const float *beta, const float *r, const float *packed, const float *degree,
                            size_t count, float *p) {
    nct_f8 b = {beta[0], beta[1], beta[2], 0, beta[0], beta[1], beta[2], 0};
    for (size_t i = 0; i < count; i++) {
        nct_f8 own = NCT_LOAD8(r + 8 * i);
        NCT_PRECONDITION(z, own, packed, degree, i);
        NCT_STORE8(p + 8 * i, z + b * NCT_LOAD8(p + 8 * i));
    }
}

// Eight doubles, summed pairwise at the end.
typedef double nct_d8 __attribute__((vector_size(64), aligned(8)));

#define NCT_SUM8(v) ((((v)[0] + (v)[4]) + ((v)[1] + (v)[5])) + (((v)[2] + (v)[6]) + ((v)[3] + (v)[7])))
#define NCT_ADD_SQUARE(sum, weight, x, y)                                                      \
    do {                                                                                       \
        nct_d8 difference_ = __builtin_convertvector(NCT_LOAD8(x) - NCT_LOAD8(y), nct_d8);     \
        sum += (double)(weight) * (difference_ * difference_);                                 \
    } while (0)

NCT_MULTIVERSIONED
void nct_transfer_grid_energy(const float *field, const float *packed, const float *guidance, const float *weights,
                              size_t width, size_t height, size_t begin, size_t end, double *data, double *local) {
    double sumData = 0;
    nct_d8 sumLocal = {0, 0, 0, 0, 0, 0, 0, 0};
    for (size_t row = begin; row < end; row++)
        for (size_t column = 0; column < width; column++) {
            size_t i = row * width + column;
            const float *own = field + 8 * i;
            double misfit = 0;
            for (int c = 0; c < 3; c++) {
                double difference = (double)own[c] * (double)packed[4 * i + c] + (double)own[4 + c];
                difference -= 0.01 * (double)guidance[3 * i + c];
                misfit += difference * difference;
            }
            sumData += (double)packed[4 * i + 3] * misfit;
            if (column + 1 < width) NCT_ADD_SQUARE(sumLocal, weights[2 * i], own, own + 8);
            if (row + 1 < height) NCT_ADD_SQUARE(sumLocal, weights[2 * i + 1], own, own + 8 * width);
        }
    *data = sumData;
    *local = 2 * NCT_SUM8(sumLocal);
}

NCT_MULTIVERSIONED
double nct_transfer_color_energy(const float *field, const int32_t *order, const float *weights, size_t count,
                                 size_t begin, size_t end, size_t reach) {
    nct_d8 sum = {0, 0, 0, 0, 0, 0, 0, 0};
    for (size_t i = begin; i < end; i++) {
        __builtin_prefetch(field + 8 * (size_t)order[i + 16 < count ? i + 16 : i]);
        const float *own = field + 8 * (size_t)order[i];
        for (size_t k = 1; k <= reach && i + k < count; k++)
            NCT_ADD_SQUARE(sum, weights[i * reach + k - 1], own, field + 8 * (size_t)order[i + k]);
    }
    return 2 * NCT_SUM8(sum);
}
