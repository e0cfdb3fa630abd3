/* Shared by geo commands: points and units from arguments, positions from sorted sets, replies. */
#ifndef COMMANDS_GEO_GEO_ARGS_H
#define COMMANDS_GEO_GEO_ARGS_H

#include "commands/zset_args.h"
#include "type/geo.h"

/* Longitude and latitude at arguments i and i + 1; false after the error reply. */
bool geo_args_point(const struct call *call, int i, struct geo_point *p);
/* A unit in metres; false after the error reply. */
bool geo_args_unit(const struct call *call, struct bytes word, double *metres);
/* A member's position; z NULL: no such key. False: no such member. */
bool geo_args_position(const struct zset *z, struct bytes member, struct geo_point *p);
void geo_args_reply_point(struct reply *r, struct geo_point p);
/* With four decimal digits. */
void geo_args_reply_distance(struct reply *r, double v);

#endif
