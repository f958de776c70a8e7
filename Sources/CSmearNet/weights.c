#include "CSmearNet.h"

// The compiler reads the file: no text of a million numbers, no resource to find at run time.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char weights[] = {
#embed "smearnet.safetensors"
};

const unsigned char *nct_smearnet_weights(size_t *count) {
    *count = sizeof weights;
    return weights;
}
