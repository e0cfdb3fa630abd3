/* Programs that look (programs.def): pages of the console that are made of several replies, of
 * which one says what is asked next. */
#ifndef ADMIN_LOOK_H
#define ADMIN_LOOK_H

#include "admin/exchange_state.h"

/* A stream with its groups, their numbers and rules, and its limits. */
void look_stream_step(struct exchange *x);
/* A group: its numbers, its rules, and the consumers that fit. */
void look_group_step(struct exchange *x);
/* All users, each with its rules; how many passwords, not which. */
void look_users_step(struct exchange *x);
/* Channels that somebody listens to, and how many do. */
void look_channels_step(struct exchange *x);
/* A key, and a page of its value. */
void look_key_step(struct exchange *x);

#endif
