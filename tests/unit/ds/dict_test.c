#include "ds/dict.h"

#include "unit.h"

static struct bytes name_of(char *to, int i)
{
    return bytes_of(to, (size_t)snprintf(to, 32, "key:%d", i));
}

TEST(what_is_put_is_found)
{
    struct dict d = {0};
    char text[32];
    CHECK(dict_get(&d, BYTES("x")) == NULL && dict_remove(&d, BYTES("x")) == NULL);
    for (int i = 0; i < 5000; i++) {
        struct dict_node *n = dict_ensure(&d, name_of(text, i));
        CHECK(n->value == NULL);
        n->value = (void *)(uintptr_t)(i + 1);
        CHECK(dict_ensure(&d, name_of(text, i)) == n);
    }
    CHECK(d.used == 5000 && dict_is_sound(&d));
    for (int i = 0; i < 5000; i += 2)
        CHECK(dict_remove(&d, name_of(text, i)) == (void *)(uintptr_t)(i + 1));
    for (int i = 0; i < 5000; i++)
        CHECK(dict_get(&d, name_of(text, i)) == (i % 2 ? (void *)(uintptr_t)(i + 1) : NULL));
    CHECK(d.used == 2500 && dict_is_sound(&d));
    dict_clear(&d);
    CHECK(d.used == 0 && dict_get(&d, BYTES("key:1")) == NULL);
}

TEST(keys_are_bytes)
{
    struct dict d = {0};
    dict_ensure(&d, bytes_of("", 0))->value = &d;
    dict_ensure(&d, bytes_of("a\0b", 3))->value = &d;
    CHECK(dict_get(&d, bytes_of("", 0)) == &d);
    CHECK(dict_get(&d, bytes_of("a\0c", 3)) == NULL);
    CHECK(dict_get(&d, bytes_of("a\0b", 3)) != NULL && dict_get(&d, bytes_of("a", 1)) == NULL);
    dict_clear(&d);
}

TEST(a_walk_sees_all_and_may_remove)
{
    struct dict d = {0};
    char text[32];
    for (int i = 0; i < 1000; i++)
        dict_ensure(&d, name_of(text, i))->value = (void *)(uintptr_t)(i + 1);
    uintptr_t sum = 0;
    struct dict_walk w = {0};
    for (struct dict_node *n; (n = dict_next(&d, &w));) {
        sum += (uintptr_t)n->value;
        if ((uintptr_t)n->value % 3 == 0) {
            char key[32];
            size_t len = n->key_n;
            memcpy(key, n->key, len);
            dict_remove(&d, bytes_of(key, len));
        }
    }
    CHECK(sum == 1000 * 1001 / 2 && d.used == 1000 - 333 && dict_is_sound(&d));
    dict_clear(&d);
}

UNIT_MAIN(T(what_is_put_is_found), T(keys_are_bytes), T(a_walk_sees_all_and_may_remove))
