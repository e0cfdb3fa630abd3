/* What deletion does about references from groups. */
#ifndef TYPE_STREAM_STREAM_STRATEGY_H
#define TYPE_STREAM_STREAM_STRATEGY_H

enum stream_strategy {
    STREAM_KEEP_REFERENCES, /* delete the entry, leave pending references */
    STREAM_DROP_REFERENCES, /* delete the entry, and remove them from every group */
    STREAM_ACKNOWLEDGED,    /* delete the entry only if no group needs it any more */
};

#endif
