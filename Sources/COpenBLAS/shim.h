#pragma once
#include <cblas.h>

// LAPACK's divide-and-conquer eigensolver for symmetric matrices, which Debian's OpenBLAS contains but whose C header
// is another package's.
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);

// LAPACK's Cholesky solver for symmetric positive definite systems.
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b, const int *ldb,
            int *info);
