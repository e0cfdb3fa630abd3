#include "persist/wrap.h"

#include "base/assert.h"

#define FIRST_REDIS 100 /* versions below 1.0 are ours, unknown to Redis */

/* "8.10.0" as 810; 0: not a version. */
static unsigned version_of(const char *text)
{
    unsigned major = 0, minor = 0;
    while (*text >= '0' && *text <= '9')
        major = major * 10 + (unsigned)(*text++ - '0');
    if (*text == '.')
        text++;
    while (*text >= '0' && *text <= '9')
        minor = minor * 10 + (unsigned)(*text++ - '0');
    return major * 100 + minor;
}

bool wrap_is_needed(const char *since, long long compat)
{
    static const unsigned versions[] = {700, 702, 704};
    ASSERT(compat >= 10 && compat <= 12);
    if (!since)
        return false;
    unsigned v = version_of(since);
    return v < FIRST_REDIS || v > versions[compat - 10];
}

void wrap_add(struct journal *j, int db, const struct bytes *argv, int argc, struct bytes raw)
{
    struct buf inner = {0};
    if (!j->on)
        return;
    if (!raw.n) {
        journal_format(&inner, argv, argc);
        raw = buf_bytes(&inner);
    }
    const struct bytes outer[] = {BYTES("PING"), raw};
    journal_add(j, db, outer, 2, bytes_of(NULL, 0));
    buf_free(&inner);
}

void wrap_format(struct buf *out, struct bytes command)
{
    const struct bytes outer[] = {BYTES("PING"), command};
    journal_format(out, outer, 2);
}

int wrap_open(const struct bytes *argv, int argc, struct aof_parse_room *room)
{
    if (argc != 2 || !bytes_is(argv[0], "ping") || argv[1].n == 0 || argv[1].p[0] != '*')
        return 0;
    struct aof_parsed p = aof_parse(argv[1], 0, room);
    return p.item == AOF_PARSE_COMMAND && p.next == argv[1].n ? p.argc : 0;
}
