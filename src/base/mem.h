/* The only place that allocates. jemalloc underneath (the C library's allocator in sanitizer
 * builds). An ordinary allocation that fails ends the process with a report; sizes that a client
 * chooses go through mem_try_alloc(). Cost: the allocator's; no bookkeeping of our own on the way.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
/* alignment is a power of two; freed with mem_free(). */
void *mem_alloc_aligned(size_t alignment, size_t size);
void *mem_realloc(void *block, size_t size);
/* NULL when there is no memory. */
void *mem_try_alloc(size_t size);
/* NULL when there is no memory; block is then untouched. */
void *mem_try_realloc(void *block, size_t size);
/* NULL is nothing. */
void mem_free(void *block);
/* As mem_free(), cheaper; size as it was asked for. */
void mem_free_sized(void *block, size_t size);

/* The bytes that a request of this size really takes. */
size_t mem_class_size(size_t size);
/* The bytes that this block really takes. */
size_t mem_block_size(const void *block);
/* Copies n bytes into a new block with a NUL behind them. */
char *mem_copy_text(const char *text, size_t n);

/* Bytes handed out by the allocator, not yet freed; without what waits in the caches of threads.
 * Cost: some microseconds. */
size_t mem_used(void);
/* A thread that will allocate says so first. At most 8 do, and none of them ends before the last
 * mem_balance(). */
void mem_thread_begin(void);
/* About the same as mem_used(), from the threads' own counters. Cost: nanoseconds. */
size_t mem_balance(void);
/* Allocator's view for INFO: bytes in pages with live allocations, and mapped from the system.
 * Cost: some microseconds; but while another thread gives pages back, until that is done. */
void mem_stats(size_t *allocated, size_t *active, size_t *resident);
/* The allocator's own report; the block belongs to the caller. */
void mem_print_stats(char **text, size_t *n);
/* "jemalloc-5.3.0" or "libc". */
const char *mem_allocator_name(void);
/* From the one to the other this thread is going to fill much memory: what the allocator takes from
 * the system gets its pages at once, in steps of 8 MB, instead of by a fault for each page. At most
 * a step is taken and not used. */
void mem_grow_begin(void);
void mem_grow_end(void);
/* Gives unused pages back to the system: all of them, or those that have been unused for some
 * seconds. Cost: system calls; any thread may do it. */
void mem_purge(void);
void mem_decay(void);
/* From the one to the other this thread is going to free much memory: its pages go back at once,
 * piece by piece. Else the allocator collects them for seconds, and its lists get so long that what
 * joins and returns them keeps others out for a tenth of a second. Small pieces cost a system call
 * each. */
void mem_shrink_begin(void);
void mem_shrink_end(void);
/* Whether a thread of the allocator's own gives back what has been unused for some seconds; without
 * one, whoever allocates or frees does it in passing. Cost: a thread begins or ends. */
void mem_background(bool on);

#endif
