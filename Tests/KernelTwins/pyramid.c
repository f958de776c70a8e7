#include "CKernelTwins.h"

#include <math.h>

void nct_add_doubled_relu_scalar(float *fine_row, size_t width, size_t y, const float *coarse, size_t coarse_width,
                                 size_t coarse_height, size_t channels) {
    for (size_t x = 0; x < width; x++) {
        for (size_t k = 0; k < channels; k++) {
            double exact_y = fmax(0.0, (y + 0.5) / 2 - 0.5), exact_x = fmax(0.0, (x + 0.5) / 2 - 0.5), sum = 0;
            for (size_t j = 0; j < 2; j++) {
                for (size_t i = 0; i < 2; i++) {
                    double row = fmin(floor(exact_y) + j, coarse_height - 1.0);
                    double column = fmin(floor(exact_x) + i, coarse_width - 1.0);
                    double fy = exact_y - floor(exact_y), fx = exact_x - floor(exact_x);
                    double weight = (j ? fy : 1 - fy) * (i ? fx : 1 - fx);
                    sum += weight * coarse[((size_t)row * coarse_width + (size_t)column) * channels + k];
                }
            }
            fine_row[x * channels + k] = fmaxf(fine_row[x * channels + k] + (float)sum, 0.0f);
        }
    }
}
