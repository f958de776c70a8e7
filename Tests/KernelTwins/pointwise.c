#include "CKernelTwins.h"

void nct_pointwise_scalar(const float *matrix, const float *bias, size_t inputs, size_t outputs, const float *in,
                          size_t count, int rectified, float *out) {
    for (size_t i = 0; i < count; i++)
        for (size_t o = 0; o < outputs; o++) {
            double sum = bias[o];
            for (size_t k = 0; k < inputs; k++) sum += (double)in[i * inputs + k] * (double)matrix[k * outputs + o];
            out[i * outputs + o] = rectified && sum < 0 ? 0 : (float)sum;
        }
}
