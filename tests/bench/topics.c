/* What matching a routing key takes with 1,000 and with 100,000 patterns (broker Q9): patterns and
 * keys of 3 to 5 words, one in ten patterns with a "*", one in twenty with a "#". Not part of the
 * server. usage: topics [WORDS], the number of different words at each place, default 50 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "ds/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { KEYS = 10000, ROUNDS = 5 };

static void count(void *context, void *value)
{
    (void)value;
    ++*(size_t *)context;
}

static size_t random_key(struct rng *r, char *to, size_t most, unsigned vocabulary,
                         const char *wild)
{
    size_t n = 0;
    unsigned words = 3 + (unsigned)rng_below(r, 3), where = (unsigned)rng_below(r, words);
    for (unsigned i = 0; i < words; i++) {
        const char *dot = i ? "." : "";
        if (wild && i == where)
            n += (size_t)snprintf(to + n, most - n, "%s%s", dot, wild);
        else
            n += (size_t)snprintf(to + n, most - n, "%sword%u%c", dot,
                                  (unsigned)rng_below(r, vocabulary), (char)('a' + i));
    }
    return n;
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double measure(unsigned patterns, unsigned vocabulary)
{
    static char keys[KEYS][80];
    static size_t lengths[KEYS];
    struct topic t = {0};
    struct rng r;
    char text[80];
    size_t hits = 0;
    double least = 1e9;
    rng_seed(&r, 1);
    while (t.patterns < patterns) {
        uint64_t kind = rng_below(&r, 100);
        size_t n = random_key(&r, text, sizeof(text), vocabulary,
                              kind < 10   ? "*"
                              : kind < 15 ? "#"
                                          : NULL);
        *topic_ensure(&t, bytes_of(text, n)) = &t;
    }
    for (int i = 0; i < KEYS; i++)
        lengths[i] = random_key(&r, keys[i], sizeof(keys[i]), vocabulary, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        double began = now_us();
        hits = 0;
        for (int i = 0; i < KEYS; i++)
            topic_match(&t, bytes_of(keys[i], lengths[i]), count, &hits);
        double took = (now_us() - began) / KEYS;
        least = took < least ? took : least;
    }
    printf("%6u patterns of %u words: %.3f us a key, %.2f patterns fit, %zu bytes a pattern\n",
           patterns, vocabulary, least, (double)hits / KEYS, topic_memory(&t) / t.patterns);
    topic_free(&t);
    return least;
}

int main(int argc, char **argv)
{
    unsigned vocabulary = argc > 1 ? (unsigned)atoi(argv[1]) : 50;
    hash_init(NULL, 0);
    double few = measure(1000, vocabulary), many = measure(100000, vocabulary);
    printf("100,000 against 1,000: %.2f\n", many / few);
    return 0;
}
