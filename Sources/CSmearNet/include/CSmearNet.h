/// The weights of SmearNet and KindNet, safetensors files that are part of the program (docs/smearnet.md says where they
/// come from).
#ifndef NCT_SMEARNET_H
#define NCT_SMEARNET_H

#include <stddef.h>

/// The file's bytes, and how many there are. Never null, never to be freed.
const unsigned char *nct_smearnet_weights(size_t *count);
const unsigned char *nct_kindnet_weights(size_t *count);

#endif
