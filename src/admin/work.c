#include "admin/work.h"

#include "admin/identity.h"
#include "admin/perform.h"
#include "admin/tell.h"
#include "base/clock.h"
#include "base/mem.h"
#include "engine/exec.h"
#include "engine/rights.h"

static void drop_state(void *state)
{
    mem_free(state);
}

void *work_state(struct exchange *x, size_t n, void (*drop)(void *state))
{
    if (!x->work) {
        x->work = mem_zalloc(n);
        x->drop_work = drop ? drop : drop_state;
    }
    return x->work;
}

struct taking {
    struct render render;
    struct buf joined; /* a string that came in pieces */
    void (*item)(void *to, const struct answer_item *item);
    void *to;
};

static void take_item(void *to, const struct answer_item *item)
{
    struct taking *t = to;
    struct answer_item whole = *item;
    bool begins = item->kind == ANSWER_STRING && item->text.n < item->n;
    if (begins || item->kind == ANSWER_PIECE) {
        t->joined.n = begins ? 0 : t->joined.n;
        buf_add(&t->joined, item->text);
        if (answer_string_left(&t->render.answer))
            return;
        whole.kind = ANSWER_STRING;
        whole.text = buf_bytes(&t->joined);
        whole.n = whole.text.n;
    }
    if (t->item)
        t->item(t->to, &whole);
}

static bool run(struct exchange *x, const struct bytes *words, size_t n, struct taking *t,
                bool (*by)(struct exchange *x, const struct bytes *words, size_t n,
                           struct render *r))
{
    t->render = perform_render(x, RENDER_ITEMS);
    t->render.item = take_item;
    t->render.to = t;
    return by(x, words, n, &t->render);
}

static void end(struct taking *t)
{
    render_end(&t->render);
    buf_free(&t->joined);
}

bool work_look(struct exchange *x, const struct bytes *words, size_t n,
               void (*item)(void *to, const struct answer_item *item), void *to)
{
    struct taking t = {.item = item, .to = to};
    bool good = run(x, words, n, &t, perform_command);
    end(&t);
    return good;
}

bool work_try(struct exchange *x, const struct bytes *words, size_t n,
              void (*item)(void *to, const struct answer_item *item), void *to, struct buf *error)
{
    struct taking t = {.item = item, .to = to};
    bool ran = run(x, words, n, &t, perform_try);
    buf_add(error, buf_bytes(&t.render.error));
    end(&t);
    return ran;
}

bool work_asks(struct exchange *x, const struct bytes *words, size_t n, bool *may)
{
    struct client *c = caller_client(&x->caller, x->from.address);
    struct user *u = identity_user(x);
    if (!c || !u) {
        tell_refusal(x, 401, "NOAUTH", "The session has been closed.");
        return false;
    }
    rights_set_user(c, u);
    *may = exec_is_allowed(c, &(struct exec_request){.argv = words, .argc = (int)n}) == 1;
    return true;
}

bool work_may(struct exchange *x, const struct bytes *words, size_t n)
{
    bool may;
    if (!work_asks(x, words, n, &may))
        return false;
    if (may)
        return true;
    tell_refusal(x, 403, "NOPERM", "The user lacks permission for this.");
    return false;
}

#define LEAST 8 /* things a step: fewer do not pay for the fixed cost of a command */

long long work_pace(uint64_t began, long long looked, long long most)
{
    double us = (double)(clock_ticks() - began) / clock_ticks_per_us();
    double next = us > 0 ? (double)looked * WORK_STEP_US / us : (double)most;
    next = next > 4.0 * (double)looked ? 4.0 * (double)looked : next;
    return next < LEAST ? LEAST : next > (double)most ? most : (long long)next;
}

#define NAME_MOST  4096
#define NAME_LEAST 64

void work_write_name(struct json_write *w, struct bytes name, size_t more)
{
    struct json_write_mark before = json_write_mark(w);
    json_write_cut(w, name, NAME_MOST);
    if (!w->failed && w->most - w->out->n >= (more + 1) * WORK_NAME_ROOM)
        return;
    json_write_rewind(w, &before);
    json_write_cut(w, name, NAME_LEAST);
}
