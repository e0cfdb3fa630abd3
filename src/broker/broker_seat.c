#include "broker/broker_seat.h"

#include "base/hash.h"
#include "base/mem.h"
#include "broker/broker_retry.h"

/* The most that one step looks at, releases and lets die: in a command, and in a turn. */
struct step {
    size_t looked_at, taken, dead;
};
static const struct step in_command = {2000, 1000, 128}, in_turn = {2000, 128, 16};

void broker_seat_ask_anew(struct broker_watch *w)
{
    w->seat.changes++;
    broker_watch_wake(w);
}

void broker_seat_free(struct broker_watch *w)
{
    w->seat = (struct broker_seat){.changes = w->seat.changes};
    broker_seat_ask_anew(w);
}

/* Other consumers' entries, from where the last step ended. */
static struct stream_id *others(const struct broker_group *x, struct broker_seat *seat,
                                const struct step *most, size_t *n)
{
    const struct stream_pending *p = &x->group->pending;
    struct stream_pending_place at;
    struct stream_pending_entry e;
    struct buf ids = {0};
    size_t looked_at = 0, dead = 0;
    bool any = stream_pending_seek(p, seat->moved_to, &at);
    *n = 0;
    for (; any && looked_at < most->looked_at && *n < most->taken && dead < most->dead;
         looked_at++) {
        stream_pending_get(p, at, &e);
        if (e.consumer != STREAM_PENDING_NO_CONSUMER && e.consumer != seat->holder->number) {
            buf_add(&ids, bytes_of(&e.id, sizeof(e.id)));
            dead += stream_policy_is_used_up(x->group->policy, e.count);
            ++*n;
        }
        any = stream_pending_next(p, &at);
    }
    seat->moves = any;
    if (any) {
        stream_pending_get(p, at, &e);
        seat->moved_to = e.id;
    }
    return (void *)ids.p;
}

static void move(const struct broker_group *x, struct broker_watch *w, const struct step *most)
{
    size_t n;
    struct stream_id *ids = others(x, &w->seat, most, &n);
    broker_retry_take_back(x, ids, n, BYTES("seat moved"));
    mem_free(ids);
}

static void take(const struct broker_group *x, struct broker_watch *w,
                 const struct stream_consumer *reader)
{
    w->seat = (struct broker_seat){.holder = reader,
                                   .changes = w->seat.changes + 1,
                                   .moves = stream_pending_owned_count(&x->group->pending) !=
                                            reader->pending};
    if (w->seat.moves)
        move(x, w, &in_command);
    if (w->seat.moves)
        broker_watch_note(w); /* the following turns do the rest */
}

bool broker_seat_serves(const struct broker_group *x, const struct stream_consumer *reader,
                        bool waited)
{
    struct broker_watch *w = broker_watch_of(x->group);
    if (!x->group->policy->single_ms || !w || x->engine->role != ROLE_PRIMARY)
        return true;
    if (broker_watch_seat_ends_ms(w) <= broker_act_now(x))
        broker_seat_free(w);
    if (!w->seat.holder) {
        if (w->attachments.waiting && !waited) {
            broker_seat_is_awaited(w);
            return false;
        }
        take(x, w, reader);
    }
    return w->seat.holder == reader && !w->seat.moves;
}

uint64_t broker_seat_queue(const struct broker_group *x, bool served)
{
    const struct broker_watch *w = broker_watch_of(x->group);
    uint64_t changes = w ? w->seat.changes : 0;
    return (hash_key(str_bytes(x->group->name)) ^ (changes * 4 + (served ? 0 : 2))) | 1;
}

void broker_seat_is_awaited(struct broker_watch *w)
{
    if (!w->of->policy->single_ms)
        return;
    if (w->seat.holder) {
        int64_t at = broker_watch_seat_ends_ms(w);
        if (at != INT64_MAX)
            broker_watch_sooner(w, at);
        return;
    }
    broker_watch_wake(w);
}

bool broker_seat_work(const struct broker_group *x, struct broker_watch *w)
{
    if (!x->group->policy->single_ms) {
        w->seat = (struct broker_seat){.changes = w->seat.changes};
        return false;
    }
    if (w->attachments.waiting && broker_watch_seat_ends_ms(w) <= broker_act_now(x))
        broker_seat_free(w); /* without waiters, the next read notices */
    if (!w->seat.moves)
        return false;
    broker_act_begin(x);
    move(x, w, &in_turn);
    act_end(x->engine);
    w->wakes |= !w->seat.moves;
    return w->seat.moves;
}
