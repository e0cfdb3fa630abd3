/* Positions on the earth as 52-bit numbers: longitude and latitude, 26 bits each, interleaved, so
 * that what is near has a common beginning (Morton 1966; G. Niemeyer's geohash). Search areas come
 * as ranges of such numbers. Knows no sorted set.
 *
 * Everything is a function of its arguments: no state, no errors, O(1).
 *
 * Longitudes from -180 to 180, latitudes from -85.05112878 to 85.05112878 degrees; distances by the
 * haversine formula on a sphere of 6,372,797.560856 m. */
#ifndef TYPE_GEO_H
#define TYPE_GEO_H

#include <stdbool.h>
#include <stdint.h>

struct geo_point {
    double longitude, latitude;
};

#define GEO_LONGITUDE_MOST 180.0
#define GEO_LATITUDE_MOST  85.05112878

bool geo_is_valid(struct geo_point p);
uint64_t geo_encode(struct geo_point p);
/* The middle of its cell. */
struct geo_point geo_decode(uint64_t bits);
/* In metres. */
double geo_distance(struct geo_point a, struct geo_point b);
/* The standard geohash of 11 characters, no NUL. */
void geo_print(struct geo_point p, char out[11]);

/* A circle (width < 0) or a box around a point; metres. */
struct geo_shape {
    struct geo_point centre;
    double radius;
    double width, height;
};

/* Whether a point lies in the shape, and how far from its centre. */
bool geo_contains(const struct geo_shape *s, struct geo_point p, double *distance);

/* Numbers from `from` on and below `below`. */
struct geo_range {
    uint64_t from, below;
};

/* The cells that cover a shape, at most nine: the one in the middle and those around it, each once.
 */
int geo_cover(const struct geo_shape *s, struct geo_range out[9]);

#endif
