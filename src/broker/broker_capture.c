/* A publication can occur anywhere in a command: PUBLISH, or a keyspace notification while a value
 * is being changed. So it is only noted there, if some stream captures it, and appended when the
 * command ends: in the command's group of the journal, so that both survive or neither, and before
 * the next command. What is published between commands waits for the turn (broker_capture_turn()).
 *
 *   noted       pubsub calls broker_capture_publication() if any stream captures: channel and
 *               message are copied to broker.captured, and engine.captured.waits is set
 *   appended    once to each stream that captures the channel by then
 *   dropped     where the stream cannot take it: it is full, has no ID left, or is being migrated;
 *               memory is at its limit; writes are refused or held. Counted; PUBLISH succeeds
 *
 * Nothing that follows from a captured append is captured, or a capture could feed itself. So the
 * append makes no notification; notifications of copies by bindings reach subscribers only, as do
 * those of trims on the server's own initiative (broker.trims_by_itself), which may remove captured
 * messages. No stream captures notifications about its own key. A replica captures nothing: it
 * applies its primary's effects. */
#include "broker/broker_capture.h"

#include "base/mem.h"
#include "broker/broker_append.h"
#include "broker/broker_put.h"
#include "broker/broker_schedule.h"
#include "engine/pause.h"
#include "engine/state.h"

#include <stdio.h>

struct broker_captured {
    struct buf lengths, text; /* channel and message in turn */
};

/* ---- Noting */

/* Takes the prefix "__kind@database__:" off the channel of a keyspace notification. */
static bool take_prefix(struct bytes *channel, const char *kind, int database)
{
    char prefix[40];
    int n = snprintf(prefix, sizeof(prefix), "__%s@%d__:", kind, database);
    if (!bytes_has_prefix(*channel, prefix))
        return false;
    *channel = bytes_of(channel->p + n, channel->n - (size_t)n);
    return true;
}

/* Whether it is a keyspace notification about the stream's own key. */
static bool is_about(const struct broker_moments *m, struct bytes channel, struct bytes message)
{
    struct bytes own = str_bytes(m->key);
    return take_prefix(&channel, "keyspace", m->db->id)
               ? bytes_equal(channel, own)
               : bytes_equal(message, own) && take_prefix(&channel, "keyevent", m->db->id);
}

static bool captures(const struct broker_moments *m, struct bytes channel, struct bytes message)
{
    const struct stream *s = broker_moments_stream(m);
    return s && stream_captures_match(&s->extra->captures, channel) &&
           !is_about(m, channel, message);
}

static bool is_wanted(const struct broker *b, struct bytes channel, struct bytes message)
{
    for (const struct dlist_node *n = b->capturing.next; n != &b->capturing; n = n->next)
        if (captures(dlist_item(n, struct broker_moments, capturing), channel, message))
            return true;
    return false;
}

static void note(struct broker_captured *c, struct bytes x)
{
    buf_add(&c->lengths, bytes_of(&x.n, sizeof(x.n)));
    buf_add(&c->text, x);
}

void broker_capture_publication(void *context, struct bytes channel, struct bytes message)
{
    struct engine *e = context;
    struct broker *b = e->broker;
    if (b->capture_appends || b->trims_by_itself || e->role != ROLE_PRIMARY ||
        (e->slow_path & ENGINE_LOADING) || !is_wanted(b, channel, message))
        return;
    if (!b->captured)
        b->captured = mem_zalloc(sizeof(*b->captured));
    note(b->captured, channel);
    note(b->captured, message);
    e->captured.waits = true;
}

static void free_captured(struct broker_captured *c)
{
    buf_free(&c->lengths);
    buf_free(&c->text);
    mem_free(c);
}

void broker_capture_free(struct broker *b)
{
    if (b->captured)
        free_captured(b->captured);
    b->captured = NULL;
}

/* ---- Appending */

static bool may_append(const struct broker_group *x, const struct broker_message *m)
{
    const struct engine *e = x->engine;
    return !((e->slow_path & ENGINE_MOVING) && pause_is_moving(e, x->db, x->key)) &&
           broker_append_may(x, x->key, m);
}

static void append(struct broker *b, struct db *db, struct bytes key, struct bytes *pairs, bool may)
{
    struct broker_group x = {.engine = b->engine, .db = db, .key = key};
    struct broker_message m = {.pairs = pairs, .fields = 2};
    if (!may || !may_append(&x, &m)) {
        b->totals.capture_failures++;
        return;
    }
    b->capture_appends = true;
    broker_append_captured(&x, key, &m);
    b->capture_appends = false;
    b->totals.captured++;
}

/* Appending may expire a key and so change the list: collect the targets first. */
static void append_to_all(struct broker *b, struct bytes channel, struct bytes message, bool may)
{
    struct bytes pairs[] = {BYTES("channel"), channel, BYTES("message"), message};
    struct target {
        struct db *db;
        struct str *key;
    };
    struct buf targets = {0};
    for (const struct dlist_node *n = b->capturing.next; n != &b->capturing; n = n->next) {
        const struct broker_moments *m = dlist_item(n, struct broker_moments, capturing);
        struct target t = {m->db, m->key};
        if (!captures(m, channel, message))
            continue;
        str_ref(t.key);
        buf_add(&targets, bytes_of(&t, sizeof(t)));
    }
    const struct target *all = (const void *)targets.p;
    for (size_t i = 0; i < targets.n / sizeof(*all); i++) {
        if (db_write(all[i].db, str_bytes(all[i].key)))
            append(b, all[i].db, str_bytes(all[i].key), pairs, may);
        str_unref(all[i].key);
    }
    buf_free(&targets);
}

static void append_captured(struct broker *b, const struct broker_captured *c)
{
    const struct engine *e = b->engine;
    bool may = !state_holds_writes(e) && e->role == ROLE_PRIMARY && broker_schedule_has_room(e);
    const char *text = c->text.p ? c->text.p : "";
    const size_t *lengths = (const void *)c->lengths.p;
    for (size_t i = 0; i < c->lengths.n / sizeof(*lengths); i += 2) {
        struct bytes channel = bytes_of(text, lengths[i]),
                     message = bytes_of(text + lengths[i], lengths[i + 1]);
        append_to_all(b, channel, message, may);
        text += lengths[i] + lengths[i + 1];
    }
}

/* Due messages are appended before a captured one, and may cause publications of their own: loop
 * until there are none. */
void broker_capture_run(struct engine *e)
{
    struct broker *b = e->broker;
    while (b->captured) {
        struct broker_captured *c = b->captured;
        b->captured = NULL;
        append_captured(b, c);
        free_captured(c);
    }
    e->captured.waits = false;
}

void broker_capture_turn(struct engine *e)
{
    if (e->captured.waits && act_begin(e))
        act_end(e); /* appends it */
}
