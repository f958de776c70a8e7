// The five classes of a smear's pixels, on maps of height x width x 5, and their colors.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define NCT_CLASSES 5

/// A normal distribution of colors.
typedef struct {
    float mean[3];
    float precision[6];  // inverse covariance: xx, yy, zz, xy, xz, yz
    float offset;        // -1/2 log of the covariance's determinant
    int32_t known;       // 0: there is none, and nothing above is looked at
} nct_normal;

/// Softmax over the classes of `count` pixels, in place. Relative error to the twin below 1e-5.
void nct_softmax(float *map, size_t count);

/// The class of the greatest value; of equal ones the first.
void nct_likeliest(const float *map, size_t count, uint8_t *labels);

/// What limits a posterior: squared distances count as at most `farthest`, probabilities before as at least `least`.
typedef struct {
    float farthest, least;
} nct_posterior_limits;

/// Each pixel's probabilities times the densities of its color (3 values) in the five distributions, made one in sum. A
/// class without a distribution is as unlikely as the least likely of the others. At least one must be known. `posterior`
/// may be `prior`. Error to the twin below 1e-5.
void nct_posterior(const float *prior, const float *colors, size_t count, const nct_normal normals[NCT_CLASSES],
                   nct_posterior_limits limits, float *posterior);

/// Sets `moments` to the weights' sum, the weighted sums of x, y, z, and those of xx, yy, zz, xy, xz, yz. A sample of
/// squared distance q from the distribution counts 1 / (1 + q * inverse_freedom) of its weight; by 0 the distribution is
/// not looked at.
void nct_color_moments(const float *x, const float *y, const float *z, const float *weights, size_t count,
                       const nct_normal *around, float inverse_freedom, double moments[10]);
