/* Positions on the earth as 52-bit numbers: longitude and latitude, 26 bits each, interleaved, so
 * that nearby positions share a prefix (Morton 1966; G. Niemeyer's geohash). Search areas become
 * ranges of such numbers. Knows no sorted set.
 *
 * Pure functions, no errors, O(1).
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
/* The centre of its cell. */
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

/* Whether a point is in the shape; *distance from its centre in metres. */
bool geo_contains(const struct geo_shape *s, struct geo_point p, double *distance);

/* from <= number < below. */
struct geo_range {
    uint64_t from, below;
};

/* Cells that cover a shape, at most nine: the central one and its neighbours, without duplicates.
 */
int geo_cover(const struct geo_shape *s, struct geo_range out[9]);

#endif
