// Counts a program's heap: preloaded into it, writes "allocations bytes peak" to the file that COUNTS_FILE names when the
// program ends. Sizes are those asked for, so that the figures do not hang on the C library's version.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t allocations, bytes, live, peak;

// Before each block: where it really starts and its size. 16 bytes keep malloc's alignment.
typedef struct {
    void *start;
    size_t size;
} header;

extern void *__libc_malloc(size_t);
extern void __libc_free(void *);
extern void *__libc_memalign(size_t, size_t);

static void *count(void *start, size_t offset, size_t size) {
    if (!start) return NULL;
    char *block = (char *)start + offset;
    ((header *)block)[-1] = (header){start, size};
    atomic_fetch_add(&allocations, 1);
    atomic_fetch_add(&bytes, size);
    const size_t now = atomic_fetch_add(&live, size) + size;
    size_t before = atomic_load(&peak);
    while (before < now && !atomic_compare_exchange_weak(&peak, &before, now)) {}
    return block;
}

void *malloc(size_t size) { return size > PTRDIFF_MAX ? NULL : count(__libc_malloc(size + sizeof(header)), sizeof(header), size); }

void free(void *block) {
    if (!block) return;
    const header own = ((header *)block)[-1];
    atomic_fetch_sub(&live, own.size);
    __libc_free(own.start);
}

void *calloc(size_t number, size_t size) {
    size_t whole;
    if (__builtin_mul_overflow(number, size, &whole)) return NULL;
    void *block = malloc(whole);
    return block ? memset(block, 0, whole) : NULL;
}

void *realloc(void *block, size_t size) {
    if (!block) return malloc(size);
    const size_t before = ((header *)block)[-1].size;
    void *grown = malloc(size);
    if (!grown) return NULL;
    memcpy(grown, block, before < size ? before : size);
    free(block);
    return grown;
}

void *memalign(size_t alignment, size_t size) {
    const size_t offset = alignment < sizeof(header) ? sizeof(header) : alignment;
    return count(__libc_memalign(offset, size + offset), offset, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

size_t malloc_usable_size(void *block) { return block ? ((header *)block)[-1].size : 0; }

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("COUNTS_FILE");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%zu %zu %zu\n", atomic_load(&allocations), atomic_load(&bytes), atomic_load(&peak));
    fclose(file);
}
