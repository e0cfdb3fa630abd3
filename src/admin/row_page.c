#include "admin/row_page.h"

#include "base/clock.h"
#include "base/mem.h"

#define PART_US 150

struct row_page {
    struct rows_page *rows;
    bool is_gathered;
    struct render render;
    struct reply reply;
    struct chain out; /* where `reply` is written */
};

struct row_page *row_page_begin(struct rows_page *rows, const struct render *r)
{
    struct row_page *p = mem_zalloc(sizeof(*p));
    p->rows = rows;
    p->render = *r;
    p->reply = (struct reply){.out = &p->out, .resp = 3};
    return p;
}

void row_page_end(struct row_page *p)
{
    rows_end(p->rows);
    render_end(&p->render);
    chain_free(&p->out);
    mem_free(p);
}

static void render_reply(struct row_page *p)
{
    struct iovec piece;
    while (chain_pieces(&p->out, &piece, 1, chain_pending(&p->out))) {
        if (!render_feed(&p->render, bytes_of(piece.iov_base, piece.iov_len)))
            p->render.w->failed = true;
        chain_take(&p->out, piece.iov_len);
    }
}

bool row_page_step(struct row_page *p, const struct user *user)
{
    uint64_t began = clock_ticks(), most = (uint64_t)(PART_US * clock_ticks_per_us());
    bool more;
    if (!p->is_gathered) {
        p->is_gathered = !rows_gather(p->rows, user_is_unlimited(user) ? NULL : user, PART_US);
        return true;
    }
    do { /* at least one row: after a jump of the clock PART_US may be 0 ticks */
        more = rows_reply(p->rows, &p->reply, 0);
        render_reply(p);
    } while (more && clock_ticks() - began < most);
    return more;
}

const struct render *row_page_render(const struct row_page *p)
{
    return &p->render;
}
