#include "replica/follow_parts.h"

#include "base/log.h"
#include "io/listen.h"

#include <errno.h>
#include <string.h>

#define READ_PIECE ((size_t)128 << 10)
#define READ_TURN  ((size_t)1 << 20) /* of the stream, in one turn */

static void conn_ready(void *context, int events)
{
    struct follow *f = context;
    (void)events;
    f->ready = true;
}

/* Reads once; how many bytes came, 0: none for now. */
static size_t read_once(struct follow *f)
{
    bool stream = f->state == FOLLOW_CONNECTED;
    size_t room = READ_PIECE;
    char *to = stream ? apply_place(f->apply, &room) : buf_room(&f->in, room);
    long n = conn_read(f->conn, to, room < READ_PIECE ? room : READ_PIECE);
    if (n == -EAGAIN || n == -EINTR)
        return 0;
    if (n <= 0) {
        follow_lost(f, n < 0 ? strerror((int)-n) : "");
        return 0;
    }
    f->io_ms = follow_now(f);
    if (stream) {
        follow_take_stream(f, (size_t)n);
    } else {
        f->r->figures.bytes_in += (uint64_t)n;
        f->in.n += (size_t)n;
        follow_use_bytes(f);
    }
    return (size_t)n;
}

/* The primary is not read while our file cannot take what it sends. */
bool follow_is_held(const struct follow *f)
{
    const struct engine *e = f->r->engine;
    return f->state == FOLLOW_CONNECTED && (e->slow_path & ENGINE_DISK_FAILED) &&
           !e->settings->replica_ignore_disk_write_errors;
}

void follow_read_link(struct follow *f)
{
    size_t got = 0, n;
    f->ready = false;
    do {
        n = read_once(f);
        got += n;
    } while (n && f->conn && got < READ_TURN && !follow_is_held(f));
    if (f->conn && n) /* there may be more */
        f->ready = true;
}

/* ---- Connecting */

void follow_dial(struct follow *f)
{
    const struct replication *r = f->r;
    struct dial_to to = {
        .host = f->host, .port = f->port, .source = r->engine->settings->bind_source_addr};
    log_line(LOG_NOTICE, f->was_up ? "Reconnecting to MASTER %s:%d" : "Connecting to MASTER %s:%d",
             f->host, f->port);
    f->io_ms = f->ticked_ms = follow_now(f);
    if (r->engine->settings->tls_replication && !(to.tls = r->services.tls(r->services.context))) {
        log_line(LOG_WARNING, "tls-replication needs tls-ca-cert-file or tls-ca-cert-dir");
        follow_fail(f);
        return;
    }
    f->dial = dial_new(f->r->loop, &to, conn_ready, f);
    f->ready = true;
    follow_set_state(f, FOLLOW_CONNECTING);
    log_line(LOG_NOTICE, "MASTER <-> REPLICA sync started");
}

void follow_go_on_dialling(struct follow *f)
{
    f->ready = false;
    int error = dial_step(f->dial, &f->conn);
    if (error == -EAGAIN)
        return;
    if (error) {
        log_line(LOG_WARNING, "Error condition on socket for SYNC: %s",
                 error == -EPROTO ? dial_why(f->dial) : strerror(-error));
        follow_fail(f);
        return;
    }
    dial_free(f->dial);
    f->dial = NULL;
    f->io_ms = follow_now(f);
    listen_tune(conn_fd(f->conn), (int)f->r->engine->settings->tcp_keepalive);
    log_line(LOG_NOTICE, "Non blocking connect for SYNC fired the event.");
    handshake_say(&f->out, (const struct bytes[]){BYTES("PING")}, 1);
    follow_set_state(f, FOLLOW_PING);
}

void follow_send_out(struct follow *f)
{
    while (chain_pending(&f->out)) {
        long n = conn_write(f->conn, &f->out, UINT64_MAX);
        if (n == -EINTR)
            continue;
        if (n < 0 && n != -EAGAIN) {
            if (!(f->r->engine->slow_path & ENGINE_BUSY)) /* else its script may run */
                follow_lost(f, strerror((int)-n));
            return;
        }
        if (n <= 0)
            break;
    }
    conn_want(f->conn, !follow_is_held(f), chain_pending(&f->out) > 0);
}
