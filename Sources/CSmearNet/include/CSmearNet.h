/// The weights of SmearNet, a safetensors file that is part of the program (docs/smearnet.md says where it comes from).
#ifndef NCT_SMEARNET_H
#define NCT_SMEARNET_H

#include <stddef.h>

/// The file's bytes, and how many there are.
const unsigned char *nct_smearnet_weights(size_t *count);

#endif
