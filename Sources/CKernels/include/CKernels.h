// All kernels of the engine; the parts are documented in their own headers.
#pragma once

#include "nct_classes.h"
#include "nct_coarse.h"
#include "nct_color.h"
#include "nct_convolution.h"
#include "nct_features.h"
#include "nct_guided.h"
#include "nct_kernels.h"
#include "nct_labels.h"
#include "nct_maxflow.h"
#include "nct_pointwise.h"
#include "nct_pyramid.h"
#include "nct_search.h"
#include "nct_transfer.h"
