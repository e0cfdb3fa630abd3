#include "base/mem.h"

#include "base/assert.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef MILLRACE_JEMALLOC
#include <jemalloc/jemalloc.h>
#else
#include <malloc.h>
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
    return size; /* nothing beyond what was asked for may be touched */
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
#else
    struct mallinfo2 m = mallinfo2();
    *allocated = m.uordblks + m.hblkhd;
    *active = *resident = m.arena + m.hblkhd;
#endif
}

size_t mem_used(void)
{
    size_t allocated, active, resident;
    mem_stats(&allocated, &active, &resident);
    return allocated;
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
