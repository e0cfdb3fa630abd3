/* The only place that allocates, by jemalloc (in sanitizer builds by the C library). An allocation
 * that fails ends the process with a report; sizes chosen by clients go through mem_try_alloc().
 * Cost: that of the allocator, without bookkeeping of our own. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
/* alignment is a power of two; freed with mem_free(). */
void *mem_alloc_aligned(size_t alignment, size_t size);
void *mem_realloc(void *block, size_t size);
/* NULL: out of memory. */
void *mem_try_alloc(size_t size);
/* NULL: out of memory; block is unchanged. */
void *mem_try_realloc(void *block, size_t size);
/* NULL is allowed. */
void mem_free(void *block);
/* As mem_free(), but cheaper; size as it was requested. */
void mem_free_sized(void *block, size_t size);

/* The size class of a request: the bytes that it really takes. */
size_t mem_class_size(size_t size);
/* The bytes that a block really takes. */
size_t mem_block_size(const void *block);
/* Copies n bytes into a new block, with a NUL at the end. */
char *mem_copy_text(const char *text, size_t n);

/* Bytes allocated and not freed, without the allocator's thread caches. Cost: some microseconds. */
size_t mem_used(void);
/* To be called first by each thread that allocates: at most 8, none of which may end before the
 * last mem_balance(). */
void mem_thread_begin(void);
/* An estimate of mem_used() from per-thread counters. Cost: nanoseconds. */
size_t mem_balance(void);
/* The allocator's numbers for INFO. Cost: some microseconds, but may wait for a thread that is
 * returning pages to the system. */
void mem_stats(size_t *allocated, size_t *active, size_t *resident);
/* The allocator's own report; the caller frees the block. */
void mem_print_stats(char **text, size_t *n);
/* "jemalloc-5.3.0" or "libc". */
const char *mem_allocator_name(void);
/* Bracket a phase in which this thread fills about `expected` bytes of memory: the allocator then
 * maps memory with its pages in steps of that many bytes, instead of by a fault per page. Wastes at
 * most one step; does nothing if few steps are expected. Cost of a step: the kernel clears it, 0.2
 * to 2 ms a megabyte, so it is small while clients are served. */
#define MEM_GROW_STEP         ((size_t)8 << 20)
#define MEM_GROW_STEP_SERVING ((size_t)512 << 10)
void mem_grow_begin(size_t expected, size_t step);
void mem_grow_end(void);
/* Return unused pages to the system: all of them, or those unused for some seconds. Cost: system
 * calls. Any thread may call them. */
void mem_purge(void);
void mem_decay(void);
/* Bracket a phase in which this thread frees much memory: pages are returned to the system at once.
 * Otherwise the allocator collects them for seconds, and its lists get so long that processing them
 * blocks other threads for a tenth of a second. Small pieces cost a system call each. */
void mem_shrink_begin(void);
void mem_shrink_end(void);
/* Whether a thread of the allocator returns pages unused for some seconds; else calls that allocate
 * or free do it too. Cost: starts or ends a thread. */
void mem_background(bool on);

#endif
