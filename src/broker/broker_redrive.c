#include "broker/broker_redrive.h"

#include "base/mem.h"
#include "broker/broker_append.h"
#include "broker/broker_dead.h"
#include "broker/broker_lease.h"
#include "broker/broker_retry.h"
#include "broker/broker_watch.h"

enum { REASON, TEXT, KEY, GROUP, ID }; /* indexes of a letter's values */

/* The stream at a key. False: the key holds another type. *out NULL: it is absent. */
static bool find_stream(const struct broker_group *x, struct bytes key, struct stream **out)
{
    struct entry *e = db_write(x->db, key);
    *out = e && value_type(e) == TYPE_STREAM ? value_to_change(e) : NULL;
    return !e || *out;
}

/* If the message still exists where it died, and its group does: makes it ready again there, under
 * its own ID. If it is pending or unread there already, it stays as it is. */
static bool make_ready(const struct broker_group *x, const struct broker_redrive *r,
                       const struct bytes *letter, struct stream *s)
{
    struct stream_id id;
    struct stream_group *g = stream_find_group(s, letter[GROUP]);
    if (!g || !stream_id_parse(letter[ID], 0, &id) || !stream_log_has(&s->log, id))
        return false;
    if (stream_pending_has(&g->pending, id) || stream_id_compare(id, g->last_id) > 0)
        return true;
    if (r->delay_ms && !g->policy) /* without a policy nothing would release it */
        return false;
    struct broker_group at = broker_act_in(x->call, letter[KEY], s, g);
    broker_retry_anew(&at, id, r->delay_ms ? broker_act_now(x) + r->delay_ms : -1);
    return true;
}

/* Appended anew, or scheduled. */
static bool append(const struct broker_group *x, const struct broker_redrive *r, struct bytes key,
                   const struct broker_message *m)
{
    if (!broker_append_may(x, key, m))
        return false;
    if (r->delay_ms)
        broker_append_later(x, key, m, broker_act_wall(x) + r->delay_ms);
    else
        broker_append(x, key, m);
    return true;
}

static bool send_back(const struct broker_group *x, const struct broker_redrive *r,
                      const struct bytes *letter, const struct broker_message *m)
{
    struct stream *s;
    if (!r->may_write(x->call, letter[KEY]) || !find_stream(x, letter[KEY], &s))
        return false;
    if (s && make_ready(x, r, letter, s))
        return true;
    /* A second copy would be delivered to the other groups too. */
    return (!s || s->groups.used <= 1) && append(x, r, letter[KEY], m);
}

static bool fits(const struct broker_redrive *r, const struct broker_message *m)
{
    if (!r->field.p)
        return true;
    for (size_t i = 0; i < m->fields; i++)
        if (bytes_equal(m->pairs[2 * i], r->field) && bytes_equal(m->pairs[2 * i + 1], r->value))
            return true;
    return false;
}

bool broker_redrive_move(const struct broker_group *x, const struct broker_redrive *r,
                         struct stream_id id)
{
    struct bytes letter[BROKER_DEAD_FIELDS];
    struct broker_message m;
    bool moved = false;
    if (broker_append_read(x->stream, id, 0, &m) && fits(r, &m)) {
        bool is_letter = broker_dead_open(&m, letter);
        if (r->to.p)
            moved = append(x, r, r->to, &m);
        else if (is_letter)
            moved = send_back(x, r, letter, &m);
    }
    if (moved)
        stream_delete(x->stream, id);
    broker_append_free(&m);
    return moved;
}

void broker_redrive_end(const struct broker_group *x, const struct stream_id *moved, size_t n)
{
    const struct bytes words[] = {BYTES("XDEL"), x->key};
    broker_act_effect_ids(x, words, 2, moved, n);
    if (n == 0)
        return;
    db_count_changes(x->engine->store, n);
    db_changed(x->db, x->key, DB_EVENT_STREAM, "xdel");
    db_notify(x->db, x->key, DB_EVENT_STREAM, "xredrive");
}
