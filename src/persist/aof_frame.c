#include "persist/aof_frame.h"

#include "base/assert.h"
#include "base/crc.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMESTAMP_MAX 32 /* bytes, with the line end */

/* ---- Header */

size_t aof_frame_print_header(const struct aof_frame_header *h, char *to)
{
    size_t n = (size_t)snprintf(to, AOF_FRAME_HEADER_MAX, "#MILLRACE:%u:%08x:%llu:%s", h->version,
                                h->salt, (unsigned long long)h->offset, h->replication_id);
    ASSERT(h->version >= 1 && h->version <= AOF_FRAME_VERSION);
    n += (size_t)snprintf(to + n, AOF_FRAME_HEADER_MAX - n, ":%08x\r\n", crc_32c(0, to, n));
    ASSERT(n < AOF_FRAME_HEADER_MAX);
    return n;
}

bool aof_frame_parse_header(struct bytes data, struct aof_frame_header *out, size_t *n)
{
    unsigned version, salt, crc;
    unsigned long long offset;
    char line[AOF_FRAME_HEADER_MAX], expected[AOF_FRAME_HEADER_MAX];
    size_t most = data.n < sizeof(line) ? data.n : sizeof(line) - 1;
    const char *newline = most ? memchr(data.p, '\n', most) : NULL;
    if (!newline)
        return false;
    size_t len = (size_t)(newline - data.p);
    memcpy(line, data.p, len);
    line[len] = 0;
    if (sscanf(line, "#MILLRACE:%1u:%8x:%llu:%40[^:]:%8x", &version, &salt, &offset,
               out->replication_id, &crc) != 5 ||
        version < 1 || version > AOF_FRAME_VERSION)
        return false;
    out->version = version;
    out->salt = salt;
    out->offset = offset;
    *n = len + 1;
    /* sscanf() is lenient; comparing with the printed form is strict, and verifies the checksum. */
    return aof_frame_print_header(out, expected) == *n && memcmp(expected, data.p, *n) == 0;
}

/* ---- Generation */

size_t aof_frame_print_generation(uint32_t salt, uint64_t generation, char *to)
{
    size_t n = (size_t)snprintf(to, AOF_FRAME_LINE_MAX, "#GENERATION:%llu",
                                (unsigned long long)generation);
    return n + (size_t)snprintf(to + n, AOF_FRAME_LINE_MAX - n, ":%08x\r\n", crc_32c(salt, to, n));
}

size_t aof_frame_parse_generation(uint32_t salt, struct bytes data, uint64_t *generation)
{
    static const char name[] = "#GENERATION:";
    char text[AOF_FRAME_LINE_MAX], expected[AOF_FRAME_LINE_MAX];
    if (!bytes_has_prefix(data, name))
        return 0;
    size_t n = data.n < sizeof(text) ? data.n : sizeof(text) - 1;
    memcpy(text, data.p, n);
    text[n] = 0;
    *generation = strtoull(text + sizeof(name) - 1, NULL, 10);
    size_t len = aof_frame_print_generation(salt, *generation, expected);
    return len <= n && memcmp(text, expected, len) == 0 ? len : 0;
}

/* ---- Timestamp */

size_t aof_frame_print_timestamp(int64_t seconds, char *to)
{
    size_t n = (size_t)snprintf(to, AOF_FRAME_LINE_MAX, "#TS:%lld\r\n", (long long)seconds);
    ASSERT(n < TIMESTAMP_MAX);
    return n;
}

bool aof_frame_parse_timestamp(struct bytes line, long long *seconds)
{
    return bytes_has_prefix(line, "#TS:") &&
           num_parse_int(bytes_of(line.p + 4, line.n - 4), seconds);
}

/* The timestamp line that ends at data[end], with its line end; empty if there is another line or
 * none. */
static struct bytes timestamp_before(struct bytes data, size_t end)
{
    ASSERT(end <= data.n);
    if (end < sizeof("#TS:0\r\n") - 1 || data.p[end - 1] != '\n')
        return bytes_of("", 0);
    size_t start = end - 1;
    while (start && data.p[start - 1] != '\n' && end - start < TIMESTAMP_MAX)
        start--;
    struct bytes line = {data.p + start, end - start};
    return bytes_has_prefix(line, "#TS:") ? line : bytes_of("", 0);
}

/* ---- Notes */

static const char *const note_names[] = {
    [JOURNAL_SKIP] = "#SKIP:", [JOURNAL_ONLY] = "#ONLY:", [JOURNAL_ID] = "#ID:"};

size_t aof_frame_print_note(const struct aof_frame_note *note, char *to)
{
    size_t n = strlen(note_names[note->kind]);
    memcpy(to, note_names[note->kind], n);
    if (note->kind == JOURNAL_ID) {
        ASSERT(history_is_id(note->id));
        memcpy(to + n, note->id, HISTORY_ID_LENGTH);
        n += HISTORY_ID_LENGTH;
    } else {
        ASSERT(note->n > 0);
        n += num_print_uint(to + n, note->n);
    }
    memcpy(to + n, "\r\n", 2);
    return n + 2;
}

bool aof_frame_parse_note(struct bytes line, struct aof_frame_note *out)
{
    char expected[AOF_FRAME_LINE_MAX];
    for (int kind = JOURNAL_SKIP; kind <= JOURNAL_ID; kind++) {
        const char *name = note_names[kind];
        long long n = 1;
        if (!bytes_has_prefix(line, name))
            continue;
        struct bytes value = {line.p + strlen(name), line.n - strlen(name)};
        *out = (struct aof_frame_note){.kind = (enum journal_note_kind)kind};
        if (kind == JOURNAL_ID && value.n == HISTORY_ID_LENGTH)
            memcpy(out->id, value.p, HISTORY_ID_LENGTH);
        if (kind == JOURNAL_ID ? !history_is_id(out->id) : !num_parse_int(value, &n) || n < 1)
            return false;
        out->n = (uint64_t)n;
        size_t len = aof_frame_print_note(out, expected);
        return len == line.n + 2 && memcmp(expected, line.p, line.n) == 0;
    }
    return false;
}

/* ---- Trailer */

size_t aof_frame_print_trailer(uint32_t salt, struct bytes timestamp, struct bytes body,
                               uint64_t synced, char *to)
{
    char numbers[64];
    size_t n =
        (size_t)snprintf(numbers, sizeof(numbers), "%zu:%llu", body.n, (unsigned long long)synced);
    uint32_t crc = crc_32c(crc_32c(salt, timestamp.p, timestamp.n), body.p, body.n);
    crc = crc_32c(crc, numbers, n);
    n = (size_t)snprintf(to, AOF_FRAME_LINE_MAX, "#CRC:%zu:%08x:%llu\r\n", body.n, crc,
                         (unsigned long long)synced);
    ASSERT(n < AOF_FRAME_LINE_MAX);
    return n;
}

bool aof_frame_is_sound(uint32_t salt, struct bytes data, size_t at, struct bytes line,
                        struct aof_frame_trailer *out)
{
    char text[AOF_FRAME_LINE_MAX], expected[AOF_FRAME_LINE_MAX], *next;
    ASSERT(at <= data.n && line.n <= data.n - at);
    if (!bytes_has_prefix(line, "#CRC:") || line.n + 2 >= sizeof(text))
        return false;
    memcpy(text, line.p, line.n);
    text[line.n] = 0;
    out->bytes = strtoull(text + 5, &next, 10);
    next = *next == ':' ? strchr(next + 1, ':') : NULL;
    if (!next || out->bytes > at)
        return false;
    out->synced = strtoull(next + 1, NULL, 10);
    size_t n = (size_t)out->bytes;
    /* Compared with the printed form, so that the lenient parsing above cannot accept anything
     * else. */
    size_t len = aof_frame_print_trailer(salt, timestamp_before(data, at - n),
                                         bytes_of(data.p + at - n, n), out->synced, expected);
    return len == line.n + 2 && memcmp(expected, line.p, line.n) == 0 && line.p[line.n] == '\r';
}
