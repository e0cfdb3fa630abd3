#include "server/progress.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

#define LOOK_MS 1000
#define LOOK_AT 64

struct progress {
    _Atomic uint64_t keys, cow, cow_peak;
    _Atomic int64_t looked_ms; /* last measurement, by the steady clock */
    uint64_t keys_total;
    int64_t began_ms;
    uint64_t look_at; /* number of keys at which to read the clock next */
};

struct progress *progress_new(void)
{
    void *page = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

void progress_free(struct progress *p)
{
    if (p)
        munmap(p, sizeof(*p));
}

void progress_begin(struct progress *p, uint64_t keys_total, bool slow)
{
    if (!p)
        return;
    p->keys = p->cow = p->cow_peak = 0;
    p->looked_ms = 0;
    p->keys_total = keys_total;
    p->look_at = slow ? 1 : LOOK_AT;
    p->began_ms = clock_steady_ms();
}

/* Private memory of this process. Takes milliseconds in a large one. */
static size_t private_bytes(void)
{
    char line[160];
    unsigned long kb = 0, n;
    FILE *f = fopen("/proc/self/smaps_rollup", "re");
    if (!f)
        return 0;
    while (fgets(line, sizeof(line), f))
        if (sscanf(line, "Private_Dirty: %lu kB", &n) == 1)
            kb += n;
    fclose(f);
    return (size_t)kb * 1024;
}

static void look(struct progress *p)
{
    size_t cow = private_bytes();
    p->cow = cow;
    if (cow > p->cow_peak)
        p->cow_peak = cow;
    p->looked_ms = clock_steady_ms();
}

void progress_key(struct progress *p, uint64_t keys)
{
    if (!p)
        return;
    atomic_store_explicit(&p->keys, keys, memory_order_relaxed);
    if (keys % p->look_at)
        return;
    int64_t last = p->looked_ms ? p->looked_ms : p->began_ms;
    if (clock_steady_ms() - last >= LOOK_MS)
        look(p);
}

void progress_end(struct progress *p)
{
    if (p)
        look(p);
}

void progress_read(const struct progress *p, struct progress_state *out)
{
    *out = (struct progress_state){0};
    if (!p)
        return;
    out->keys = p->keys;
    out->keys_total = p->keys_total;
    out->cow = p->cow;
    out->cow_peak = p->cow_peak;
    out->age_ms = p->looked_ms ? clock_steady_ms() - p->looked_ms : 0;
}
