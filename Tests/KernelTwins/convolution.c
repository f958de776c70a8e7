#include "CKernelTwins.h"

void nct_convolution_scalar(const float *map, size_t width, size_t height, size_t inputChannels,
                            size_t outputChannels, const float *weights, const float *bias, size_t y0, size_t y1,
                            float *out) {
    for (size_t y = y0; y < y1; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t o = 0; o < outputChannels; o++) {
                double sum = bias[o];
                for (size_t tap = 0; tap < 9; tap++) {
                    size_t yy = y + tap / 3 - 1, xx = x + tap % 3 - 1;
                    if (yy >= height || xx >= width) continue;
                    for (size_t c = 0; c < inputChannels; c++)
                        sum += (double)map[(yy * width + xx) * inputChannels + c]
                               * (double)weights[(tap * inputChannels + c) * outputChannels + o];
                }
                *out++ = sum > 0 ? (float)sum : 0;
            }
}
