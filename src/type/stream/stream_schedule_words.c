#include "type/stream/stream_schedule_words.h"

#include "base/assert.h"

static const char *const catchups[] = {
    [STREAM_CATCHUP_NONE] = "NONE", [STREAM_CATCHUP_ONE] = "ONE", [STREAM_CATCHUP_ALL] = "ALL"};

struct bytes stream_schedule_words_catchup(enum stream_catchup c)
{
    return bytes_text(catchups[c]);
}

bool stream_schedule_words_read_catchup(struct bytes word, enum stream_catchup *out)
{
    for (unsigned c = 0; c < sizeof(catchups) / sizeof(*catchups); c++)
        if (bytes_is(word, catchups[c])) {
            *out = (enum stream_catchup)c;
            return true;
        }
    return false;
}

static int number(struct bytes *words, int n, const char *name, char *to, int64_t v)
{
    words[n] = bytes_text(name);
    words[n + 1] = bytes_of(to, num_print_int(to, v));
    return n + 2;
}

int stream_schedule_words_print(const struct stream_schedule_rules *r, int64_t limit,
                                struct stream_schedule_words *w, struct bytes *words)
{
    int n = 0;
    if (r->every_ms) {
        n = number(words, n, "EVERY", w->numbers[0], r->every_ms);
    } else {
        words[n++] = BYTES("CRON");
        words[n++] = r->cron;
        words[n++] = BYTES("TZ");
        words[n++] = r->zone;
    }
    n = number(words, n, "START", w->numbers[1], r->start_ms);
    words[n++] = BYTES("CATCHUP");
    words[n++] = stream_schedule_words_catchup(r->catchup);
    if (r->until_ms)
        n = number(words, n, "UNTIL", w->numbers[2], r->until_ms);
    if (limit >= 0)
        n = number(words, n, "LIMIT", w->numbers[3], limit);
    words[n++] = BYTES("FIELDS");
    ASSERT(n <= STREAM_SCHEDULE_WORDS);
    for (size_t i = 0; i < r->pairs_n; i++)
        words[n++] = r->pairs[i];
    return n;
}

/* ---- Reading */

struct reader {
    const struct bytes *words;
    int n, at;
};

static bool next_is(struct reader *r, const char *word)
{
    bool is = r->at < r->n && bytes_is(r->words[r->at], word);
    r->at += is;
    return is;
}

static bool named_number(struct reader *r, const char *name, int64_t least, int64_t most,
                         int64_t *out)
{
    long long v;
    if (!next_is(r, name) || r->at == r->n || !num_parse_int(r->words[r->at], &v) || v < least ||
        v > most)
        return false;
    r->at++;
    *out = v;
    return true;
}

static bool read_moments(struct reader *r, struct zone_table *zones,
                         struct stream_schedule_rules *out)
{
    char why[CRON_WHY_MOST];
    if (named_number(r, "EVERY", STREAM_SCHEDULE_EVERY_LEAST, STREAM_SCHEDULE_EVERY_MOST,
                     &out->every_ms))
        return true;
    if (r->n - r->at < 4 || !next_is(r, "CRON") ||
        !cron_parse(r->words[r->at++], &out->fields, why) || !next_is(r, "TZ"))
        return false;
    out->cron = r->words[r->at - 2];
    out->zone = r->words[r->at++];
    out->in = zone_find(zones, out->zone);
    return out->zone.n <= ZONE_NAME_MOST;
}

static bool may_be(const struct reader *r, const char *word)
{
    return r->at < r->n && bytes_is(r->words[r->at], word);
}

bool stream_schedule_words_read(const struct bytes *words, int n, struct zone_table *zones,
                                struct stream_schedule_rules *out)
{
    struct reader r = {words, n, 0};
    *out = (struct stream_schedule_rules){.limit = -1};
    if (!read_moments(&r, zones, out) ||
        !named_number(&r, "START", -STREAM_SCHEDULE_EVERY_MOST, STREAM_SCHEDULE_MOMENT_MOST,
                      &out->start_ms) ||
        !next_is(&r, "CATCHUP") || r.at == n ||
        !stream_schedule_words_read_catchup(words[r.at++], &out->catchup))
        return false;
    if (may_be(&r, "UNTIL") &&
        !named_number(&r, "UNTIL", 1, STREAM_SCHEDULE_MOMENT_MOST, &out->until_ms))
        return false;
    if (may_be(&r, "LIMIT") && !named_number(&r, "LIMIT", 1, INT64_MAX, &out->limit))
        return false;
    if (!next_is(&r, "FIELDS") || r.at == n || (n - r.at) % 2)
        return false;
    out->pairs = words + r.at;
    out->pairs_n = (size_t)(n - r.at);
    return true;
}
