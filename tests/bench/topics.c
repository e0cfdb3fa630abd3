/* What matching a routing key takes (broker Q9, decision 57): patterns and keys of 3 to 5 words,
 * one in ten patterns with a "*", one in twenty with a "#". 1,000 patterns are compared with
 * 100,000 of the same words, of which a key reaches many more, and with the same 1,000 among 99,000
 * others that no key reaches. Not part of the server. usage: topics [WORDS], the number of
 * different words at each place, default 50 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "ds/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEYS = 10000, ROUNDS = 20 };

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

static void add_patterns(struct topic *t, struct rng *r, size_t patterns, unsigned vocabulary,
                         const char *first)
{
    char text[100];
    size_t before = t->patterns, prefix = strlen(first);
    memcpy(text, first, prefix);
    while (t->patterns < before + patterns) {
        uint64_t kind = rng_below(r, 100);
        const char *wild = kind < 10 ? "*" : kind < 15 ? "#" : NULL;
        size_t n = random_key(r, text + prefix, sizeof(text) - prefix, vocabulary, wild);
        *topic_ensure(t, bytes_of(text, prefix + n)) = t;
    }
}

static double measure(size_t patterns, size_t others, unsigned vocabulary)
{
    static char keys[KEYS][80];
    static size_t lengths[KEYS];
    struct topic t = {0};
    struct rng r;
    size_t hits = 0;
    double least = 1e9;
    rng_seed(&r, 1);
    add_patterns(&t, &r, patterns, vocabulary, "");
    add_patterns(&t, &r, others, vocabulary, "other.");
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
    printf(
        "%6zu patterns of %u words, %5zu others: %.3f us a key, %.2f patterns match, %zu bytes a "
        "pattern\n",
        patterns, vocabulary, others, least, (double)hits / KEYS, topic_memory(&t) / t.patterns);
    topic_free(&t);
    return least;
}

int main(int argc, char **argv)
{
    unsigned vocabulary = argc > 1 ? (unsigned)atoi(argv[1]) : 50;
    hash_init(NULL, 0);
    double few = measure(1000, 0, vocabulary), among = measure(1000, 99000, vocabulary);
    double many = measure(100000, 0, vocabulary);
    printf("1,000 among 99,000 others against 1,000: %.2f\n", among / few);
    printf("100,000 against 1,000: %.2f\n", many / few);
    return 0;
}
