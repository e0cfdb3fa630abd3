/* Shared by list commands. */
#ifndef COMMANDS_LIST_LIST_ARGS_H
#define COMMANDS_LIST_LIST_ARGS_H

#include "engine/block.h"
#include "engine/call.h"
#include "type/list.h"

/* NULL when absent; false after WRONGTYPE. */
bool list_args_read(const struct call *call, struct bytes key, const struct list **out);
bool list_args_write(const struct call *call, struct bytes key, struct list **out);
/* Makes an empty list under an absent key. */
struct list *list_args_create(const struct call *call, struct bytes key);
/* After n elements were removed: deletes the key when none is left. event: see db_changed(). */
void list_args_shrunk(const struct call *call, struct bytes key, const struct list *l,
                      const char *event, uint64_t n);
/* After n elements were added. */
void list_args_grown(const struct call *call, struct bytes key, const char *event, uint64_t n);
/* LEFT or RIGHT; false after the error reply. */
bool list_args_side(const struct call *call, int i, bool *front);
/* Finds the element at an index that may count from the end; false: none. Call list_end() in either
 * case. */
bool list_args_seek(const struct list *l, long long index, struct list_cursor *c);
/* Clips a range that may count from the end to n elements, 0 <= from <= to < n; false: empty. */
bool list_args_clamp(long long *from, long long *to, long long n);

#endif
