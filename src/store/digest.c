/* The digests of the keys, each with its database, deadline and value, are combined by exclusive
 * or, which makes the order of the walk irrelevant. */
#include "store/digest.h"

#include "base/buf.h"
#include "store/value_digest.h"

#include <string.h>

void digest_store(const struct store *s, unsigned char out[20])
{
    struct buf b = {0};
    memset(out, 0, 20);
    for (int i = 0; i < s->count; i++) {
        struct table_walk w;
        table_walk_start(&w, &s->dbs[i].keys);
        for (struct entry *e; (e = table_walk_next(&w));) {
            unsigned char one[20];
            b.n = 0;
            buf_add_int(&b, i);
            buf_add_char(&b, ',');
            buf_add_int(&b, entry_deadline_ms(e));
            buf_add_char(&b, ',');
            buf_add_int(&b, (long long)entry_key(e).n);
            buf_add_char(&b, ':');
            buf_add(&b, entry_key(e));
            value_digest_print(&b, e);
            value_digest_of_text(buf_bytes(&b), one);
            for (int k = 0; k < 20; k++)
                out[k] ^= one[k];
        }
    }
    buf_free(&b);
}
