/* Gives LLVMFuzzerTestOneInput() mutated seeds, without libFuzzer: for the half minute of every
 * check run, with the compiler and the sanitizers of that build, and the same inputs for the same
 * seed.
 *
 * usage: NAME_drive SEEDS SECONDS SEED LAST
 * SEEDS: a directory, of which every file is a seed. LAST: a file that holds the input under way,
 * so that after a crash it can be given to the function again (SECONDS 0: LAST is run once). */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "io/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define INPUT_MAX   65536
#define SEEDS_MAX   256
#define HANG_S      30
#define MEMORY_MOST (1500L << 10) /* KB, with what the sanitizers take */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct buf seeds[SEEDS_MAX];
static unsigned seed_n;
static struct rng rng;

static void take_seed(void *context, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", (const char *)context, name);
    if (seed_n < SEEDS_MAX && file_read(path, &seeds[seed_n]) == 0 && seeds[seed_n].n > 1 &&
        seeds[seed_n].n <= INPUT_MAX)
        seed_n++;
}

static size_t below(size_t n)
{
    return (size_t)rng_below(&rng, n ? n : 1);
}

/* Lengths, counts and limits that are likely to hurt: as bytes, and as formats write them. */
static size_t put_number(uint8_t *to, size_t room)
{
    static const uint64_t numbers[] = {
        0,          1,        2,          63,         64,        127,        128,
        255,        256,      16383,      16384,      32767,     65535,      65536,
        0x7fffffff, 1u << 31, UINT32_MAX, 1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX};
    uint64_t v = numbers[below(sizeof(numbers) / sizeof(*numbers))];
    char text[32];
    size_t n = (size_t[]){1, 2, 4, 8, 0, 5, 9}[below(7)];
    if (n == 0) {
        n = (size_t)snprintf(text, sizeof(text), "%lld", (long long)v);
    } else if (n == 5 || n == 9) { /* an RDB length, big-endian */
        text[0] = (char)(n == 5 ? 0x80 : 0x81);
        for (size_t i = 1; i < n; i++)
            text[i] = (char)(v >> (8 * (n - 1 - i)));
    } else {
        memcpy(text, &v, n);
    }
    if (n > room)
        n = room;
    memcpy(to, text, n);
    return n;
}

/* Moves what is behind `at` by n bytes, as far as there is room. */
static void open_gap(uint8_t *p, size_t *len, size_t at, size_t n)
{
    memmove(p + at + n, p + at, *len - at);
    *len += n;
}

static void mutate(uint8_t *p, size_t *len)
{
    /* The first byte says what it is a seed of. */
    size_t at = 1 + below(*len - 1), n = 1 + below(below(4) ? 16 : *len - at);
    const struct buf *other = &seeds[below(seed_n)];
    size_t from = below(other->n), some = 1 + below(other->n - from);
    if (n > *len - at)
        n = *len - at;
    switch (below(8)) {
    case 0:
        p[at] ^= (uint8_t)(1u << below(8));
        break;
    case 1:
        p[at] = (uint8_t)below(256);
        break;
    case 2:
        put_number(p + at, *len - at);
        break;
    case 3: /* without some */
        memmove(p + at, p + at + n, *len - at - n);
        *len -= n;
        break;
    case 4: /* some twice */
        if (*len + n <= INPUT_MAX) {
            uint8_t *copy = mem_alloc(n);
            memcpy(copy, p + at, n);
            open_gap(p, len, at, n);
            memcpy(p + at, copy, n);
            mem_free(copy);
        }
        break;
    case 5: /* a piece of another seed between */
        if (*len + some <= INPUT_MAX) {
            open_gap(p, len, at, some);
            memcpy(p + at, other->p + from, some);
        }
        break;
    case 6: /* or over it */
        memcpy(p + at, other->p + from, some < *len - at ? some : *len - at);
        break;
    default: /* cut */
        *len = at;
    }
    if (*len < 2)
        *len = 2;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s SEEDS SECONDS SEED LAST\n", argv[0]);
        return 2;
    }
    long seconds = atol(argv[2]);
    if (seconds == 0) {
        struct buf last = {0};
        if (file_read(argv[4], &last) || last.n < 2)
            return 2;
        uint32_t n;
        memcpy(&n, last.p, sizeof(n));
        return LLVMFuzzerTestOneInput((const uint8_t *)last.p + sizeof(n), n);
    }
    int fd = open(argv[4], O_RDWR | O_CREAT, 0644);
    if (fd < 0 || ftruncate(fd, INPUT_MAX + 4)) {
        perror(argv[4]);
        return 2;
    }
    uint8_t *last = mmap(NULL, INPUT_MAX + 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    file_list(argv[1], take_seed, argv[1]);
    if (last == MAP_FAILED || seed_n == 0) {
        fprintf(stderr, "no seeds\n");
        return 2;
    }
    rng_seed(&rng, (uint64_t)atoll(argv[3]));
    uint64_t inputs = 0;
    int64_t end = clock_mono_us() + seconds * 1000000;
    while (clock_mono_us() < end) {
        alarm(HANG_S);
        for (int i = 0; i < 100; i++, inputs++) {
            const struct buf *seed = &seeds[below(seed_n)];
            size_t n = seed->n;
            memcpy(last + 4, seed->p, n);
            for (size_t changes = 1 + below(8); changes; changes--)
                mutate(last + 4, &n);
            uint32_t short_n = (uint32_t)n;
            memcpy(last, &short_n, sizeof(short_n));
            /* To the byte in a block of its own, or a step over its end would go unnoticed. */
            uint8_t *exact = mem_alloc(n);
            memcpy(exact, last + 4, n);
            LLVMFuzzerTestOneInput(exact, n);
            mem_free(exact);
        }
    }
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("%llu inputs from %u seeds, at most %ld MB\n", (unsigned long long)inputs, seed_n,
           use.ru_maxrss >> 10);
    return use.ru_maxrss > MEMORY_MOST;
}
