/* The first line, then the snapshot's bytes. The last ones are held back, since they may be the
 * mark and the checksum; the rest goes into the file and the sum at once, so that nothing has to be
 * read again at the end. */
#include "replica/receive.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/crc.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"

#include <limits.h>
#include <stdio.h>

#define MARK      40
#define SUM       8  /* the checksum at the end */
#define HEAD      9  /* "REDIS" and the version */
#define LINE      64 /* longest first line */
#define SUMS_FROM 5  /* the first version with a checksum */

struct receive {
    char path[PATH_MAX];
    int fd; /* -1: not yet */
    bool verify, begun, in_memory;
    int64_t length; /* -1: up to the mark */
    char mark[MARK];
    char first[HEAD]; /* of the snapshot */
    uint64_t sum;     /* of the bytes in the file */
    uint64_t written;
    struct buf held; /* the last bytes, perhaps checksum and mark; or the first line */
    char why[128];
};

struct receive *receive_new(const char *path, bool verify)
{
    struct receive *x = mem_zalloc(sizeof(*x));
    x->in_memory = !path;
    if (path)
        snprintf(x->path, sizeof(x->path), "%s", path);
    x->fd = -1;
    x->verify = verify;
    return x;
}

void receive_free(struct receive *x)
{
    if (!x)
        return;
    if (x->fd >= 0) {
        file_close(x->fd);
        if (!x->in_memory)
            file_remove(x->path);
    }
    buf_free(&x->held);
    mem_free(x);
}

const char *receive_why(const struct receive *x)
{
    return x->why;
}

bool receive_has_begun(const struct receive *x, int64_t *length)
{
    *length = x->length;
    return x->begun;
}

uint64_t receive_bytes(const struct receive *x)
{
    return x->begun ? x->written + x->held.n : 0;
}

bool receive_is_in_memory(const struct receive *x)
{
    return x->in_memory;
}

const char *receive_path(const struct receive *x)
{
    return x->path;
}

static enum receive_state fail(struct receive *x, const char *why)
{
    snprintf(x->why, sizeof(x->why), "%s", why);
    log_line(LOG_WARNING, "MASTER <-> REPLICA sync: %s", why);
    return RECEIVE_FAILED;
}

/* ---- The first line */

static enum receive_state begin(struct receive *x, struct bytes line)
{
    long long n;
    x->begun = true;
    if (line.n == 5 + MARK && memcmp(line.p, "$EOF:", 5) == 0) {
        x->length = -1;
        memcpy(x->mark, line.p + 5, MARK);
    } else if (line.n > 1 && line.p[0] == '$' &&
               num_parse_int(bytes_of(line.p + 1, line.n - 1), &n) && n >= 0) {
        x->length = n;
    } else {
        char why[128];
        snprintf(why, sizeof(why), "Bad protocol from MASTER, the first line is '%.*s'",
                 line.n < LINE ? (int)line.n : LINE, line.p);
        return fail(x, why);
    }
    x->held.n = 0;
    x->fd = x->in_memory ? file_create_in_memory(x->path, sizeof(x->path)) : file_create(x->path);
    if (x->fd < 0)
        return fail(x, strerror(-x->fd));
    const char *to = x->in_memory ? "parser" : "disk";
    if (x->length >= 0)
        log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: receiving %lld bytes from master to %s",
                 (long long)x->length, to);
    else
        log_line(LOG_NOTICE,
                 "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to %s", to);
    return RECEIVE_MORE;
}

/* Line ends before it keep the link alive. */
static enum receive_state take_line(struct receive *x, struct bytes came, size_t *used)
{
    while (*used < came.n && !x->begun) {
        char c = came.p[(*used)++];
        if (c == '\n' && x->held.n) {
            enum receive_state state = begin(x, buf_bytes(&x->held));
            if (state != RECEIVE_MORE)
                return state;
        } else if (c != '\n' && c != '\r') {
            buf_add_char(&x->held, c);
        }
        if (x->held.n > LINE)
            return fail(x, "Bad protocol from MASTER, the first line has no end");
    }
    return RECEIVE_MORE;
}

/* ---- The snapshot */

/* Writes the first n held bytes to the file. */
static bool put(struct receive *x, size_t n, bool summed)
{
    size_t written, at = (size_t)x->written;
    for (size_t i = 0; i < n && at + i < HEAD; i++)
        x->first[at + i] = x->held.p[i];
    int error = n ? file_write_all(x->fd, bytes_of(x->held.p, n), &written) : 0;
    if (error) {
        fail(x, strerror(-error));
        return false;
    }
    if (summed)
        x->sum = crc_64(x->sum, x->held.p, n);
    x->written += n;
    buf_consume(&x->held, n);
    return true;
}

static enum receive_state check(struct receive *x, const unsigned char *end)
{
    uint64_t sum = 0;
    bool redis = memcmp(x->first, "REDIS", 5) == 0, valkey = memcmp(x->first, "VALKEY", 6) == 0;
    bool summed = valkey || x->first[8] >= '0' + SUMS_FROM || memcmp(x->first + 5, "000", 3) != 0;
    for (int i = 0; i < SUM; i++)
        sum |= (uint64_t)end[i] << 8 * i;
    if (!redis && !valkey)
        return fail(x, "what came is no snapshot");
    if (x->verify && summed && sum && sum != x->sum)
        return fail(x, "Wrong RDB checksum");
    return RECEIVE_WHOLE;
}

/* The held bytes end with the checksum. */
static enum receive_state end(struct receive *x)
{
    unsigned char sum[SUM];
    if (x->written + x->held.n < HEAD + 1 + SUM)
        return fail(x, "what came is no snapshot");
    if (!put(x, x->held.n - SUM, true))
        return RECEIVE_FAILED;
    memcpy(sum, x->held.p, SUM);
    if (!put(x, SUM, false))
        return RECEIVE_FAILED;
    return check(x, sum);
}

static enum receive_state take_length(struct receive *x, struct bytes came, size_t *used)
{
    uint64_t left = (uint64_t)x->length - x->written - x->held.n;
    size_t n = came.n < left ? came.n : (size_t)left;
    buf_add(&x->held, bytes_of(came.p, n));
    *used += n;
    if (n == left)
        return end(x);
    return x->held.n <= SUM || put(x, x->held.n - SUM, true) ? RECEIVE_MORE : RECEIVE_FAILED;
}

static enum receive_state take_marked(struct receive *x, struct bytes came, size_t *used)
{
    size_t before = x->held.n, from = before > MARK ? before - MARK : 0;
    buf_add(&x->held, came);
    const char *mark = memmem(x->held.p + from, x->held.n - from, x->mark, MARK);
    if (mark) {
        *used += (size_t)(mark - x->held.p) + MARK - before;
        x->held.n = (size_t)(mark - x->held.p);
        return end(x);
    }
    *used += came.n;
    return x->held.n <= MARK + SUM || put(x, x->held.n - MARK - SUM, true) ? RECEIVE_MORE
                                                                           : RECEIVE_FAILED;
}

enum receive_state receive_take(struct receive *x, struct bytes came, size_t *used)
{
    *used = 0;
    enum receive_state state = x->begun ? RECEIVE_MORE : take_line(x, came, used);
    came = bytes_of(came.p + *used, came.n - *used);
    if (state != RECEIVE_MORE || !x->begun || (came.n == 0 && x->length != 0))
        return state;
    return x->length >= 0 ? take_length(x, came, used) : take_marked(x, came, used);
}
