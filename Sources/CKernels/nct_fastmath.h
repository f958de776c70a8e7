// Branch-free single-precision log2 and exp2 that compilers vectorize; for positive normal arguments only.
#pragma once
#include <stdint.h>
#include <string.h>

/// log2(x), x > 0 and normal. Relative error of 2^result below 3e-7.
static inline __attribute__((always_inline)) float nct_log2(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    // Mantissa in sqrt(1/2)...sqrt(2), so that the series is centered.
    uint32_t shifted = bits - 0x3f3504f3u;
    int32_t exponent = (int32_t)shifted >> 23;
    uint32_t mantissa = (shifted & 0x007fffffu) + 0x3f3504f3u;
    float m;
    memcpy(&m, &mantissa, 4);
    // log2(m) = 2/ln2 * atanh((m-1)/(m+1)), odd series, |t| < 0.1716.
    float t = (m - 1.0f) / (m + 1.0f);
    float t2 = t * t;
    float p = 0.3205989f;                 // 2/(9 ln 2)
    p = p * t2 + 0.41219858f;             // 2/(7 ln 2)
    p = p * t2 + 0.57707802f;             // 2/(5 ln 2)
    p = p * t2 + 0.96179669f;             // 2/(3 ln 2)
    p = p * t2 + 2.88539008f;             // 2/ln 2
    return (float)exponent + p * t;
}

/// 2^x for -126 < x < 126. Relative error below 3e-7.
static inline __attribute__((always_inline)) float nct_exp2(float x) {
    float shifted = x + 12582912.0f;      // rounds to the nearest integer
    float whole = shifted - 12582912.0f;
    float f = x - whole;                  // -0.5...0.5
    // Taylor series of exp(f ln 2).
    float p = 1.5252734e-5f;
    p = p * f + 1.5403530e-4f;
    p = p * f + 1.3333558e-3f;
    p = p * f + 9.6181291e-3f;
    p = p * f + 5.5504109e-2f;
    p = p * f + 2.4022651e-1f;
    p = p * f + 6.9314718e-1f;
    p = p * f + 1.0f;
    int32_t exponent = ((int32_t)whole + 127) << 23;
    float scale;
    memcpy(&scale, &exponent, 4);
    return p * scale;
}
