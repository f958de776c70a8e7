// Twins of the kernels: each does what the function of its name without `_scalar` does, by the header of which it stands
// under here, in plain loops and mostly in double precision. Only tests have them.
#pragma once

#include "CKernels.h"

// nct_classes.h
void nct_softmax_scalar(float *map, size_t count);
void nct_likeliest_scalar(const float *map, size_t count, uint8_t *labels);
void nct_posterior_scalar(const float *prior, const float *colors, size_t count, const nct_normal normals[NCT_CLASSES],
                          nct_posterior_limits limits, float *posterior);
void nct_color_moments_scalar(const float *x, const float *y, const float *z, const float *weights, size_t count,
                              const nct_normal *around, float inverse_freedom, double moments[10]);

// nct_coarse.h
void nct_coarse_grid_couplings_scalar(const uint16_t *aggregate, const float *weights, size_t width, size_t height,
                                      double scale, size_t aggregates, double *couplings);
void nct_coarse_color_couplings_scalar(const uint16_t *aggregate, const int32_t *order, const float *weights,
                                       size_t count, size_t reach, double scale, size_t aggregates, double *couplings);
void nct_coarse_moments_scalar(const uint16_t *aggregate, const float *packed, size_t count, double *moments);
void nct_coarse_assemble_scalar(const double *couplings, const double *moments, size_t aggregates, size_t channel,
                                double *matrix);
void nct_coarse_restrict_scalar(const uint16_t *aggregate, const float *r, size_t count, float *sums);
void nct_coarse_prolong_scalar(const uint16_t *aggregate, const float *coarse, size_t count, float *x);

// nct_color.h
void nct_srgb_to_lab_scalar(const float *rgb, float *lab, size_t count);
size_t nct_lab_to_srgb_scalar(const float *lab, float *rgb, size_t count);
void nct_blend_quadratic_scalar(const float *lab, float *out, size_t count, const float coefficients[30], float share,
                                float strictness);
void nct_luminance_scalar(const float *rgb, float *out, size_t count, float wr, float wg, float wb);
void nct_divide_light_scalar(const float *samples, const float *light, float *out, size_t count);

// nct_convolution.h
// Of nct_winograd_tiles and nct_direct_rows: from weights of height x width x in x out.
void nct_convolution_scalar(const float *map, size_t width, size_t height, size_t inputChannels,
                            size_t outputChannels, const float *weights, const float *bias, size_t y0, size_t y1,
                            float *out);

// nct_features.h
void nct_max_pool_scalar(const float *map, size_t width, size_t rows, size_t channels, float *out);
void nct_sample_sums_scalar(const float *samples, size_t pixels, double sums[3], double squares[3]);
void nct_standardize_scalar(const float *samples, size_t pixels, float factor, const float offset[3], float *out);
void nct_channel_sums_scalar(const float *map, const float *weights, size_t count, size_t channels, double *sums,
                             double *squares);
void nct_quantize_scalar(const float *values, size_t count, size_t components, float scale, float limit, int8_t *out,
                         size_t stride);
void nct_nearest_center_scalar(const float *points, size_t count, size_t dimensions, const float *centers,
                               size_t centerCount, uint8_t *labels, float *distances);

// nct_guided.h
void nct_guided_add_row_scalar(const float *guide, const float *field, size_t width, double sign, double *sums);
void nct_guided_coefficients_row_scalar(const double *sums, size_t width, size_t rows, size_t radius, double epsilon,
                                        float *coefficients);
void nct_guided_add_coefficients_scalar(const float *coefficients, size_t width, double sign, double *sums);
void nct_guided_average_row_scalar(const double *sums, size_t width, size_t rows, size_t radius, float *average);
void nct_guided_apply_row_scalar(const float *upper, const float *lower, float fraction, size_t coarseWidth,
                                 size_t scale, const float *luminance, size_t width, float *lab);

// nct_labels.h
void nct_labels_data_scalar(const float *packed, const float *guidance, const float *label, float scale, size_t count,
                            int32_t *cost);
void nct_labels_arcs_scalar(const int32_t *pairs, const int32_t *weights, size_t count, size_t nodes, int32_t *first,
                            int32_t *head, int32_t *reverse, int32_t *weight);
size_t nct_expansion_nodes_scalar(const nct_expansion *expansion, const uint64_t *candidates, const int32_t *touched,
                                  int32_t since, int32_t *list, int32_t *number);
int64_t nct_expansion_graph_scalar(const nct_expansion *expansion, const int32_t *list, size_t count,
                                   const int32_t *number, int32_t *arcNumber, int32_t *first, int32_t *head,
                                   int32_t *reverse, int32_t *residual, int32_t *terminal);
int64_t nct_expansion_pairs_scalar(const nct_expansion *expansion);

// nct_maxflow.h
int64_t nct_maxflow_scalar(const nct_flow_graph *graph, uint8_t *sink);

// nct_pointwise.h
void nct_pointwise_scalar(const float *matrix, const float *bias, size_t inputs, size_t outputs, const float *in,
                          size_t count, int rectified, float *out);

// nct_pyramid.h
void nct_add_doubled_relu_scalar(float *fine_row, size_t width, size_t y, const float *coarse, size_t coarse_width,
                                 size_t coarse_height, size_t channels);

// nct_search.h
void nct_cells_scalar(const nct_map *map, size_t y0, size_t y1, uint32_t *cells);
void nct_cell_lists_scalar(const uint32_t *cells, size_t width, size_t height, size_t cellCount, uint32_t *starts,
                           uint32_t *entries);
uint32_t nct_patch_distance_scalar(const nct_map *a, size_t ax, size_t ay, const nct_map *b, size_t bx, size_t by);
void nct_field_distances_scalar(const nct_map *source, const nct_map *target, uint64_t seed, size_t y0, size_t y1,
                                uint32_t *field, uint32_t *distances);
void nct_patchmatch_strip_scalar(const nct_map *source, const nct_map *target, uint64_t seed, int backward,
                                 size_t y0, size_t y1, const uint32_t *before, uint32_t *field, uint32_t *distances);
void nct_field_exchange_scalar(const nct_map *source, const nct_map *target, const uint32_t *field,
                               const uint32_t *distances, size_t y0, size_t y1, uint32_t *reverse,
                               uint32_t *reverseDistances);
void nct_vote_scalar(const nct_vote_input *input, size_t y0, size_t y1, float *colors, float *errors);

// nct_transfer.h
void nct_transfer_initial_row_scalar(const float *source, const float *guidance, size_t width, size_t height, size_t y,
                                     float epsilon, float leastGain, float greatestGain, float *out);
void nct_transfer_apply_scalar(const float *field, const float *lab, size_t count, float *result);
void nct_transfer_pack_scalar(const float *lab, const float *confidence, size_t count, float *packed);
void nct_transfer_local_weights_row_scalar(const float *luminance, size_t width, size_t height, size_t y,
                                           float *weights);
void nct_transfer_color_keys_scalar(const float *lab, const uint8_t *clusters, size_t begin, size_t end, uint64_t seed,
                                    const uint8_t *table, uint64_t *keys);
void nct_transfer_sort_scalar(uint64_t *keys, int32_t *values, size_t count);
void nct_transfer_color_weights_scalar(const float *lab, const uint8_t *clusters, const int32_t *order, size_t count,
                                       size_t begin, size_t end, size_t reach, float *weights);
void nct_transfer_color_degree_scalar(const int32_t *order, const float *weights, size_t begin, size_t end,
                                      size_t reach, float scale, float *degree);
void nct_transfer_local_degree_row_scalar(const float *weights, size_t width, size_t y, float scale, float *degree);
void nct_transfer_color_laplacian_scalar(const float *x, const int32_t *order, const float *weights, size_t count,
                                         size_t begin, size_t end, size_t reach, float scale, float *y);
void nct_transfer_grid_operator_scalar(const float *x, const float *packed, const float *weights, size_t width,
                                       size_t height, size_t begin, size_t end, float scale, float *y, double *dots);
void nct_transfer_residual_scalar(const float *packed, const float *guidance, const float *degree, size_t count,
                                  float *r, double *residual, double *right, double *guidanceEnergy);
void nct_transfer_step_scalar(const float *alpha, const float *p, const float *q, const float *packed,
                              const float *degree, size_t count, float *x, float *r, double *dots);
void nct_transfer_direction_scalar(const float *beta, const float *r, const float *packed, const float *degree,
                                   size_t count, float *p);
void nct_transfer_grid_energy_scalar(const float *field, const float *packed, const float *guidance,
                                     const float *weights, size_t width, size_t height, size_t begin, size_t end,
                                     double *data, double *local);
double nct_transfer_color_energy_scalar(const float *field, const int32_t *order, const float *weights, size_t count,
                                        size_t begin, size_t end, size_t reach);
