// Vectors that every level of processors can hold, in as many registers as it needs, and the matrix product's inner loop.
#pragma once
#include <stddef.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

// Unaligned; narrower processors use two or four registers for sixteen floats.
typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef double d8 __attribute__((vector_size(64), aligned(8), may_alias));

#define LANES 16
#define LOAD16(p) (*(const v16 *)(p))
#define STORE16(p, v) (*(v16 *)(p) = (v))
#define LOAD8(p) (*(const v8 *)(p))
#define STORE8(p, v) (*(v8 *)(p) = (v))
#define MAXIMUM(a, b) __builtin_elementwise_max(a, b)

// Sums `rows` x `panels` vectors in registers: sums[r][p] += a[r * rowStride + k] * b[p][k] over k < depth.
#define ACCUMULATE(sums, rows, panels, a, rowStride, b, panelStride, depth)                       \
    do {                                                                                          \
        const float *a_ = (a), *b_ = (b);                                                         \
        for (size_t k_ = 0; k_ < (depth); k_++, a_++, b_ += LANES) {                              \
            v16 b0_ = LOAD16(b_), b1_ = b0_;                                                      \
            if ((panels) > 1) b1_ = LOAD16(b_ + (panelStride));                                   \
            UNROLLED for (size_t r_ = 0; r_ < (rows); r_++) {                                     \
                (sums)[r_][0] += a_[r_ * (rowStride)] * b0_;                                      \
                if ((panels) > 1) (sums)[r_][1] += a_[r_ * (rowStride)] * b1_;                    \
            }                                                                                     \
        }                                                                                         \
    } while (0)

// Lays rows of `outputs` weights out in panels of 16 columns, zeros past the last: what ACCUMULATE reads as `b`.
INLINE void pack_panels(const float *weights, size_t rows, size_t outputs, float *packed) {
    const size_t panels = (outputs + LANES - 1) / LANES;
    memset(packed, 0, panels * rows * LANES * sizeof(float));
    for (size_t row = 0; row < rows; row++)
        for (size_t out = 0; out < outputs; out++)
            packed[(out / LANES * rows + row) * LANES + out % LANES] = weights[row * outputs + out];
}

// The first `channels` (up to 16) values of a vector.
#define STORE_SOME(target, vector, channels)                                           \
    do {                                                                               \
        if ((channels) == LANES) {                                                     \
            STORE16(target, vector);                                                   \
        } else {                                                                       \
            float values_[LANES];                                                      \
            STORE16(values_, vector);                                                  \
            for (size_t c_ = 0; c_ < (channels); c_++) (target)[c_] = values_[c_];     \
        }                                                                              \
    } while (0)

// The matrix kernel's shape must fit the registers, so each level of processors has its own copy of what uses it:
// LEVELS(DEFINE) expands DEFINE(suffix, attributes, rows, panels) for each. 12 x 32 for 32 registers of 16 floats, 6 x 16
// for 16 of 8, 2 x 16 for 16 of 4. DISPATCH calls the processor's.
#if defined(__x86_64__)
#define LEVELS(DEFINE)                                                              \
    DEFINE(v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), 12, 2) \
    DEFINE(v3, __attribute__((target("arch=x86-64-v3"), min_vector_width(256))), 6, 1)  \
    DEFINE(base, , 2, 1)
#define DISPATCH(name, ...)                                  \
    do {                                                     \
        if (__builtin_cpu_supports("x86-64-v4")) {           \
            name##_v4(__VA_ARGS__);                          \
        } else if (__builtin_cpu_supports("x86-64-v3")) {    \
            name##_v3(__VA_ARGS__);                          \
        } else {                                             \
            name##_base(__VA_ARGS__);                        \
        }                                                    \
    } while (0)
#else
#define LEVELS(DEFINE) DEFINE(base, , 2, 1)
#define DISPATCH(name, ...) name##_base(__VA_ARGS__)
#endif
