#include "type/stream/stream_bindings_words.h"

#include "base/assert.h"
#include "ds/topic.h"

static const char *const kinds[] = {"ALL", "DIRECT", "TOPIC", "HEADERS", "ALTERNATE"};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static bool has_field(enum stream_binding_kind kind)
{
    return kind == STREAM_BINDING_DIRECT || kind == STREAM_BINDING_TOPIC;
}

void stream_bindings_words_print(const struct stream_binding_rule *rule,
                                 struct stream_bindings_words *out)
{
    struct bytes *w = out->words;
    int n = 0;
    ASSERT(rule->kind < KINDS && rule->args_n <= 2 * STREAM_BINDINGS_PAIRS_MOST);
    w[n++] = bytes_text(kinds[rule->kind]);
    if (rule->kind == STREAM_BINDING_HEADERS) {
        w[n++] = rule->any ? BYTES("ANY") : BYTES("ALL");
        w[n++] = bytes_of(out->number, num_print_uint(out->number, rule->args_n / 2));
    }
    for (size_t i = 0; i < rule->args_n; i++)
        w[n++] = rule->args[i];
    out->args_n = n - 1;
    if (has_field(rule->kind)) {
        w[n++] = BYTES("BY");
        w[n++] = rule->field;
    }
    w[n++] = BYTES("TO");
    w[n++] = rule->dest;
    out->n = n;
}

/* ALL or ANY, the number of pairs, and the pairs, from words[1] on. */
static enum stream_bindings_words_read headers(const struct bytes *words, int n,
                                               struct stream_binding_rule *out)
{
    long long pairs;
    if (n < 3)
        return STREAM_BINDINGS_WORDS_BAD;
    out->any = bytes_is(words[1], "any");
    if (!out->any && !bytes_is(words[1], "all"))
        return STREAM_BINDINGS_WORDS_BAD;
    if (!num_parse_int(words[2], &pairs) || pairs < 1 || pairs > STREAM_BINDINGS_PAIRS_MOST)
        return STREAM_BINDINGS_WORDS_RANGE;
    if (n - 3 < 2 * pairs)
        return STREAM_BINDINGS_WORDS_BAD;
    out->args = words + 3;
    out->args_n = 2 * (size_t)pairs;
    return STREAM_BINDINGS_WORDS_GOOD;
}

/* BY and TO, which come last. */
static bool ending(const struct bytes *words, int n, struct stream_binding_rule *out)
{
    if (n == 4 && has_field(out->kind) && bytes_is(words[0], "by")) {
        out->field = words[1];
        words += 2;
        n -= 2;
    }
    if (n != 2 || !bytes_is(words[0], "to"))
        return false;
    out->dest = words[1];
    return true;
}

enum stream_bindings_words_read stream_bindings_words_read(const struct bytes *words, int n,
                                                           struct stream_binding_rule *out)
{
    unsigned kind = 0;
    int taken = 1;
    while (n > 0 && kind < KINDS && !bytes_is(words[0], kinds[kind]))
        kind++;
    if (n <= 0 || kind == KINDS)
        return STREAM_BINDINGS_WORDS_BAD;
    *out = (struct stream_binding_rule){.kind = (enum stream_binding_kind)kind};
    if (kind == STREAM_BINDING_HEADERS) {
        enum stream_bindings_words_read read = headers(words, n, out);
        if (read != STREAM_BINDINGS_WORDS_GOOD)
            return read;
        taken = 3 + (int)out->args_n;
    } else if (has_field(out->kind)) {
        out->field = STREAM_BINDINGS_FIELD;
        out->args = words + 1;
        out->args_n = 1;
        taken = 2;
    }
    if (taken > n || !ending(words + taken, n - taken, out))
        return STREAM_BINDINGS_WORDS_BAD;
    return out->kind == STREAM_BINDING_TOPIC &&
                   topic_words(out->args[0]) > STREAM_BINDINGS_TOPIC_WORDS
               ? STREAM_BINDINGS_WORDS_TOO_MANY
               : STREAM_BINDINGS_WORDS_GOOD;
}
