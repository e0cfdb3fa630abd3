#include "commands/geo/geo_args.h"

#include "base/num.h"
#include "type/geo.h"

#include <stdio.h>

bool geo_args_point(const struct call *call, int i, struct geo_point *p)
{
    if (!call_double(call, i, &p->longitude) || !call_double(call, i + 1, &p->latitude))
        return false;
    if (geo_is_valid(*p))
        return true;
    reply_errorf(call->reply, "ERR invalid longitude,latitude pair %f,%f", p->longitude,
                 p->latitude);
    return false;
}

bool geo_args_unit(const struct call *call, struct bytes word, double *metres)
{
    static const struct {
        const char *word;
        double metres;
    } units[] = {{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}};
    for (int i = 0; i < 4; i++)
        if (bytes_is(word, units[i].word)) {
            *metres = units[i].metres;
            return true;
        }
    reply_errorf(call->reply, "ERR unsupported unit provided. please use M, KM, FT, MI");
    return false;
}

/* Any score can be read as a position: one that is not a cell number is converted to its bits. */
static uint64_t cell_of(double score)
{
    if (score >= 0x1p63)
        return score < 0x1p64 ? (uint64_t)score : 0;
    return score >= -0x1p63 ? (uint64_t)(int64_t)score : UINT64_C(1) << 63;
}

bool geo_args_position(const struct zset *z, struct bytes member, struct geo_point *p)
{
    double score;
    if (!z || !zset_score(z, member, &score))
        return false;
    *p = geo_decode(cell_of(score));
    return true;
}

static void reply_coordinate(struct reply *r, double v)
{
    char text[NUM_LONG_MAX];
    reply_double_text(r, bytes_of(text, num_print_long_double(text, (long double)v)));
}

void geo_args_reply_point(struct reply *r, struct geo_point p)
{
    reply_array(r, 2);
    reply_coordinate(r, p.longitude);
    reply_coordinate(r, p.latitude);
}

void geo_args_reply_distance(struct reply *r, double v)
{
    char text[400];
    reply_bulk(r, bytes_of(text, (size_t)snprintf(text, sizeof(text), "%.4f", v)));
}
