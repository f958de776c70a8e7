#include "CSmearNet.h"

// As weights.c has SmearNet's.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char weights[] = {
#embed "kindnet.safetensors"
};

const unsigned char *nct_kindnet_weights(size_t *count) {
    *count = sizeof weights;
    return weights;
}
