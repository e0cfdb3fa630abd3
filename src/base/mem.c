/* Allocation, and accounting of allocated memory.
 *
 * Blocks come from jemalloc; builds with sanitizers use the C library's allocator, so every
 * function has a second, simpler body. A failed allocation ends the process (ASSERT), except one
 * whose size a client chose, which returns NULL.
 *
 * There are two counts. mem_used() asks the allocator: exact, but some microseconds, since it
 * merges the counters of all arenas. The memory limit is checked before every command that may
 * allocate: mem_balance() adds up the counters that jemalloc keeps for each thread anyway. A thread
 * registers its counters by mem_thread_begin(); others read them without a lock, so the sum may lag
 * slightly. Memory allocated by one thread and freed by another is right only in the sum. The
 * counters are in thread-local memory, so a registered thread must not end before the last
 * mem_balance().
 *
 * While a snapshot is loaded, memory only grows, and a page fault for each 4 KiB takes much of the
 * time. Between mem_grow_begin() and mem_grow_end() the arena's extent hook maps in larger steps
 * and has the kernel populate the pages at once. An old kernel refuses that, which only costs time.
 * The hook stays allocated afterwards, since another thread may be in it. */
#include "base/mem.h"

#include "base/assert.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef MILLRACE_JEMALLOC
#include <jemalloc/jemalloc.h>
#include <sys/mman.h>
#else
#include <malloc.h>
#ifdef __SANITIZE_ADDRESS__
/* From the run-time library of AddressSanitizer; gcc has no header for it. */
size_t __sanitizer_get_current_allocated_bytes(void);
#endif
#endif

static void *check(void *block)
{
    ASSERT(block != NULL && "out of memory");
    return block;
}

void *mem_alloc(size_t size)
{
    return check(malloc(size));
}

void *mem_zalloc(size_t size)
{
    return check(calloc(1, size));
}

void *mem_alloc_aligned(size_t alignment, size_t size)
{
    void *block = NULL;
    if (posix_memalign(&block, alignment, size) != 0)
        block = NULL;
    return check(block);
}

void *mem_realloc(void *block, size_t size)
{
    return check(realloc(block, size));
}

void *mem_try_alloc(size_t size)
{
    return malloc(size);
}

void *mem_try_realloc(void *block, size_t size)
{
    return realloc(block, size);
}

void mem_free(void *block)
{
    free(block);
}

void mem_free_sized(void *block, size_t size)
{
#ifdef MILLRACE_JEMALLOC
    if (block)
        sdallocx(block, size, 0);
#else
    (void)size;
    free(block);
#endif
}

size_t mem_class_size(size_t size)
{
#ifdef MILLRACE_JEMALLOC
    return nallocx(size ? size : 1, 0);
#else
    return size; /* bytes beyond the requested size must not be touched */
#endif
}

size_t mem_block_size(const void *block)
{
    if (!block)
        return 0;
#ifdef MILLRACE_JEMALLOC
    return sallocx(block, 0);
#else
    return malloc_usable_size((void *)(uintptr_t)block);
#endif
}

char *mem_copy_text(const char *text, size_t n)
{
    char *copy = mem_alloc(n + 1);
    if (n)
        memcpy(copy, text, n);
    copy[n] = 0;
    return copy;
}

#ifdef MILLRACE_JEMALLOC
/* Bytes in the allocator's thread caches: freed by us, but allocated to its statistics. They vary
 * by some megabytes, which must not cause evictions. */
static size_t cached(void)
{
    char name[48];
    size_t bytes = 0, n = sizeof(bytes);
    snprintf(name, sizeof(name), "stats.arenas.%u.tcache_bytes", (unsigned)MALLCTL_ARENAS_ALL);
    mallctl(name, &bytes, &n, NULL, 0);
    return bytes;
}
#endif

void mem_stats(size_t *allocated, size_t *active, size_t *resident)
{
    *allocated = *active = *resident = 0;
#ifdef MILLRACE_JEMALLOC
    uint64_t epoch = 1;
    size_t n = sizeof(epoch);
    mallctl("epoch", &epoch, &n, &epoch, n);
    n = sizeof(size_t);
    mallctl("stats.allocated", allocated, &n, NULL, 0);
    mallctl("stats.active", active, &n, NULL, 0);
    mallctl("stats.resident", resident, &n, NULL, 0);
    size_t free_ones = cached();
    *allocated -= free_ones < *allocated ? free_ones : *allocated;
#elif defined(__SANITIZE_ADDRESS__)
    *allocated = *active = *resident = __sanitizer_get_current_allocated_bytes();
#else
    struct mallinfo2 m = mallinfo2();
    *allocated = m.uordblks + m.hblkhd;
    *active = *resident = m.arena + m.hblkhd;
#endif
}

#ifdef MILLRACE_JEMALLOC
#define THREADS 8

/* The allocator's counters of bytes allocated and freed by a thread. */
struct thread_count {
    const uint64_t *taken, *given;
};

static struct thread_count threads[THREADS];
static int thread_count;
#endif

void mem_thread_begin(void)
{
#ifdef MILLRACE_JEMALLOC
    struct thread_count t;
    size_t n = sizeof(t.taken);
    if (mallctl("thread.allocatedp", &t.taken, &n, NULL, 0) != 0 ||
        mallctl("thread.deallocatedp", &t.given, &n, NULL, 0) != 0)
        return;
    int i = __atomic_fetch_add(&thread_count, 1, __ATOMIC_RELAXED);
    ASSERT(i < THREADS);
    __atomic_store_n(&threads[i].given, t.given, __ATOMIC_RELAXED);
    __atomic_store_n(&threads[i].taken, t.taken, __ATOMIC_RELEASE);
#endif
}

size_t mem_balance(void)
{
#ifdef MILLRACE_JEMALLOC
    uint64_t sum = 0;
    for (int i = 0; i < THREADS; i++) {
        const uint64_t *taken = __atomic_load_n(&threads[i].taken, __ATOMIC_ACQUIRE);
        if (taken)
            sum += __atomic_load_n(taken, __ATOMIC_RELAXED) -
                   __atomic_load_n(threads[i].given, __ATOMIC_RELAXED);
    }
    return (size_t)sum;
#else
    return mem_used();
#endif
}

size_t mem_used(void)
{
    size_t allocated, active, resident;
    mem_stats(&allocated, &active, &resident);
    return allocated;
}

#ifdef MILLRACE_JEMALLOC
static void take_line(void *context, const char *line)
{
    fputs(line, context);
}
#endif

void mem_print_stats(char **text, size_t *n)
{
    FILE *f = open_memstream(text, n);
    ASSERT(f != NULL);
#ifdef MILLRACE_JEMALLOC
    malloc_stats_print(take_line, f, "");
#else
    malloc_info(0, f);
#endif
    fclose(f);
}

const char *mem_allocator_name(void)
{
#ifdef MILLRACE_JEMALLOC
    static char name[32];
    if (!name[0])
        snprintf(name, sizeof(name), "jemalloc-%d.%d.%d", JEMALLOC_VERSION_MAJOR,
                 JEMALLOC_VERSION_MINOR, JEMALLOC_VERSION_BUGFIX);
    return name;
#else
    return "libc";
#endif
}

void mem_decay(void)
{
#ifdef MILLRACE_JEMALLOC
    char name[32];
    snprintf(name, sizeof(name), "arena.%u.decay", (unsigned)MALLCTL_ARENAS_ALL);
    mallctl(name, NULL, NULL, NULL, 0);
#endif
}

void mem_background(bool on)
{
#ifdef MILLRACE_JEMALLOC
    size_t one = 1; /* enough for this work */
    mallctl("max_background_threads", NULL, NULL, &one, sizeof(one));
    mallctl("background_thread", NULL, NULL, &on, sizeof(on));
#else
    (void)on;
#endif
}

#ifdef MILLRACE_JEMALLOC
#define GROW_LEAST                                                                                 \
    4u /* steps; a phase that needs less memory would leave much of a step unused                  \
        */

/* The step in which memory grows. Larger requests are for tables, and not populated: clients served
 * meanwhile would have to wait for all of it. */
static size_t grow_step;
static bool growing;
/* Kept when growing ends: another thread of the same arena may still be in the hook. */
static extent_hooks_t *plain_hooks, growing_hooks;
static unsigned growing_arena;
static size_t plain_limit;

static void *map_populated(extent_hooks_t *hooks, void *address, size_t size, size_t alignment,
                           bool *zero, bool *commit, unsigned arena)
{
    (void)hooks;
    void *p = plain_hooks->alloc(plain_hooks, address, size, alignment, zero, commit, arena);
    /* A kernel before 5.14 refuses, and pages are populated by faults. */
    if (p && size <= grow_step)
        madvise(p, size, MADV_POPULATE_WRITE);
    return p;
}

static int arena_control(const char *what, void *old, size_t *old_n, void *new, size_t new_n)
{
    char name[48];
    snprintf(name, sizeof(name), "arena.%u.%s", growing_arena, what);
    return mallctl(name, old, old_n, new, new_n);
}
#endif

void mem_grow_begin(size_t expected, size_t step)
{
#ifdef MILLRACE_JEMALLOC
    size_t n = sizeof(growing_arena);
    if (growing || expected < GROW_LEAST * step ||
        mallctl("thread.arena", &growing_arena, &n, NULL, 0) != 0)
        return;
    n = sizeof(plain_hooks);
    if (arena_control("extent_hooks", &plain_hooks, &n, NULL, 0) != 0)
        return;
    grow_step = step;
    growing_hooks = *plain_hooks;
    growing_hooks.alloc = map_populated;
    extent_hooks_t *hooks = &growing_hooks;
    arena_control("extent_hooks", NULL, NULL, &hooks, sizeof(hooks));
    n = sizeof(plain_limit);
    arena_control("retain_grow_limit", &plain_limit, &n, &step, sizeof(step));
    growing = true;
#else
    (void)expected;
    (void)step;
#endif
}

void mem_grow_end(void)
{
#ifdef MILLRACE_JEMALLOC
    if (!growing)
        return;
    arena_control("extent_hooks", NULL, NULL, &plain_hooks, sizeof(plain_hooks));
    arena_control("retain_grow_limit", NULL, NULL, &plain_limit, sizeof(plain_limit));
    growing = false;
#endif
}

#ifdef MILLRACE_JEMALLOC
static ssize_t usual_decay_ms;

static void set_decay(ssize_t ms, ssize_t *before)
{
    char name[48];
    unsigned arena;
    size_t n = sizeof(arena);
    if (mallctl("thread.arena", &arena, &n, NULL, 0) != 0)
        return;
    snprintf(name, sizeof(name), "arena.%u.dirty_decay_ms", arena);
    n = sizeof(*before);
    mallctl(name, before, before ? &n : NULL, &ms, sizeof(ms));
}
#endif

void mem_shrink_begin(void)
{
#ifdef MILLRACE_JEMALLOC
    set_decay(0, &usual_decay_ms);
#endif
}

void mem_shrink_end(void)
{
#ifdef MILLRACE_JEMALLOC
    set_decay(usual_decay_ms, NULL);
#endif
}

void mem_purge(void)
{
#ifdef MILLRACE_JEMALLOC
    char name[32];
    snprintf(name, sizeof(name), "arena.%u.purge", (unsigned)MALLCTL_ARENAS_ALL);
    mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    mallctl(name, NULL, NULL, NULL, 0);
#else
    malloc_trim(0);
#endif
}
