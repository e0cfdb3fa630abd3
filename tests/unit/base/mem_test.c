#include "base/mem.h"

#include "unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef MILLRACE_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

/* The sanitizers let what is too large fail as any allocator does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static bool is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

TEST(blocks_are_what_was_asked_for)
{
    char *p = mem_zalloc(1000);
    CHECK(is_zero(p, 1000) && mem_block_size(p) >= 1000);
    p[999] = 'x';
    p = mem_realloc(p, 100000);
    CHECK(p[999] == 'x' && p[998] == 0);
    mem_free(p);
    p = mem_alloc_aligned(4096, 100);
    CHECK((uintptr_t)p % 4096 == 0);
    mem_free(p);
    mem_free(NULL);
    mem_free_sized(NULL, 5);
    CHECK(mem_block_size(NULL) == 0);
}

TEST(a_class_holds_the_size_and_is_what_a_block_takes)
{
    for (size_t n = 1; n < 5000; n += 37) {
        char *p = mem_alloc(n);
        CHECK(mem_class_size(n) >= n && mem_block_size(p) >= n);
        if (strncmp(mem_allocator_name(), "jemalloc", 8) == 0)
            CHECK(mem_block_size(p) == mem_class_size(n));
        mem_free_sized(p, n);
    }
}

TEST(what_clients_choose_may_fail)
{
    char *p = mem_try_alloc(10);
    CHECK(p && mem_try_alloc(SIZE_MAX / 2) == NULL);
    memcpy(p, "kept", 5);
    CHECK(mem_try_realloc(p, SIZE_MAX / 2) == NULL);
    CHECK(strcmp(p, "kept") == 0);
    mem_free(p);
}

TEST(a_copied_text_ends_with_a_nul)
{
    char *p = mem_copy_text("abcdef", 3);
    CHECK(strcmp(p, "abc") == 0);
    mem_free(p);
    p = mem_copy_text(NULL, 0);
    CHECK(*p == 0);
    mem_free(p);
}

TEST(what_is_used_is_counted)
{
    size_t used = mem_used(), allocated, active, resident;
    char *p = mem_alloc(10 << 20);
    memset(p, 1, 10 << 20);
    CHECK(mem_used() >= used + (10 << 20));
    mem_stats(&allocated, &active, &resident);
    CHECK(allocated >= (10 << 20) && active >= allocated && resident >= active);
    mem_free(p);
    CHECK(mem_used() < used + (1 << 20));
}

/* As in the server, whose threads have caches. */
static bool set_cache(bool on)
{
#ifdef MILLRACE_JEMALLOC
    return mallctl("thread.tcache.enabled", NULL, NULL, &on, sizeof(on)) == 0;
#else
    (void)on;
    return true;
#endif
}

TEST(what_waits_in_a_cache_is_not_used)
{
    enum { BLOCKS = 10 };
    static const size_t sizes[] = {100, 5000, 16384};
    void *blocks[BLOCKS];
    CHECK(set_cache(true));
    for (int k = 0; k < 3; k++) {
        size_t before = mem_used();
        for (int i = 0; i < BLOCKS; i++)
            blocks[i] = mem_alloc(sizes[k]);
        size_t with = mem_used();
        for (int i = 0; i < BLOCKS; i++)
            mem_free(blocks[i]);
        CHECK(with >= before + BLOCKS * sizes[k] && mem_used() == before);
    }
    CHECK(set_cache(false));
}

static pthread_barrier_t given, looked;

/* Its counters lie in the thread: it stays until they have been read. */
static void *give(void *block)
{
    mem_thread_begin();
    mem_free(block);
    pthread_barrier_wait(&given);
    pthread_barrier_wait(&looked);
    return NULL;
}

/* What one thread takes and another gives back is nothing in the end. Runs last and but once:
 * nobody asks for the balance after that thread. */
TEST(the_balance_is_of_all_threads)
{
    static bool over;
    pthread_t thread;
    if (over)
        return;
    over = true;
    mem_thread_begin();
    size_t before = mem_balance();
    char *p = mem_alloc(4 << 20);
    size_t with = mem_balance() - before;
    CHECK(with >= (4 << 20) && with < (5 << 20));
    CHECK(pthread_barrier_init(&given, NULL, 2) == 0 &&
          pthread_barrier_init(&looked, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, give, p) == 0);
    pthread_barrier_wait(&given);
    size_t after = mem_balance();
    pthread_barrier_wait(&looked);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(after < before + (1 << 20));
}

TEST(growing_and_giving_back_leave_data_alone)
{
    enum { BLOCKS = 40 };
    char *blocks[BLOCKS];
    mem_grow_begin(64 << 20, MEM_GROW_STEP);
    mem_grow_begin(64 << 20, MEM_GROW_STEP);
    for (int i = 0; i < BLOCKS; i++)
        memset(blocks[i] = mem_alloc(1 << 20), i, 1 << 20);
    mem_grow_end();
    mem_grow_end();
    mem_purge();
    mem_decay();
    for (int i = 0; i < BLOCKS; i++) {
        CHECK(blocks[i][0] == i && blocks[i][(1 << 20) - 1] == i);
        mem_free(blocks[i]);
    }
    mem_purge();
}

TEST(the_allocator_reports)
{
    char *text = NULL;
    size_t n = 0;
    mem_print_stats(&text, &n);
    CHECK(n > 100 && strlen(text) == n);
    free(text);
    CHECK(strlen(mem_allocator_name()) >= 4);
}

#ifdef MILLRACE_JEMALLOC
static size_t resident_after_freeing(char **blocks, size_t n)
{
    size_t allocated, active, resident;
    for (size_t i = 0; i < n; i++)
        memset(blocks[i] = mem_alloc(64 << 10), 1, 64 << 10);
    for (size_t i = 0; i < n; i++)
        mem_free(blocks[i]);
    mem_stats(&allocated, &active, &resident);
    return resident - active;
}
#endif

/* What is freed meanwhile goes back to the system at once; later it waits again for some time. */
TEST(shrinking_gives_back_at_once)
{
#ifdef MILLRACE_JEMALLOC
    static char *blocks[1000]; /* 64 MB */
    size_t before = resident_after_freeing(blocks, 1000);
    mem_shrink_begin();
    size_t meanwhile = resident_after_freeing(blocks, 1000);
    mem_shrink_end();
    CHECK(before > (32 << 20) && meanwhile < (32 << 20));
    CHECK(resident_after_freeing(blocks, 1000) > (32 << 20));
    bool on = false;
    size_t n = sizeof(on);
    mem_background(true);
    CHECK(mallctl("background_thread", &on, &n, NULL, 0) == 0 && on);
    mem_background(false);
    CHECK(mallctl("background_thread", &on, &n, NULL, 0) == 0 && !on);
#endif
}

UNIT_MAIN(T(blocks_are_what_was_asked_for), T(a_class_holds_the_size_and_is_what_a_block_takes),
          T(what_clients_choose_may_fail), T(a_copied_text_ends_with_a_nul),
          T(what_is_used_is_counted), T(what_waits_in_a_cache_is_not_used),
          T(growing_and_giving_back_leave_data_alone), T(the_allocator_reports),
          T(the_balance_is_of_all_threads), T(shrinking_gives_back_at_once))
