#include "type/stream/stream_policy_words.h"

#include "base/assert.h"

/* The words of a text, with a blank between them. */
static int split(struct bytes text, struct bytes *words)
{
    int n = 0;
    for (size_t at = 0, i = 0; i <= text.n; i++)
        if (i == text.n || text.p[i] == ' ') {
            words[n++] = bytes_of(text.p + at, i - at);
            at = i + 1;
        }
    return n;
}

int stream_policy_words(const struct stream_policy *p, struct bytes *words, struct buf *room)
{
    ASSERT(room->n == 0 && p->retry_n <= STREAM_POLICY_BACKOFFS_MOST);
    buf_printf(room, "LEASE %lld RETRY ", (long long)p->lease_ms);
    stream_policy_print_retry(p, room);
    buf_printf(room, " JITTER %u MAXDELIVER %lld DEADLETTER", p->jitter, (long long)p->max_deliver);
    size_t letters = room->n;
    buf_printf(room, "ONACK %s PREFETCH %lld MAXPENDING %lld RATE 0 0 ORDERBY",
               p->delete_acked ? "DELETE" : "KEEP", (long long)p->prefetch,
               (long long)p->max_pending);
    size_t order = room->n;
    /* What is not built yet is at its defaults. */
    buf_printf(room, "HOLD SINGLE 0 ONDISCONNECT KEEP CONSUMERTTL 0 GROUPTTL 0 PAUSE %s",
               p->paused ? "ON" : "OFF");
    int n = split(bytes_of(room->p, letters), words);
    words[n++] = str_bytes(p->dead_letter);
    n += split(bytes_of(room->p + letters, order - letters), words + n);
    words[n++] = bytes_of("", 0);
    n += split(bytes_of(room->p + order, room->n - order), words + n);
    ASSERT(n <= STREAM_POLICY_WORDS_MOST);
    return n;
}
