#include "commands/hash/field_effect.h"

#include "base/mem.h"
#include "base/num.h"

void field_effect_begin(struct field_effect *f, int most, const struct bytes *head, int n)
{
    f->argv = mem_alloc((size_t)(n + most) * sizeof(*f->argv));
    memcpy(f->argv, head, (size_t)n * sizeof(*head));
    f->head = f->n = n;
    f->since = NULL;
}

struct db_fields field_effect_journal(struct call *call, struct field_effect *f, char *count)
{
    int n = f->n - f->head;
    if (n) {
        if (count)
            f->argv[f->head - 1] = bytes_of(count, num_print_int(count, n));
        if (f->since)
            call_effect_since(call, f->since, f->argv, f->n);
        else
            call_effect(call, f->argv, f->n);
    }
    return (struct db_fields){f->argv + f->head, (size_t)n, 1};
}

void field_effect_end(struct field_effect *f)
{
    mem_free(f->argv);
}
