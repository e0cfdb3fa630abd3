#include "type/geo.h"

#include "base/assert.h"

#include <math.h>
#include <string.h>

#define STEPS         26 /* bits of each coordinate */
#define EARTH_RADIUS  6372797.560856
#define MERCATOR_MOST 20037726.37 /* metres from the centre of the map to its edge */

#define EVEN UINT64_C(0x5555555555555555)
#define ODD  UINT64_C(0xaaaaaaaaaaaaaaaa)

struct cell {
    uint64_t bits;
    int steps; /* 0: none */
};

struct area {
    double west, east, south, north;
};

static double radians(double degrees)
{
    return degrees * (M_PI / 180);
}

static double degrees(double x)
{
    return x / (M_PI / 180);
}

bool geo_is_valid(struct geo_point p)
{
    return p.longitude >= -GEO_LONGITUDE_MOST && p.longitude <= GEO_LONGITUDE_MOST &&
           p.latitude >= -GEO_LATITUDE_MOST && p.latitude <= GEO_LATITUDE_MOST;
}

/* Spreads 32 bits over the even bits of 64. */
static uint64_t spread(uint32_t v)
{
    uint64_t x = v;
    x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
    x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x | x << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    x = (x | x << 2) & UINT64_C(0x3333333333333333);
    return (x | x << 1) & EVEN;
}

static uint32_t gather(uint64_t x)
{
    x &= EVEN;
    x = (x | x >> 1) & UINT64_C(0x3333333333333333);
    x = (x | x >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    x = (x | x >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x | x >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(x | x >> 16);
}

static uint64_t encode(struct geo_point p, double latitude_most, int steps)
{
    ASSERT(steps >= 1 && steps <= STEPS);
    double x = (p.longitude + GEO_LONGITUDE_MOST) / (2 * GEO_LONGITUDE_MOST);
    double y = (p.latitude + latitude_most) / (2 * latitude_most);
    double scale = (double)(UINT64_C(1) << steps);
    return spread((uint32_t)(int64_t)(y * scale)) | spread((uint32_t)(int64_t)(x * scale)) << 1;
}

static struct area area_of(struct cell c)
{
    double scale = (double)(UINT64_C(1) << c.steps);
    uint32_t y = gather(c.bits), x = gather(c.bits >> 1);
    double width = 2 * GEO_LONGITUDE_MOST, height = 2 * GEO_LATITUDE_MOST;
    return (struct area){.west = -GEO_LONGITUDE_MOST + x * 1.0 / scale * width,
                         .east = -GEO_LONGITUDE_MOST + (x + 1.0) / scale * width,
                         .south = -GEO_LATITUDE_MOST + y * 1.0 / scale * height,
                         .north = -GEO_LATITUDE_MOST + (y + 1.0) / scale * height};
}

static double clamp(double v, double most)
{
    return v > most ? most : v < -most ? -most : v;
}

uint64_t geo_encode(struct geo_point p)
{
    return encode(p, GEO_LATITUDE_MOST, STEPS);
}

struct geo_point geo_decode(uint64_t bits)
{
    struct area a = area_of((struct cell){bits, STEPS});
    return (struct geo_point){clamp((a.west + a.east) / 2, GEO_LONGITUDE_MOST),
                              clamp((a.south + a.north) / 2, GEO_LATITUDE_MOST)};
}

static double latitude_distance(double a, double b)
{
    return EARTH_RADIUS * fabs(radians(b) - radians(a));
}

double geo_distance(struct geo_point a, struct geo_point b)
{
    double v = sin((radians(b.longitude) - radians(a.longitude)) / 2);
    if (v == 0)
        return latitude_distance(a.latitude, b.latitude);
    double lat1 = radians(a.latitude), lat2 = radians(b.latitude), u = sin((lat2 - lat1) / 2);
    return 2 * EARTH_RADIUS * asin(sqrt(u * u + cos(lat1) * cos(lat2) * v * v));
}

void geo_print(struct geo_point p, char out[11])
{
    static const char letters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    uint64_t bits = encode(p, 90, STEPS);
    /* 52 bits are ten letters and two bits; the last letter is always '0'. */
    for (int i = 0; i < 11; i++)
        out[i] = letters[i == 10 ? 0 : bits >> (52 - (i + 1) * 5) & 31];
}

bool geo_contains(const struct geo_shape *s, struct geo_point p, double *distance)
{
    if (s->width < 0) {
        *distance = geo_distance(s->centre, p);
        return *distance <= s->radius;
    }
    struct geo_point neighbour = {s->centre.longitude, p.latitude};
    if (latitude_distance(p.latitude, s->centre.latitude) > s->height / 2 ||
        geo_distance(p, neighbour) > s->width / 2)
        return false;
    *distance = geo_distance(s->centre, p);
    return true;
}

/* ---- Covering a shape */

/* The finest cells of which nine cover a circle, that is, at least as wide as the radius. */
static int steps_for(double radius, double latitude)
{
    if (radius == 0)
        return STEPS;
    int steps = 1;
    for (; radius < MERCATOR_MOST; radius *= 2)
        steps++;
    steps -= 2;
    /* Cells get narrower towards the poles. */
    if (fabs(latitude) > 66)
        steps -= fabs(latitude) > 80 ? 2 : 1;
    return steps < 1 ? 1 : steps > STEPS ? STEPS : steps;
}

static struct area bounds_of(const struct geo_shape *s)
{
    struct geo_point c = s->centre;
    double height = s->width < 0 ? s->radius : s->height / 2;
    double width = s->width < 0 ? s->radius : s->width / 2;
    double up = degrees(height / EARTH_RADIUS);
    double top = degrees(width / EARTH_RADIUS / cos(radians(c.latitude + up)));
    double bottom = degrees(width / EARTH_RADIUS / cos(radians(c.latitude - up)));
    double side = c.latitude < 0 ? bottom : top;
    /* Close to a pole every longitude is in reach. */
    if (fabs(c.latitude) + up >= 90)
        side = 2 * GEO_LONGITUDE_MOST;
    return (struct area){c.longitude - side, c.longitude + side, c.latitude - up, c.latitude + up};
}

/* A neighbouring cell: dx to the east, dy to the north. */
static struct cell neighbour(struct cell c, int dx, int dy)
{
    int shift = 64 - 2 * c.steps;
    uint64_t x = c.bits & ODD, y = c.bits & EVEN;
    uint64_t x_holes = EVEN >> shift, y_holes = ODD >> shift;
    /* The bits of the other coordinate are set so that a carry passes through them. */
    if (dx > 0)
        x += x_holes + 1;
    else if (dx < 0)
        x = (x | x_holes) - (x_holes + 1);
    if (dy > 0)
        y += y_holes + 1;
    else if (dy < 0)
        y = (y | y_holes) - (y_holes + 1);
    c.bits = (x & (ODD >> shift)) | (y & (EVEN >> shift));
    return c;
}

enum { MIDDLE, NORTH, SOUTH, EAST, WEST, NORTH_EAST, NORTH_WEST, SOUTH_EAST, SOUTH_WEST };

static void around(struct geo_point centre, int steps, struct cell cells[9])
{
    static const signed char dx[] = {0, 0, 0, 1, -1, 1, -1, 1, -1};
    static const signed char dy[] = {0, 1, -1, 0, 0, 1, 1, -1, -1};
    struct cell middle = {encode(centre, GEO_LATITUDE_MOST, steps), steps};
    for (int i = 0; i < 9; i++)
        cells[i] = neighbour(middle, dx[i], dy[i]);
}

/* Whether the shape extends beyond the nine cells. Cells that wrap around at a pole or the date
 * line count as too small too. */
static bool too_small(const struct cell cells[9], struct area bounds)
{
    return area_of(cells[NORTH]).north < bounds.north ||
           area_of(cells[SOUTH]).south > bounds.south || area_of(cells[EAST]).east < bounds.east ||
           area_of(cells[WEST]).west > bounds.west;
}

/* Drops cells that the shape does not reach. */
static void drop_unreached(struct cell cells[9], int a, int b, int c)
{
    cells[a] = cells[b] = cells[c] = (struct cell){0, 0};
}

int geo_cover(const struct geo_shape *s, struct geo_range out[9])
{
    struct area bounds = bounds_of(s);
    struct cell cells[9];
    double radius = s->radius;
    if (s->width >= 0)
        radius = sqrt(s->width / 2 * (s->width / 2) + s->height / 2 * (s->height / 2));
    int steps = steps_for(radius, s->centre.latitude);
    around(s->centre, steps, cells);
    if (steps > 1 && too_small(cells, bounds))
        around(s->centre, --steps, cells);
    if (steps >= 2) {
        struct area middle = area_of(cells[MIDDLE]);
        if (middle.south < bounds.south)
            drop_unreached(cells, SOUTH, SOUTH_WEST, SOUTH_EAST);
        if (middle.north > bounds.north)
            drop_unreached(cells, NORTH, NORTH_EAST, NORTH_WEST);
        if (middle.west < bounds.west)
            drop_unreached(cells, WEST, SOUTH_WEST, NORTH_WEST);
        if (middle.east > bounds.east)
            drop_unreached(cells, EAST, SOUTH_EAST, NORTH_EAST);
    }
    int n = 0, shift = 2 * (STEPS - steps);
    ASSERT(shift >= 0 && cells[MIDDLE].steps == steps);
    for (int i = 0; i < 9; i++) {
        if (cells[i].steps == 0)
            continue;
        struct geo_range r = {cells[i].bits << shift, (cells[i].bits + 1) << shift};
        bool twice = false;
        for (int k = 0; k < n; k++)
            twice = twice || out[k].from == r.from;
        if (!twice)
            out[n++] = r;
    }
    return n;
}
