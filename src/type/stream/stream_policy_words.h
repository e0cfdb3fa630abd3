/* A policy as words: all rules, as files and replicas are told them (XPOLICY SET key group ...). */
#ifndef TYPE_STREAM_STREAM_POLICY_WORDS_H
#define TYPE_STREAM_STREAM_POLICY_WORDS_H

#include "type/stream/stream_policy.h"

#define STREAM_POLICY_WORDS_MOST (32 + STREAM_POLICY_BACKOFFS_MOST)

/* At most STREAM_POLICY_WORDS_MOST words into `words`; returns how many. They point into room,
 * which is empty before and the caller's to free, and into the policy. */
int stream_policy_words(const struct stream_policy *p, struct bytes *words, struct buf *room);

/* The policy that these words tell; the caller's. NULL: they are not such words. */
struct stream_policy *stream_policy_words_read(const struct bytes *words, int n);

#endif
