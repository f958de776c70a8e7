// Hot kernels of the engine.
//
// Conventions of this module:
// - every function of these headers is prefixed nct_ and has a twin in plain loops, of the same name with the suffix
//   _scalar, which a test holds it against to a tolerance that the test states: Tests/KernelTwins;
// - without a twin of their own are: what packs weights or counts tiles, channels or floats for a kernel, which that
//   kernel's test covers; nct_winograd_tiles and nct_direct_rows, whose twin is nct_convolution_scalar; and
//   nct_coarse_factor and nct_coarse_solve, which are held against the matrix itself;
// - no function allocates, keeps or frees memory; the caller owns every buffer, and no pointer may be null unless its
//   header says so;
// - no function can fail; shapes are the caller's duty;
// - images and maps are row-major, channels innermost (height x width x channels).
#pragma once

// Compiled once for each of three x86-64 levels and chosen at run time by the processor's own features.
#if defined(__x86_64__) && defined(__ELF__)
#define NCT_MULTIVERSIONED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NCT_MULTIVERSIONED
#endif
