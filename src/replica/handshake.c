#include "replica/handshake.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/num.h"

#include <stdio.h>
#include <string.h>

void handshake_say(struct chain *out, const struct bytes *argv, int argc)
{
    struct buf b = {0};
    journal_format(&b, argv, argc);
    chain_add(out, buf_bytes(&b));
    buf_free(&b);
}

#define SAY(out, ...)                                                                              \
    handshake_say(out, (const struct bytes[]){__VA_ARGS__},                                        \
                  (int)(sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes)))

bool handshake_line(struct buf *in, char *line, size_t room, size_t *n)
{
    const char *end = in->n ? memchr(in->p, '\n', in->n) : NULL;
    size_t length = end ? (size_t)(end - in->p) : 0;
    if (!end || length > room)
        return false;
    memcpy(line, in->p, length);
    buf_consume(in, length + 1);
    *n = length - (length && line[length - 1] == '\r');
    return true;
}

static bool says(struct bytes line, const char *start)
{
    return bytes_has_prefix(line, start);
}

/* For "%.*s". */
#define SHOWN(line) ((line).n < 256 ? (int)(line).n : 256), (line).p

enum handshake_answer handshake_ping(struct bytes line)
{
    if (!says(line, "+") && !says(line, "-NOAUTH") && !says(line, "-NOPERM") &&
        !says(line, "-ERR operation not permitted")) {
        log_line(LOG_WARNING, "Error reply to PING from master: '%.*s'", SHOWN(line));
        return says(line, "-LOADING") ? HANDSHAKE_LATER : HANDSHAKE_REFUSED;
    }
    log_line(LOG_NOTICE, "Master replied to PING, replication can continue...");
    return HANDSHAKE_GOES_ON;
}

/* ---- Introducing ourselves */

static void expect(struct handshake *h, enum handshake_step step)
{
    ASSERT(h->step_n < HANDSHAKE_STEPS);
    h->steps[h->step_n++] = step;
}

static void send_password(struct handshake *h, const struct settings *s, struct chain *out)
{
    if (!*s->masterauth)
        return;
    if (*s->masteruser)
        SAY(out, BYTES("AUTH"), bytes_text(s->masteruser), bytes_text(s->masterauth));
    else
        SAY(out, BYTES("AUTH"), bytes_text(s->masterauth));
    expect(h, HANDSHAKE_AUTH);
}

void handshake_introduce(struct handshake *h, const struct settings *s,
                         const struct handshake_self *self, struct chain *out)
{
    char port[NUM_INT_MAX];
    long long own = s->tls_replication ? s->tls_port : s->port;
    long long listens = s->replica_announce_port ? s->replica_announce_port : own;
    *h = (struct handshake){.foreign = true};
    send_password(h, s, out);
    SAY(out, BYTES("REPLCONF"), BYTES("listening-port"),
        bytes_of(port, num_print_int(port, listens)));
    expect(h, HANDSHAKE_PORT);
    if (*s->replica_announce_ip) {
        SAY(out, BYTES("REPLCONF"), BYTES("ip-address"), bytes_text(s->replica_announce_ip));
        expect(h, HANDSHAKE_ADDRESS);
    }
    SAY(out, BYTES("REPLCONF"), BYTES("capa"), BYTES("eof"), BYTES("capa"), BYTES("psync2"));
    expect(h, HANDSHAKE_CAPA);
    /* Valkey chooses the snapshot's format by this. */
    SAY(out, BYTES("REPLCONF"), BYTES("version"), BYTES("9.0.0"));
    expect(h, HANDSHAKE_VERSION);
    if (self->fetches) {
        SAY(out, BYTES("REPLCONF"), BYTES("fetch"), BYTES("1"));
        expect(h, HANDSHAKE_FETCH);
    }
    SAY(out, BYTES("REPLCONF"), BYTES("millrace"), BYTES("1"), bytes_text(self->run_id),
        *self->promise ? bytes_text(self->promise) : BYTES("-"),
        self->whole ? BYTES("1") : BYTES("0"));
    expect(h, HANDSHAKE_MILLRACE);
}

/* Parses "+OK <ID> <offset>", or "+OK". */
static void parse_own(struct handshake *h, struct bytes line)
{
    size_t at = strlen("+OK ");
    long long offset;
    if (!says(line, "+OK ") || line.n < at + HISTORY_ID_LENGTH + 2 ||
        line.p[at + HISTORY_ID_LENGTH] != ' ' ||
        !num_parse_int(
            bytes_of(line.p + at + HISTORY_ID_LENGTH + 1, line.n - at - HISTORY_ID_LENGTH - 1),
            &offset) ||
        offset < 0)
        return;
    memcpy(h->own, line.p + at, HISTORY_ID_LENGTH);
    h->own[HISTORY_ID_LENGTH] = 0;
    if (!history_is_id(h->own))
        h->own[0] = 0;
    h->own_offset = (uint64_t)offset;
}

enum handshake_answer handshake_heard(struct handshake *h, struct bytes line)
{
    static const char *const names[] = {[HANDSHAKE_PORT] = "listening-port",
                                        [HANDSHAKE_ADDRESS] = "ip-address",
                                        [HANDSHAKE_CAPA] = "capa"};
    ASSERT(h->step < h->step_n);
    enum handshake_step step = h->steps[h->step++];
    bool good = says(line, "+");
    if (step == HANDSHAKE_AUTH && !good) {
        log_line(LOG_WARNING, "Unable to AUTH to MASTER: %.*s", SHOWN(line));
        return HANDSHAKE_REFUSED;
    }
    if (says(line, "-ERR This server can't replicate itself")) {
        log_line(LOG_WARNING, "The master is this server itself: %.*s", SHOWN(line));
        return HANDSHAKE_REFUSED;
    }
    if (!good && step != HANDSHAKE_AUTH && step <= HANDSHAKE_CAPA)
        log_line(LOG_NOTICE, "(Non critical) Master does not understand REPLCONF %s: %.*s",
                 names[step], SHOWN(line));
    if (step == HANDSHAKE_MILLRACE) {
        h->foreign = !good;
        parse_own(h, line);
    }
    return h->step == h->step_n ? HANDSHAKE_GOES_ON : HANDSHAKE_WAITS;
}

/* ---- Asking for the stream */

void handshake_ask(struct handshake *h, const struct journal *j, bool knows, bool takes_over,
                   struct chain *out)
{
    const struct history *own = &j->history;
    /* Until the first byte of our own history comes, our data are of the previous one. A replica
     * that is to take over has learnt our ID. */
    const char *last = takes_over ? own->id : history_last_id(own, j->offset);
    char next[NUM_INT_MAX];
    snprintf(h->id, sizeof(h->id), "%s", knows ? last : "");
    h->new_id[0] = 0;
    h->takes_over = takes_over;
    if (!knows) {
        SAY(out, BYTES("PSYNC"), BYTES("?"), BYTES("-1"));
        log_line(LOG_NOTICE, "Partial resynchronization not possible (no cached master)");
        return;
    }
    struct bytes from = bytes_of(next, num_print_uint(next, j->offset + 1));
    if (takes_over)
        SAY(out, BYTES("PSYNC"), bytes_text(h->id), from, BYTES("FAILOVER"));
    else
        SAY(out, BYTES("PSYNC"), bytes_text(h->id), from);
    log_line(LOG_NOTICE, "Trying a partial resynchronization (request %s:%llu).", h->id,
             (unsigned long long)j->offset + 1);
}

static bool take_id(struct handshake *h, struct bytes id)
{
    if (id.n != HISTORY_ID_LENGTH)
        return false;
    memcpy(h->new_id, id.p, id.n);
    h->new_id[id.n] = 0;
    return history_is_id(h->new_id);
}

static enum handshake_answer full(struct handshake *h, struct bytes words)
{
    size_t at = HISTORY_ID_LENGTH;
    long long offset;
    if (words.n < at + 2 || words.p[at] != ' ' || !take_id(h, bytes_of(words.p, at)) ||
        !num_parse_int(bytes_of(words.p + at + 1, words.n - at - 1), &offset) || offset < 0) {
        log_line(LOG_WARNING, "Master replied with wrong +FULLRESYNC syntax.");
        return HANDSHAKE_LATER;
    }
    h->offset = (uint64_t)offset;
    log_line(LOG_NOTICE, "Full resync from master: %s:%lld", h->new_id, offset);
    return HANDSHAKE_FULL;
}

static enum handshake_answer rest(struct handshake *h, struct bytes id)
{
    if (!take_id(h, id))
        h->new_id[0] = 0;
    log_line(LOG_NOTICE, "Successful partial resynchronization with master.");
    log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
    return HANDSHAKE_REST;
}

enum handshake_answer handshake_answer(struct handshake *h, struct bytes line)
{
    size_t full_n = strlen("+FULLRESYNC "), rest_n = strlen("+CONTINUE ");
    if (says(line, "+FULLRESYNC"))
        return full(h, line.n < full_n ? BYTES("") : bytes_of(line.p + full_n, line.n - full_n));
    if (says(line, "+CONTINUE") && h->id[0])
        return rest(h, line.n < rest_n ? BYTES("") : bytes_of(line.p + rest_n, line.n - rest_n));
    if (says(line, "-NOMASTERLINK") || says(line, "-LOADING")) {
        log_line(LOG_NOTICE,
                 "Master is currently unable to PSYNC but should be in the future: %.*s",
                 SHOWN(line));
        return HANDSHAKE_LATER;
    }
    if (says(line, "-")) {
        log_line(LOG_NOTICE, "Master does not support PSYNC or is in error state (reply: %.*s)",
                 SHOWN(line));
        return h->takes_over ? HANDSHAKE_LATER : HANDSHAKE_OLD;
    }
    log_line(LOG_WARNING, "Unexpected reply to PSYNC from master: %.*s", SHOWN(line));
    return HANDSHAKE_LATER;
}

void handshake_acknowledge(struct chain *out, uint64_t applied, const uint64_t *synced)
{
    char a[NUM_INT_MAX], b[NUM_INT_MAX];
    struct bytes words[5] = {BYTES("REPLCONF"), BYTES("ACK"),
                             bytes_of(a, num_print_uint(a, applied))};
    if (synced) {
        words[3] = BYTES("FACK");
        words[4] = bytes_of(b, num_print_uint(b, *synced < applied ? *synced : applied));
    }
    handshake_say(out, words, synced ? 5 : 3);
}
