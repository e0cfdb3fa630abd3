#include "store/digest.h"

#include "base/num.h"
#include "type/string.h"
#include "unit.h"

enum { PARTS = 50 };

struct digest {
    unsigned char bytes[20];
};

static bool same(struct digest a, struct digest b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static struct bytes part(char *to, unsigned i)
{
    return bytes_of(to, num_print_uint(to, i));
}

static struct digest of_one_key(struct bytes key)
{
    struct store *s = db_store_new(1, 1);
    struct digest d;
    db_add(&s->dbs[0], string_new(key, BYTES("v")));
    digest_store(s, d.bytes);
    db_store_free(s);
    return d;
}

TEST(names_of_keys_count)
{
    CHECK(same(of_one_key(BYTES("a")), of_one_key(BYTES("a"))));
    CHECK(!same(of_one_key(BYTES("a")), of_one_key(BYTES("b"))));
}

/* A store with keys, added in one order or the other. */
static struct digest of_store(bool backwards, int db, int64_t deadline_ms, int64_t now_ms,
                              bool more)
{
    struct store *s = db_store_new(2, backwards);
    struct digest d;
    char text[NUM_INT_MAX];
    s->now_ms = 1000;
    for (unsigned i = 0; i < PARTS; i++) {
        unsigned k = backwards ? PARTS - 1 - i : i;
        struct entry *e = string_new(part(text, k), BYTES("v"));
        if (k == 7 && deadline_ms >= 0)
            e = entry_set_deadline(e, deadline_ms);
        db_add(&s->dbs[k == 9 ? db : 0], e);
    }
    if (more)
        db_add(&s->dbs[0], entry_set_deadline(string_new(BYTES("more"), BYTES("v")), 2000));
    s->now_ms = now_ms;
    digest_store(s, d.bytes);
    db_store_free(s);
    return d;
}

TEST(a_store_is_its_keys)
{
    struct digest d = of_store(false, 0, -1, 1000, false);
    CHECK(same(d, of_store(true, 0, -1, 1000, false)));
    CHECK(!same(d, of_store(false, 1, -1, 1000, false)));
    CHECK(!same(d, of_store(false, 0, 5000, 1000, false)));
    CHECK(!same(of_store(false, 0, 5001, 1000, false), of_store(false, 0, 5000, 1000, false)));
    /* Whatever a clock says: the key is there until it is deleted. */
    CHECK(!same(d, of_store(false, 0, -1, 1000, true)) &&
          same(of_store(false, 0, -1, 1000, true), of_store(false, 0, -1, 2000, true)));
}

UNIT_MAIN(T(names_of_keys_count), T(a_store_is_its_keys))
