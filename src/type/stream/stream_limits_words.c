#include "type/stream/stream_limits_words.h"

#include "base/assert.h"

static const char *const numbers[] = {"MAXLEN", "MAXBYTES", "MAXAGE"};
static const char *const strategies[] = {"KEEPREF", "DELREF", "ACKED"};

#define OVERFLOW_BIT 8u

static int64_t *number_of(struct stream_limits *l, int i)
{
    return i == 0 ? &l->max_entries : i == 1 ? &l->max_bytes : &l->max_age_ms;
}

void stream_limits_words_print(const struct stream_limits *l, struct stream_limits_words *out)
{
    struct stream_limits copy = *l;
    ASSERT(l->strategy <= STREAM_ACKNOWLEDGED);
    out->n = 0;
    for (int i = 0; i < 3; i++) {
        out->words[out->n++] = bytes_text(numbers[i]);
        out->words[out->n++] =
            bytes_of(out->text[i], num_print_int(out->text[i], *number_of(&copy, i)));
    }
    out->words[out->n++] = BYTES("OVERFLOW");
    out->words[out->n++] = l->refuses ? BYTES("REJECT") : BYTES("DROP");
    if (!l->refuses)
        out->words[out->n++] = bytes_text(strategies[l->strategy]);
}

/* The words after OVERFLOW. */
static enum stream_limits_words_read overflow(struct stream_limits *l, const struct bytes *words,
                                              int n, int *i)
{
    l->strategy = STREAM_KEEP_REFERENCES;
    if (++*i >= n)
        return STREAM_LIMITS_WORDS_UNKNOWN;
    l->refuses = bytes_is(words[*i], "reject");
    if (l->refuses)
        return STREAM_LIMITS_WORDS_TAKEN;
    if (!bytes_is(words[*i], "drop"))
        return STREAM_LIMITS_WORDS_UNKNOWN;
    for (int k = 0; *i + 1 < n && k < 3; k++)
        if (bytes_is(words[*i + 1], strategies[k])) {
            l->strategy = (enum stream_strategy)k;
            ++*i;
            break;
        }
    return STREAM_LIMITS_WORDS_TAKEN;
}

enum stream_limits_words_read stream_limits_words_option(struct stream_limits *l,
                                                         const struct bytes *words, int n, int *i,
                                                         unsigned *given, const char **name)
{
    unsigned bit = OVERFLOW_BIT;
    int which = 0;
    long long v;
    while (which < 3 && !bytes_is(words[*i], numbers[which]))
        which++;
    *name = which < 3 ? numbers[which] : "OVERFLOW";
    if (which == 3 && !bytes_is(words[*i], "overflow"))
        return STREAM_LIMITS_WORDS_UNKNOWN;
    if (which < 3)
        bit = 1u << which;
    if (*given & bit)
        return STREAM_LIMITS_WORDS_AGAIN;
    *given |= bit;
    if (which == 3)
        return overflow(l, words, n, i);
    if (++*i >= n)
        return STREAM_LIMITS_WORDS_UNKNOWN;
    if (!num_parse_int(words[*i], &v) || v < STREAM_LIMITS_NONE)
        return STREAM_LIMITS_WORDS_RANGE;
    *number_of(l, which) = v;
    return STREAM_LIMITS_WORDS_TAKEN;
}
