#include "ds/dlist.h"

#include "unit.h"

static int length(const struct dlist_node *head)
{
    int n = 0;
    for (const struct dlist_node *x = head->next; x != head; x = x->next) {
        if (x->next->prev != x || x->prev->next != x)
            return -1;
        n++;
    }
    return n;
}

TEST(nodes_come_and_go)
{
    struct dlist_node head, a = {0}, b = {0}, c = {0};
    dlist_init(&head);
    CHECK(dlist_empty(&head) && !dlist_linked(&a));
    dlist_append(&head, &a);
    dlist_append(&head, &c);
    dlist_insert_before(&c, &b);
    CHECK(length(&head) == 3 && head.next == &a && a.next == &b && b.next == &c);
    dlist_remove(&b);
    dlist_remove(&b);
    CHECK(length(&head) == 2 && !dlist_linked(&b));
}

TEST(a_list_is_spliced_behind_another)
{
    struct dlist_node x, y, a = {0}, b = {0}, c = {0};
    dlist_init(&x);
    dlist_init(&y);
    dlist_splice(&x, &y);
    CHECK(length(&x) == 0);
    dlist_append(&y, &b);
    dlist_append(&y, &c);
    dlist_splice(&x, &y);
    CHECK(length(&x) == 2 && length(&y) == 0);
    dlist_append(&y, &a);
    dlist_splice(&x, &y);
    CHECK(length(&x) == 3 && length(&y) == 0 && x.next == &b && x.prev == &a);
    dlist_splice(&x, &y);
    CHECK(length(&x) == 3);
}

UNIT_MAIN(T(nodes_come_and_go), T(a_list_is_spliced_behind_another))
