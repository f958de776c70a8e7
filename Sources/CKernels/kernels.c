#include "nct_kernels.h"
