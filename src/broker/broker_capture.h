/* Captures: publications that are appended to streams. Which streams capture which channels are
 * facts in the streams (type/stream/stream_captures.h), and broker_moments keeps a list of those
 * streams; here is what was published for them by the command that runs. */
#ifndef BROKER_BROKER_CAPTURE_H
#define BROKER_BROKER_CAPTURE_H

#include "broker/broker_moments.h"

/* Something is published (pubsub_capture); context is the engine. */
void broker_capture_publication(void *context, struct bytes channel, struct bytes message);
/* Appends what was published since, in the order of publication: effects XADD in the group of the
 * journal that is open. Called when a command ends, and an act. */
void broker_capture_run(struct engine *e);
/* The same of what no command published (keys that expired, or were evicted), in a group of its
 * own; where the server may not act now, it waits. A phase of the turn. */
void broker_capture_turn(struct engine *e);
void broker_capture_free(struct broker *b);

#endif
