// Hot kernels of the engine.
//
// Conventions of this module:
// - every function is prefixed nct_ and has a plain scalar twin of the same name with the suffix _scalar;
// - no function allocates, keeps or frees memory; the caller owns every buffer, and no pointer may be null;
// - no function can fail; shapes are the caller's duty;
// - images and maps are row-major, channels innermost (height x width x channels).
#pragma once

// Compiled once for each of three x86-64 levels and chosen at run time by the processor's own features.
#if defined(__x86_64__) && defined(__ELF__)
#define NCT_MULTIVERSIONED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NCT_MULTIVERSIONED
#endif
