/* Intrusive doubly linked list. Nodes are members of the linked structs; a zeroed node is in no
 * list. The head is a separate node, initialised by dlist_init(). */
#ifndef DS_DLIST_H
#define DS_DLIST_H

#include "base/assert.h"

#include <stdbool.h>
#include <stddef.h>

struct dlist_node {
    struct dlist_node *prev, *next;
};

#define dlist_item(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void dlist_init(struct dlist_node *head)
{
    head->prev = head->next = head;
}

static inline bool dlist_empty(const struct dlist_node *head)
{
    return head->next == head;
}

static inline bool dlist_linked(const struct dlist_node *node)
{
    return node->next != NULL;
}

/* The node must be in no list. */
static inline void dlist_insert_before(struct dlist_node *at, struct dlist_node *node)
{
    ASSERT(!node->next);
    node->prev = at->prev;
    node->next = at;
    at->prev->next = node;
    at->prev = node;
}

static inline void dlist_append(struct dlist_node *head, struct dlist_node *node)
{
    dlist_insert_before(head, node);
}

/* Moves all nodes of `from` to the end of `head`. */
static inline void dlist_splice(struct dlist_node *head, struct dlist_node *from)
{
    if (dlist_empty(from))
        return;
    head->prev->next = from->next;
    from->next->prev = head->prev;
    from->prev->next = head;
    head->prev = from->prev;
    dlist_init(from);
}

/* Does nothing for a node in no list. */
static inline void dlist_remove(struct dlist_node *node)
{
    if (!node->next)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->prev = node->next = NULL;
}

#endif
