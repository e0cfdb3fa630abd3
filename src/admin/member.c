#include "admin/member.h"

#include "admin/perform.h"
#include "admin/tell.h"
#include "admin/work.h"

struct member {
    struct buf front; /* what is told of it, and a character more */
    size_t skip, most;
    uint64_t all; /* bytes from `skip` on */
    bool is_there;
};

static void take_value(void *to, const struct answer_item *item)
{
    struct member *m = to;
    if (item->kind != ANSWER_STRING)
        return;
    size_t skip = m->skip < item->text.n ? m->skip : item->text.n, left = item->text.n - skip;
    m->is_there = true;
    m->all = left;
    buf_add(&m->front, bytes_of(item->text.p + skip, left < m->most ? left : m->most));
}

void member_step(struct exchange *x)
{
    const struct param_set *p = &x->asked.params;
    struct member m = {.skip = (size_t)param_number(p, "skip", 0), .most = x->asked.max + 4};
    const struct param *field = param_find(p, BYTES("field"));
    struct buf index = {0};
    buf_add_int(&index, param_number(p, "index", 0));
    if (!field == !param_find(p, BYTES("index"))) {
        tell_refusal(x, 400, "ERR", "field, index: one of them");
        buf_free(&index);
        return;
    }
    const struct bytes words[] = {field ? BYTES("HGET") : BYTES("LINDEX"), param_text(p, "key"),
                                  field ? field->text : buf_bytes(&index)};
    if (perform_begin(x) && work_look(x, words, 3, take_value, &m)) {
        if (m.is_there) {
            json_write_name(&x->json, BYTES("value"));
            json_write_cut_front(&x->json, buf_bytes(&m.front), m.all, x->asked.max);
            perform_end(x);
        } else {
            tell_refusal(x, 404, "NOTFOUND", "Not found.");
        }
    }
    buf_free(&m.front);
    buf_free(&index);
}
