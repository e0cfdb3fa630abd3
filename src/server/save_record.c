#include "server/save_record.h"

#define RETRY_MS 5000 /* between attempts to save after a failure */

void save_record_begin(struct save_record *r, int64_t now_ms, int64_t wall_ms)
{
    *r = (struct save_record){
        .saved_ms = now_ms, .saved_wall_ms = wall_ms, .last_s = -1, .ok = true};
}

void save_record_saved(struct save_record *r, long long dirty, int64_t now_ms, int64_t wall_ms)
{
    r->saved_dirty = dirty;
    r->saved_ms = now_ms;
    r->saved_wall_ms = wall_ms;
    r->ok = true;
}

int save_record_due(const struct save_record *r, const struct settings *c, long long dirty,
                    int64_t now_ms)
{
    long long changes = dirty - r->saved_dirty;
    if (changes <= 0 || (!r->ok && now_ms - r->tried_ms < RETRY_MS))
        return -1;
    for (int i = 0; i < c->save_point_n; i++)
        if (changes >= c->save_points[i].changes &&
            now_ms - r->saved_ms > c->save_points[i].seconds * 1000)
            return i;
    return -1;
}

void save_record_reset_statistics(struct save_record *r)
{
    r->count = 0;
}
