#include "nct_codecs.h"
