#include "type/geo.h"

#include "base/rng.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static double uniform(struct rng *r, double least, double most)
{
    return least + (most - least) * ((double)(rng_next(r) >> 11) * 0x1p-53);
}

TEST(positions_come_back_within_a_metre)
{
    struct rng r;
    rng_seed(&r, 1);
    for (int i = 0; i < 20000; i++) {
        struct geo_point p = {uniform(&r, -180, 180), uniform(&r, -85, 85)},
                         q = geo_decode(geo_encode(p));
        CHECK(geo_is_valid(q) && geo_distance(p, q) < 1);
    }
}

TEST(distances_and_texts_are_known)
{
    /* Palermo and Catania, as the documentation of Redis has them. */
    struct geo_point a = {13.361389, 38.115556}, b = {15.087269, 37.502669};
    char text[11];
    CHECK(fabs(geo_distance(geo_decode(geo_encode(a)), geo_decode(geo_encode(b))) - 166274.1516) <
          0.001);
    geo_print(geo_decode(geo_encode(a)), text);
    CHECK(memcmp(text, "sqc8b49rny0", 11) == 0);
}

/* No point of a shape lies outside the cells that are searched, wherever the shape is. */
TEST(cells_cover_the_shape)
{
    struct rng r;
    rng_seed(&r, 2);
    for (int i = 0; i < 3000; i++) {
        struct geo_shape s = {.centre = {uniform(&r, -179, 179), uniform(&r, -80, 80)},
                              .width = -1};
        s.radius = exp(uniform(&r, 0, 13));
        if (i % 2) {
            s.width = s.radius * 2;
            s.height = s.radius * uniform(&r, 0.2, 2);
        }
        struct geo_range ranges[9];
        int n = geo_cover(&s, ranges);
        for (int k = 0; k < 50; k++) {
            double reach = s.radius / 111000;
            struct geo_point p = {s.centre.longitude + uniform(&r, -reach, reach) /
                                                           cos(s.centre.latitude * M_PI / 180),
                                  s.centre.latitude + uniform(&r, -reach, reach)};
            double distance;
            if (!geo_is_valid(p) || !geo_contains(&s, p, &distance))
                continue;
            uint64_t bits = geo_encode(p);
            bool covered = false;
            for (int c = 0; c < n; c++)
                covered = covered || (bits >= ranges[c].from && bits < ranges[c].below);
            CHECK(covered);
        }
    }
}

UNIT_MAIN(T(positions_come_back_within_a_metre), T(distances_and_texts_are_known),
          T(cells_cover_the_shape))
